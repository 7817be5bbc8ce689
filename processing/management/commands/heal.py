"""`manage.py heal`: the online store compared with the log, now; what differs is counted and replaced."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from processing import healing


class Command(BaseCommand):
    """Runs here and ends with an error where anything differed, so that a schedule of one's own can ring."""

    help = "Compare the online store with the event log and replace what differs."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", default="default")
        parser.add_argument("--share", type=int, choices=range(1, healing.SHARES + 1), help="one seventh; all without")

    def handle(self, *args: Any, project: str, share: int | None, **options: Any) -> None:
        run = healing.create(project, "manage.py heal", None if share is None else share - 1)
        healing.advance(run)
        run.refresh_from_db()
        if run.status != "succeeded":
            raise CommandError(f"run {run.id} is {run.status}: {run.error}")
        found = run.result
        self.stdout.write(f"compared {found['compared']}, different {found['different']}, replaced {found['replaced']}")
        if found["different"]:
            raise CommandError(f"different: {', '.join(found['examples'])}")
