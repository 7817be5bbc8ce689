"""`manage.py rebuild_online`: the online store made again from the log while it serves; STALE until a bucket is whole."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backends.offline import log
from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from features import selectors, services
from processing import claims, settle
from processing.load import load

_WIDTH = 40


def _silent(share: float) -> None:
    """Where nobody watches, the line at the end of each version is enough."""


class Command(BaseCommand):
    """Opens a new epoch for every bucket and loads it."""

    help = "Rebuild the online store from the event log."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("features", nargs="*", help="groups; all without")
        parser.add_argument("--project", default="default")

    def _bar(self, name: str) -> Callable[[float], None]:
        """A bar that is drawn over itself."""

        def draw(share: float) -> None:
            full = round(share * _WIDTH)
            self.stdout.write(f"\r{name} [{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}\r", ending="")
            self.stdout.flush()

        return draw

    def handle(self, *args: Any, features: list[str], project: str, **options: Any) -> None:
        services.republish(project)
        store, specs = OnlineStore(client()), selectors.group_specs(project)
        if unknown := set(features) - {spec.name for spec in specs}:
            raise CommandError(f"there is no {', '.join(sorted(unknown))} in project {project}")
        chosen = [
            (spec, part)
            for spec in specs
            if not features or spec.name in features
            for version in spec.versions.values()
            if version.status != "retired"
            for part in version.parts
        ]
        for n, (spec, version) in enumerate(chosen, 1):
            head = log.head(project)
            settled = settle.settle(spec, version, head.position)
            now = settled.part(version.code)
            if now is None:  # deleted meanwhile
                continue
            claims.wait(project, now.code, range(BUCKETS))  # an applier that loads them may end first
            try:
                before = dict(enumerate(store.cursors(project, [(now.code, bucket) for bucket in range(BUCKETS)])))
                done = load(store, settled, now, before, head, tell=self._bar(spec.name) if self.stdout.isatty() else _silent)
            finally:
                claims.release(project, now.code, range(BUCKETS))
            rest = "" if len(done) == BUCKETS else "; an applier has taken over the others"
            window = f" over {version.window}" if spec.versions[version.number].windows else ""
            self.stdout.write(
                f"[{n}/{len(chosen)}] {spec.name}@{version.number}{window}: {len(done)} of {BUCKETS} buckets"
                f" at position {head.position}{rest}"
            )
