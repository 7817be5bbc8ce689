"""`manage.py check_sql ENTITY`: what SQL would become, before it is stored."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from core.errors import JStoreError
from serving.sql_answer import answer


class Command(BaseCommand):
    """Prints columns with types, path and reason, warnings and, where asked for, values of real events; or the refusal."""

    help = "Check the SQL of a feature group that is not stored yet."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("entity", help="the key, or several: user_id,item_id")
        parser.add_argument("file", nargs="?", default="-", help="the SQL; - is the standard input")
        parser.add_argument("--project", default="default")
        parser.add_argument("--window", nargs="+", default=[], help="one aggregation window, or several")
        parser.add_argument("--time-column")
        parser.add_argument("--columns", nargs="+", default=[], metavar="NAME=TYPE", help="declared types")
        parser.add_argument("--preview", action="store_true")

    def handle(self, *args: Any, entity: str, file: str, project: str, **options: Any) -> None:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        asked: dict[str, Any] = {"entity_id": entity, "sql_query": text, "preview": options["preview"]}
        windows = options["window"]
        asked |= {"windows": windows} if len(windows) > 1 else {"aggregation_window": windows[0]} if windows else {}
        asked |= {"timestamp_column": options["time_column"]} if options["time_column"] else {}
        asked |= {"columns": dict(pair.partition("=")[::2] for pair in options["columns"])} if options["columns"] else {}
        try:
            found = answer(project, asked)
        except JStoreError as error:
            raise CommandError(error.detail) from error
        if not found["valid"]:
            raise CommandError("\n".join(f"{_place(error)}{error['detail']} ({error['code']})" for error in found["errors"]))
        say = self.stdout.write
        for feature in found["features"]:
            say(f"{feature['name']} {feature['dtype'] or 'open'}")
        say(
            "reads: "
            + (", ".join(f"{one['name']} {one['dtype'] or 'open'}" for one in found["input_columns"]) or "keys and time")
        )
        say(f"path: {found['path']}: {found['path_reason']}" + (f"; faster: {found['faster']}" if found["faster"] else ""))
        for warned in found["warnings"]:
            say(f"warning: {_place(warned)}{warned['detail']} ({warned['code']})")
        for row in (found["preview"] or {"rows": ()})["rows"]:
            shown = row["values"] if row["error"] is None else row["error"]
            say(f"{orjson.dumps(row['entity']).decode()}: {orjson.dumps(shown).decode()}, of {row['events']} events")


def _place(found: dict[str, Any]) -> str:
    return f"line {found['line']}, column {found['column']}: " if found.get("line") else ""
