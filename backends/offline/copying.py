"""Rows into PostgreSQL by COPY, the quickest way in. Whoever writes many rows makes the lines of the text format himself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"
_CHUNK = 1 << 20
_PART = 8 << 20
T = TypeVar("T")


def escaped(text: str) -> str:
    """A text as one cell."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(_ESCAPES)
    return text


def copy_text(value: Any) -> str:
    """One cell in COPY's text format."""
    if value is None:
        return NULL
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return escaped(value) if isinstance(value, str) else str(value)


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table. `table` and `columns` are our own names, never a user's."""
    copy_lines(cursor, table, columns, ["\t".join(map(copy_text, row)) for row in rows])


def copy_lines(cursor: Any, table: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    """The same from lines: cells as `copy_text` gives them, between tabs."""
    if lines:
        text = "\n".join(lines) + "\n"
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", io.BytesIO(text.encode()), size=_CHUNK)


def parts(rows: Sequence[T], size: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """Rows in parts of about 8 MiB and at most 500 rows, so that large ones are not all turned into text at once."""
    at = total = 0
    for end, row in enumerate(rows, 1):
        total += size(row)
        if total > _PART or end - at == 500 or end == len(rows):
            yield rows[at:end]
            at, total = end, 0
