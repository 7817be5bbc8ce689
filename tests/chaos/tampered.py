"""An applier without one of its safety devices, for the tests that prove that these runs would see it.

`python -m tests.chaos.tampered unfenced|misplaced|honest FOLDER manage.py's words …`
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import execute_from_command_line

from backends.online import scripts
from core.record import Cursor

FENCE = "local good = string.sub(redis.call('GET', cursor_key) or '', 1, 12) == fence"


def unfenced() -> None:
    """Whoever writes is believed: neither Redis nor the look before it compares cursors."""
    assert FENCE in scripts.APPLY
    scripts.APPLY = scripts.APPLY.replace(FENCE, "local good = true")
    django.setup()  # only now: it imports the store, which remembers the script
    apply: Any = import_module("processing.apply")
    assert apply._still
    apply._still = lambda store, target: target


def misplaced(folder: Path) -> None:
    """Cursors are kept in a file, and Redis is made to agree with it: it may lose values that the cursor says it has."""
    django.setup()
    store: Any = import_module("backends.online.store").OnlineStore
    real_cursors, real_write = store.cursors, store.write
    path = folder / "cursors.json"

    def kept() -> dict[str, str]:
        return json.loads(path.read_text()) if path.exists() else {}

    def cursors(self: Any, project: str, buckets: Sequence[tuple[str, int]]) -> list[Cursor | None]:
        known = kept()
        found = [known.get(f"{code}.{bucket}") for code, bucket in buckets]
        return [None if text is None else Cursor.unpack(bytes.fromhex(text)) for text in found]

    def write(self: Any, project: str, writes: Sequence[Any]) -> list[bool]:
        there = real_cursors(self, project, [(w.code, w.bucket) for w in writes])
        agreed = [replace(w, fence=b"" if c is None else c.fence) for w, c in zip(writes, there, strict=True)]
        taken: list[bool] = real_write(self, project, agreed)
        new = {f"{w.code}.{w.bucket}": w.cursor.pack().hex() for w, good in zip(writes, taken, strict=True) if good}
        path.with_suffix(".new").write_text(json.dumps(kept() | new))
        path.with_suffix(".new").replace(path)
        return taken

    store.cursors, store.write = cursors, write


def main(kind: str, folder: str, *words: str) -> None:
    """Becomes manage.py of a damaged house."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jstore_site.settings")
    if kind == "unfenced":
        unfenced()
    elif kind == "misplaced":
        misplaced(Path(folder))
    else:
        assert kind == "honest"
    execute_from_command_line(["manage.py", *words])


if __name__ == "__main__":
    main(*sys.argv[1:])
