"""Patterns of LIKE and RLIKE: literal ones, read here and written anew in the part of the language where RE2 and Java agree.

Refused are back references, look-around, \\b, inline flags, and repetitions of a group that itself repeats or branches: Java
would try exponentially many ways. `.` does not match a line feed, `\\d \\w \\s` are ASCII, `$` is the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from core.sql.casts import BadCast

MAX_PATTERN = 256
MAX_REPEAT = 100
_CATEGORIES = {
    c.CATEGORY_DIGIT: "0-9", c.CATEGORY_WORD: "0-9A-Za-z_", c.CATEGORY_SPACE: r" \t\n\r\f",
}  # fmt: skip
_OPPOSITES = {
    c.CATEGORY_NOT_DIGIT: c.CATEGORY_DIGIT,
    c.CATEGORY_NOT_WORD: c.CATEGORY_WORD,
    c.CATEGORY_NOT_SPACE: c.CATEGORY_SPACE,
}


def common_pattern(text: str) -> str:
    """A pattern as the user wrote it -> one that both engines read alike. Raises BadCast with the reason."""
    if len(text) > MAX_PATTERN:
        raise BadCast(f"a pattern has at most {MAX_PATTERN} characters")
    if "\\Z" in text or "\\A" in text or "(?" in text.replace("(?:", ""):
        raise BadCast("a pattern has no look-around, flags, names or \\A and \\Z")
    try:
        return _sequence(_parser.parse(text, 0))
    except (re.error, RecursionError, OverflowError) as error:
        raise BadCast(f"the pattern cannot be read: {str(error)[:80]}") from None


def groups_of(text: str) -> int:
    """The number of groups that capture."""
    return int(re.compile(text).groups)


def _sequence(items: Any) -> str:
    return "".join(_item(op, value) for op, value in items)


def _item(op: Any, value: Any) -> str:
    if op is c.LITERAL:
        return _char(value)
    if op is c.NOT_LITERAL:
        return f"[^{_char(value)}]"
    if op is c.ANY:
        return r"[^\n]"
    if op is c.AT and value in (c.AT_BEGINNING, c.AT_END):
        return "^" if value is c.AT_BEGINNING else r"\z"
    if op is c.IN:
        return _set(value)
    if op is c.BRANCH:
        return "(?:" + "|".join(_sequence(one) for one in value[1]) + ")"
    if op is c.SUBPATTERN:
        group, add, drop, body = value
        if add or drop:
            raise BadCast("a pattern has no flags")
        return f"({'?:' if group is None else ''}{_sequence(body)})"
    if op in (c.MAX_REPEAT, c.MIN_REPEAT):
        return _repeat(value, lazy=op is c.MIN_REPEAT)
    raise BadCast(f"{str(op).lower().replace('_', ' ')} is not allowed in a pattern")


def _repeat(value: Any, lazy: bool) -> str:
    low, high, body = value
    if low > MAX_REPEAT or (high is not c.MAXREPEAT and high > MAX_REPEAT):
        raise BadCast(f"a pattern repeats at most {MAX_REPEAT} times")
    if high is c.MAXREPEAT or high > 1:
        _check_simple(body)
    inner = _sequence(body)
    if len(body) != 1 or body[0][0] not in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN, c.SUBPATTERN):
        inner = f"(?:{inner})"
    return f"{inner}{{{low},{'' if high is c.MAXREPEAT else high}}}{'?' if lazy else ''}"


def _check_simple(items: Any) -> None:
    for op, value in items:
        if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.BRANCH):
            raise BadCast("a pattern does not repeat a group that itself repeats or branches")
        if op is c.SUBPATTERN:
            _check_simple(value[3])


def _set(items: Sequence[tuple[Any, Any]]) -> str:
    negated = items[0][0] is c.NEGATE
    parts = []
    for op, value in items[1:] if negated else items:
        if op is c.LITERAL:
            parts.append(_char(value))
        elif op is c.RANGE:
            parts.append(f"{_char(value[0])}-{_char(value[1])}")
        elif op is c.CATEGORY and value in _CATEGORIES:
            parts.append(_CATEGORIES[value])
        elif op is c.CATEGORY and value in _OPPOSITES and len(items) == 1:
            return f"[^{_CATEGORIES[_OPPOSITES[value]]}]"
        else:
            raise BadCast("this class of characters is not allowed in a pattern")
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _char(code: int) -> str:
    char = chr(code)
    if (char.isalnum() and char.isascii()) or char in " _":
        return char
    if char in "\t\n\r\f":
        return {"\t": r"\t", "\n": r"\n", "\r": r"\r", "\f": r"\f"}[char]
    return f"\\{char}" if char.isascii() else char


def replacement(text: str, groups: int) -> tuple[str, str]:
    """A replacement with $1 … -> (for DuckDB, for Spark); raises BadCast."""
    duckdb, spark, place = "", "", 0
    while place < len(text):
        char = text[place]
        if char == "$":
            digit = text[place + 1 : place + 2]
            if not digit.isdigit() or int(digit) > groups:
                raise BadCast("$ in a replacement stands before the number of a group")
            duckdb, spark, place = duckdb + f"\\{digit}", spark + f"${digit}", place + 2
            continue
        if char == "\\":
            raise BadCast("a replacement has no backslash")
        duckdb, spark, place = duckdb + char, spark + char, place + 1
    return duckdb, spark


def like(text: str, escape: str) -> str:
    """A LIKE pattern with its escape -> the same with the escape `!`; raises BadCast."""
    made, place = "", 0
    while place < len(text):
        char = text[place]
        if char == escape:
            following = text[place + 1 : place + 2]
            if not following or following not in f"%_{escape}":
                raise BadCast(f"{escape} in a LIKE pattern stands before %, _ or itself")
            made, place = made + (f"!{following}" if following in "%_!" else following), place + 2
            continue
        made, place = made + ("!!" if char == "!" else char), place + 1
    return made
