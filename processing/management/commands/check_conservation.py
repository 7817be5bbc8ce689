"""`manage.py check_conservation`: the accounts of every partition, counted anew."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backends.offline.conservation import OTHERWISE
from backends.offline.log import projects
from processing import conservation
from processing.conservation import Account

HEAD = ["project", "topic", "partition", "offsets", "records", "gaps", "rows", "stored", "duplicates", "rejected", "purged"]
HEAD += ["letters", "gone", "off"]


class Command(BaseCommand):
    """Ends with 1 where an account is off."""

    help = "Hold the counters of the log against what is in it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", help="all without")
        parser.add_argument("--recent", action="store_true", help="count only what came since the last check")

    def handle(self, *args: Any, project: str | None, recent: bool, **options: Any) -> None:
        found: list[Account] = []
        for name in projects() if project is None else [project]:
            checked = conservation.check(name, not recent)
            if not checked:
                self.stderr.write(f"{name}: another check is at it, or was just made")
            found += checked
        conservation.show(found)
        lines = [HEAD, *(_cells(account) for account in found)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
        for line in lines:
            texts = [cell.ljust(width) for cell, width in zip(line[:2], widths, strict=False)]
            numbers = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
            self.stdout.write("  ".join(texts + numbers))
        if broken := sum(account.broken for account in found):
            raise CommandError(f"the accounts are off by {broken}")


def _cells(account: Account) -> list[str]:
    told = account.told
    if account.place == OTHERWISE:
        numbers: list[int | str] = ["", "", "", "", "", told.stored, "", "", told.purged, "", ""]
    else:
        passed = told.next_offset - told.first_offset
        numbers = [account.place[1], passed, told.records, told.gaps, told.rows, told.stored, told.duplicates, told.rejected]
        numbers += [told.purged, account.letters, account.gone]
    return [account.project, told.topic, *map(str, numbers), str(account.broken)]
