"""A row of the log as text and back, exactly: orjson where it is exact, the standard library for integers beyond 64 bits."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_BIG = re.compile(r"\d{19}")


def dump_row(row: dict[str, Any]) -> str:
    """-> compact JSON; integers of any size stay exact."""
    try:
        return orjson.dumps(row).decode()
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def load_row(text: str) -> dict[str, Any]:
    """The inverse. orjson turns integers beyond 64 bits into floats, which would let them pass as doubles."""
    row: dict[str, Any] = json.loads(text) if _BIG.search(text) else orjson.loads(text)
    return row
