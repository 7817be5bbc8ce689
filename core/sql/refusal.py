"""Refusals of user SQL: one place that turns a node of the tree into line, column and the words around."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sqlglot import exp

from core.errors import Invalid

SYNTAX, NOT_ALLOWED, UNKNOWN_COLUMN = "sql_syntax", "sql_not_allowed", "unknown_column"
NOT_GROUPED, NOT_SEPARABLE = "sql_not_grouped_by_entity", "sql_not_separable"
_BEFORE, _AFTER = 20, 32  # characters of the words around
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
        """-> the error to raise; `where` is a node or a character offset, the beginning where it has no place."""
        offset = (offset_of(where) if isinstance(where, exp.Expr) else where) or 0
        line, column = line_column(self.text, offset)
        words = self.around(offset)
        whole = f"{detail}, near {words!r}" if words else detail
        finding = {"pointer": POINTER, "code": code, "detail": whole, "near": words, "line": line, "column": column}
        return Invalid(code, whole, pointer=POINTER, line=line, column=column, errors=[finding])

    def around(self, offset: int) -> str:
        """The words around a place, of its line; whole ones, unless they are long."""
        start, end = self.text.rfind("\n", 0, offset) + 1, self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        first, last = max(start, offset - _BEFORE), min(end, offset + _AFTER)
        if first > start and (blank := self.text.find(" ", first, offset)) >= 0:
            first = blank
        if last < end and (blank := self.text.rfind(" ", offset, last)) > offset:
            last = blank
        return self.text[first:last].strip()
