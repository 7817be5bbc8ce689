"""Refusals of user SQL: one place that turns a node of the tree into line, column and the words around."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sqlglot import exp

from core.errors import Invalid

SYNTAX, NOT_ALLOWED, UNKNOWN_COLUMN = "sql_syntax", "sql_not_allowed", "unknown_column"
NOT_GROUPED, NOT_SEPARABLE = "sql_not_grouped_by_entity", "sql_not_separable"
POINTER = "/transformation/sql_query"  # where definitions carry their SQL


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Character offset -> (line, column), both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def offset_of(node: exp.Expr) -> int | None:
    """Where the node's first word stands in the text. Operators carry no place of their own, their leaves do."""
    places = [place for leaf in node.walk() if (place := leaf.meta.get("start")) is not None]
    if places:
        return int(min(places))
    return offset_of(node.parent) if node.parent is not None else None


def near(word: str, words: Iterable[str]) -> str:
    """' (did you mean X?)' where one of the words is near, else nothing."""
    by_lower = {w.lower(): w for w in words}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.75)
    return f" (did you mean {by_lower[found[0]]}?)" if found else ""


class Text:
    """The user's text, so that a refusal can point into it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, code: str, detail: str, where: exp.Expr | int | None = None) -> Invalid:
        """-> the error to raise; `where` is a node or a character offset."""
        offset = offset_of(where) if isinstance(where, exp.Expr) else where
        if offset is None:
            return Invalid(code, detail, pointer=POINTER)
        line, column = line_column(self.text, offset)
        start = self.text.rfind("\n", 0, offset) + 1
        words = self.text[max(start, offset - 20) : offset + 30].split("\n")[0].strip()
        return Invalid(code, f"{detail}, near {words!r}" if words else detail, pointer=POINTER, line=line, column=column)
