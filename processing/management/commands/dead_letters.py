"""`manage.py dead_letters list|show|replay|discard`: what was refused, and what becomes of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import strict_json
from core.clock import format_time
from core.errors import JStoreError
from processing import dead_letters, letters_bulk, no_route
from processing.letter_filter import Filter, read_filter
from processing.letters_bulk import Done
from processing.replay import replay

ACTOR = "command"
FILTERS = ("code", "source", "group", "since", "until", "ids")


class Command(BaseCommand):
    """Changes go through the same functions as those of page and API, and into the same audit trail."""

    help = "List, show, replay or discard dead letters."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("verb", choices=("list", "show", "replay", "discard"))
        parser.add_argument("--project", default="default")
        parser.add_argument("--code", help="letters with this code")
        parser.add_argument("--source", help="letters of this source")
        parser.add_argument("--group", help="letters that this group left out, or that were addressed to it")
        parser.add_argument("--since", help="received at this time or later, RFC 3339")
        parser.add_argument("--until", help="received at this time or earlier, RFC 3339")
        parser.add_argument("--ids", nargs="+", type=int, help="these letters")
        parser.add_argument("--all", action="store_true", help="replay or discard: all letters of the project")
        parser.add_argument("--correct", metavar="FILE", help="replay: a file with the corrected payload of the one letter")
        parser.add_argument("--limit", type=int, default=100, help="list: at most so many, the newest")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            wanted = read_filter(options["project"], {name: options[name] for name in FILTERS})
            if verb == "list":
                self._list(wanted, options["limit"])
            elif verb == "show":
                self._show(wanted)
            elif options["correct"]:
                self._correct(wanted, verb, Path(options["correct"]))
            else:
                self._all(wanted, verb, options["all"])
        except JStoreError as error:
            raise CommandError(str(error)) from error

    def _list(self, wanted: Filter, limit: int) -> None:
        if limit < 1:
            raise CommandError("--limit is a number from 1")
        found, following = no_route.list_letters(wanted, limit, payloads=False)
        for letter in found:
            place = "" if letter.offset is None else f" {letter.partition}:{letter.offset}"
            group = f" {letter.group or letter.address}" if letter.group or letter.address else ""
            received = format_time(letter.received_at)
            self.stdout.write(f"{letter.id} {received} {letter.code}{group} {letter.source}{place}: {letter.detail}")
        if following is not None:
            self.stdout.write(f"... and older ones: {sum(dead_letters.counts(wanted).values())} in all")

    def _show(self, wanted: Filter) -> None:
        if not wanted.ids:
            raise CommandError("say which letters: --ids")
        for letter_id in wanted.ids:
            document = dead_letters.document(no_route.get(wanted.project, letter_id))
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))

    def _correct(self, wanted: Filter, verb: str, file: Path) -> None:
        if verb != "replay" or wanted.ids is None or len(wanted.ids) != 1:
            raise CommandError("--correct is for the replay of one letter: --ids ID --correct FILE")
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        done = replay(wanted.project, wanted.ids[0], ACTOR, strict_json.parse(data))
        self.stdout.write(f"accepted {done['accepted']}, duplicates {done['duplicates']}, position {done['position']}")

    def _all(self, wanted: Filter, verb: str, everything: bool) -> None:
        if not wanted.words() and not everything:
            raise CommandError("say which letters: --code, --source, --group, --since, --until, --ids, or --all of them")
        wanted, done = letters_bulk.meant(wanted), Done()
        number = letters_bulk.count(wanted, verb)
        for _ in letters_bulk.work(wanted, verb, done):
            self.stderr.write(f"{done.tried} of {number}")
        letters_bulk.note(wanted, verb, ACTOR, done)
        for letter_id, code, detail in done.reasons:
            self.stdout.write(f"{letter_id} stays: {code}: {detail}")
        self.stdout.write(f"{'replayed' if verb == 'replay' else 'discarded'} {done.gone} of {done.tried}")
        if done.gone < done.tried:
            raise CommandError(f"{done.tried - done.gone} stay")
