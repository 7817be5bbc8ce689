"""`manage.py explain_feature GROUP`: how a group is computed, and why so."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backends.offline.program import program
from backends.online import gated
from core.clock import MICRO
from core.errors import JStoreError
from core.names import parse_ref
from features import selectors


class Command(BaseCommand):
    """Prints the plan of a version: path and reason, window and hop, columns with types, and the SQL that the engine runs."""

    help = "Show how a feature group is computed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("feature", help="group or group@version")
        parser.add_argument("--project", default="default")
        parser.add_argument("--dialect", default="duckdb", choices=("duckdb", "spark"))

    def handle(self, *args: Any, feature: str, project: str, dialect: str, **options: Any) -> None:
        try:
            ref = parse_ref(feature)
        except JStoreError as error:
            raise CommandError(str(error)) from error
        spec = selectors.group_spec(project, ref.group)
        version = None if spec is None else spec.version(ref.version)
        if spec is None or version is None:
            raise CommandError(f"there is no {feature} in project {project}")
        made = program(spec, version.parts[0])  # the SQL is the same in every window
        windows = [window for part in version.parts if (window := program(spec, part).window) is not None]
        say = self.stdout.write
        say(f"{spec.name}@{version.number} ({version.status}), entity {', '.join(spec.entity)}")
        say(f"time: {spec.timestamp_column} {spec.time_kind}")
        say(f"path: {version.path}: {version.path_reason}")
        if version.path == "recompute":
            most, codes = settings.JSTORE_GATE_EVENTS, [part.code for part in version.parts]
            say(f"gate: {gated.count(project, codes)} entities have more than {most} events and are computed on schedule")
        for window in windows:
            say(f"window: {window.label}, lower edge moves in hops of {window.hop // MICRO} s")
        if not windows:
            say("window: the whole history")
        say("inputs: " + ", ".join(f"{name} {spec.columns.get(name) or 'open'}" for name in version.input_columns))
        say(
            "features: "
            + ", ".join(f"{n} {t or 'open'}" for n, t in zip(version.outputs, spec.layout_of(version).outputs, strict=True))
        )
        for name, form in zip(version.outputs, version.forms, strict=False):
            if form is not None:
                say(f"{name}: kept as the moment from which it counts; made when it is read ({form})")
        say(f"from the events, in {dialect}:\n  {made.compiled.general(dialect, made.column_types)}")
        if version.path == "tiles":
            say(f"partials of a hop:\n  {made.compiled.partial(dialect, made.column_types)}")
            say(f"merged:\n  {made.compiled.finish(dialect, made.column_types)}")
