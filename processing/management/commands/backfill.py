"""`manage.py backfill GROUP`: history of a group's values into its offline table, here and now."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import parse_time
from core.errors import JStoreError
from core.names import parse_ref
from processing import backfill
from processing.models import Run


class Command(BaseCommand):
    """Runs a backfill in this process, as a run that the pages show."""

    help = "Compute a group's values at each event time of a range and keep them in its offline table."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("feature", help="group or group@version")
        parser.add_argument("--project", default="default")
        parser.add_argument("--start", help="first event time, RFC 3339")
        parser.add_argument("--end", help="last event time, RFC 3339 (default: now)")
        parser.add_argument("--chunk", type=int, default=backfill.CHUNK, help="entities of one step")
        parser.add_argument("--dry-run", action="store_true", help="only count what would be read")

    def handle(
        self,
        *args: Any,
        feature: str,
        project: str,
        start: str | None,
        end: str | None,
        chunk: int,
        dry_run: bool,
        **options: Any,
    ) -> None:
        if chunk < 1:
            raise CommandError("--chunk is a number of entities from 1")
        try:
            ref = parse_ref(feature)
            first, last = (None if text is None else parse_time(text) for text in (start, end))
            if dry_run:
                found = backfill.estimate(project, ref.group, ref.version, first, last)
                self.stdout.write(f"would read {found['events']} events of {found['entities']} entities")
                return
            run = backfill.create(project, ref.group, ref.version, first, last, "command", chunk)
        except (JStoreError, ValueError) as error:
            raise CommandError(str(error)) from error
        backfill.advance(run)
        run = Run.objects.get(id=run.id)
        if run.status != "succeeded":
            raise CommandError(f"run {run.id} is {run.status}: {run.error}")
        self.stdout.write(f"run {run.id}: {run.rows} rows in {feature}")
