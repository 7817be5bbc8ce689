"""`manage.py purge_log`: old rows out of the log, for ever."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backends.engine import EngineFailed
from core.clock import parse_time
from core.errors import JStoreError
from processing import purge


class Command(BaseCommand):
    """Says what goes and who stands against it; killed or interrupted, it goes on when it is run again."""

    help = "Delete rows of the event log whose event times are not after a time. What features still need of them is kept."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", default="default")
        parser.add_argument("--before", required=True, help="newest event time that goes, RFC 3339")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, project: str, before: str, dry_run: bool, **options: Any) -> None:
        try:
            time = parse_time(before)
            if dry_run:
                rows, reasons = purge.preview(project, time)
                self.stdout.write(f"would delete {rows} rows")
                for reason in reasons:
                    self.stdout.write(f"refused: {reason}")
                return
            purge.purge(project, time, "command", self.stdout.write)
        except purge.Refused as error:
            raise CommandError("\n".join(["refused, and nothing was deleted:", *error.reasons])) from error
        except (JStoreError, ValueError) as error:
            raise CommandError(str(error)) from error
        except EngineFailed as error:
            raise CommandError(f"a checkpoint could not be computed, and nothing was deleted: {error}") from error
