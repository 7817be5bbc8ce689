"""Functions of arrays. Places count from 1, and from the end where negative; what is not there is NULL."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.functions.row import Render, first, row
from core.sql.pieces import Sql
from core.sql.types import BIGINT, BOOLEAN, STRING, UNKNOWN, Type, array


def item(args: Sequence[Sql]) -> Type:
    """The type of the array's elements."""
    return args[0].type.items[0] if args[0].type.name == "ARRAY" else UNKNOWN


def _made(args: Sequence[Sql]) -> Type:
    return array(args[0].type) if args else array(STRING)


def _at(fits: str, spark: str, place: str) -> Render:
    def render(args: Sequence[Sql], dialect: str) -> str:
        words = [arg.text for arg in args]
        near = f"{fits} AND {{1}} BETWEEN -1000000 AND 1000000"
        found = f"{spark}({{0}}, CAST({{1}} AS INT))" if dialect == "spark" else f"LIST_EXTRACT({{0}}, {place})"
        return f"CASE WHEN {near} THEN {found} END".format(*words)

    return render


# DuckDB drops NULLs from a DISTINCT list and loses the order; the first place of each value keeps both
_DISTINCT = "LIST_FILTER({0}, lambda x, i: LIST_POSITION({0}, x) = i)"
_MAY = "{1} IS NULL OR LEN({0}) > LIST_COUNT({0})"  # a NULL among the elements might be it
_HAS = "CASE WHEN LIST_CONTAINS({0}, {1}) THEN TRUE WHEN " + _MAY + " THEN NULL WHEN {0} IS NOT NULL THEN FALSE END"


def _zeros(text: str, kind: Type, dialect: str) -> str:
    """The same list where -0.0 is 0.0: Spark's sets of values tell them apart."""
    if dialect == "duckdb" or kind.name != "ARRAY" or kind.items[0].name != "DOUBLE":
        return text
    return f"TRANSFORM({text}, x -> x + 0.0D)"


def _distinct(args: Sequence[Sql], dialect: str) -> str:
    return f"ARRAY_DISTINCT({_zeros(args[0].text, args[0].type, dialect)})"


def _pair(body: str, spark: str) -> Render:
    """A function of two lists, `a` and `b`, NULL where one is."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        if dialect == "spark":
            return f"{spark}({', '.join(_zeros(arg.text, arg.type, dialect) for arg in args)})"
        inside = f"CASE WHEN z.a IS NOT NULL AND z.b IS NOT NULL THEN {body} END"
        return pieces.let({"a": args[0].text, "b": args[1].text}, inside, dialect)

    return render


_JOINED = "LIST_TRANSFORM([LIST_CONCAT(z.a, z.b)], lambda l: LIST_FILTER(l, lambda x, i: LIST_POSITION(l, x) = i))[1]"
_BOTH = "LIST_FILTER(z.a, lambda x, i: LIST_POSITION(z.b, x) IS NOT NULL AND LIST_POSITION(z.a, x) = i)"
_APART = "LIST_FILTER(z.a, lambda x, i: LIST_POSITION(z.b, x) IS NULL AND LIST_POSITION(z.a, x) = i)"
_MEET = (
    "CASE WHEN LEN(LIST_FILTER(z.a, lambda x: x IS NOT NULL AND LIST_POSITION(z.b, x) IS NOT NULL)) > 0 THEN TRUE"
    " WHEN LEN(z.a) > 0 AND LEN(z.b) > 0 AND (LEN(z.a) > LIST_COUNT(z.a) OR LEN(z.b) > LIST_COUNT(z.b)) THEN NULL ELSE FALSE END"
)


def _slice(args: Sequence[Sql], dialect: str) -> str:
    near = "z.b <> 0 AND z.b BETWEEN -1000000 AND 1000000 AND z.c BETWEEN 0 AND 1000000"
    begin = "(CASE WHEN z.b > 0 THEN z.b ELSE LEN(z.a) + z.b + 1 END)"
    part = f"CASE WHEN {begin} < 1 THEN LIST_SLICE(z.a, 1, 0) ELSE LIST_SLICE(z.a, {begin}, {begin} + z.c - 1) END"
    if dialect == "spark":
        part = "SLICE(z.a, CAST(z.b AS INT), CAST(z.c AS INT))"
    names = {name: arg.text for name, arg in zip("abc", args, strict=True)}
    return pieces.let(names, f"CASE WHEN z.a IS NOT NULL AND {near} THEN {part} END", dialect)


def _joined(args: Sequence[Sql], dialect: str) -> str:
    """ARRAY_JOIN with a text for NULLs."""
    given, separator, instead = (arg.text for arg in args)
    if dialect == "spark":
        return f"ARRAY_JOIN({given}, {separator}, {instead})"
    filled = f"LIST_TRANSFORM({given}, lambda x: COALESCE(x, {instead}))"
    return f"CASE WHEN {given} IS NOT NULL THEN COALESCE(ARRAY_TO_STRING({filled}, {separator}), '') END"


def _concat(args: Sequence[Sql], dialect: str) -> str:
    texts = [arg.text for arg in args]
    if dialect == "spark":
        return f"CONCAT({', '.join(texts)})"
    present = " AND ".join(f"{text} IS NOT NULL" for text in texts)
    return f"CASE WHEN {present} THEN {' || '.join(texts)} END"


def _inner(args: Sequence[Sql]) -> Type:
    kind = item(args)
    return kind if kind.name == "ARRAY" else UNKNOWN


def _sorted(args: Sequence[Sql], dialect: str) -> str:
    up = bool(args[1].literal)
    if dialect == "spark":
        return f"SORT_ARRAY({args[0].text}, {'TRUE' if up else 'FALSE'})"
    order = "'ASC', 'NULLS FIRST'" if up else "'DESC', 'NULLS LAST'"
    return f"LIST_SORT({args[0].text}, {order})"


_PRESENT = "CASE WHEN {0} IS NOT NULL THEN "
ROWS = [
    *row("SIZE CARDINALITY ARRAY_SIZE", "array", BIGINT, "CAST(LEN({0}) AS BIGINT)", "CAST(SIZE({0}) AS BIGINT)", "NULL of NULL"),
    *row("ARRAY_CONTAINS", "array item", BOOLEAN, _HAS, "ARRAY_CONTAINS({0}, {1})", note="NULL where only a NULL might be it"),
    *row(
        "ARRAY_POSITION",
        "array item",
        BIGINT,
        "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(COALESCE(LIST_POSITION({0}, {1}), 0) AS BIGINT) END",
        "CAST(ARRAY_POSITION({0}, {1}) AS BIGINT)",
        note="the first place of a value, 0 where it is not",
    ),
    *row("ARRAY_SORT", "array", first, "LIST_SORT({0}, 'ASC', 'NULLS LAST')", "ARRAY_SORT({0})", "ascending, NULLs last"),
    *row("SORT_ARRAY", "array", first, "LIST_SORT({0}, 'ASC', 'NULLS FIRST')", "SORT_ARRAY({0})", "ascending, NULLs first"),
    *row("SORT_ARRAY", "array flag", first, _sorted, note="descending with FALSE, NULLs last then"),
    *row("ARRAY_DISTINCT", "array", first, _DISTINCT, _distinct, "in the order of the first places"),
    *row("ARRAY_MAX", "array", item, "LIST_MAX({0})", "ARRAY_MAX({0})", note="NULLs are skipped"),
    *row("ARRAY_MIN", "array", item, "LIST_MIN({0})", "ARRAY_MIN({0})", note="NULLs are skipped"),
    *row(
        "ARRAY_JOIN",
        "strings ''",
        STRING,
        "CASE WHEN {0} IS NOT NULL THEN COALESCE(ARRAY_TO_STRING({0}, {1}), '') END",
        "ARRAY_JOIN({0}, {1})",
        "NULLs are left out",
    ),
    *row("ARRAY_JOIN", "strings '' ''", STRING, _joined, note="the third text stands for NULLs"),
    *row(
        "ELEMENT_AT TRY_ELEMENT_AT", "array integer", item, _at("{1} <> 0", "TRY_ELEMENT_AT", "{1}"), note="NULL at 0 and beyond"
    ),
    *row("GET", "array integer", item, _at("{1} >= 0", "GET", "{1} + 1"), note="places from 0, as in a[0]"),
    *row("ARRAY", "same*", _made, "[{all}]", "ARRAY({all})", note="a list of values of one type"),
    *row(
        "ARRAY_APPEND",
        "array item",
        first,
        _PRESENT + "LIST_APPEND({0}, {1}) END",
        "ARRAY_APPEND({0}, {1})",
        note="with one more at the end",
    ),
    *row(
        "ARRAY_PREPEND",
        "array item",
        first,
        _PRESENT + "LIST_PREPEND({1}, {0}) END",
        "ARRAY_PREPEND({0}, {1})",
        note="with one more at the start",
    ),
    *row(
        "ARRAY_REMOVE",
        "array item",
        first,
        "CASE WHEN {1} IS NOT NULL THEN LIST_FILTER({0}, lambda x: x IS DISTINCT FROM {1}) END",
        "ARRAY_REMOVE({0}, {1})",
        "all that are equal",
    ),
    *row("ARRAY_COMPACT", "array", first, "LIST_FILTER({0}, lambda x: x IS NOT NULL)", "ARRAY_COMPACT({0})", "without NULLs"),
    *row("ARRAY_UNION", "arrays arrays", first, _pair(_JOINED, "ARRAY_UNION"), note="distinct, in the order of the first places"),
    *row("ARRAY_INTERSECT", "arrays arrays", first, _pair(_BOTH, "ARRAY_INTERSECT"), note="distinct, in the order of the first"),
    *row("ARRAY_EXCEPT", "arrays arrays", first, _pair(_APART, "ARRAY_EXCEPT"), note="distinct, in the order of the first"),
    *row(
        "ARRAYS_OVERLAP", "arrays arrays", BOOLEAN, _pair(_MEET, "ARRAYS_OVERLAP"), note="NULL where only a NULL might be in both"
    ),
    *row("SLICE", "array integer integer", first, _slice, note="from a place, so many; NULL from 0 or of fewer than none"),
    *row(
        "FLATTEN",
        "lists",
        _inner,
        "CASE WHEN LEN({0}) = LIST_COUNT({0}) THEN FLATTEN({0}) END",
        "FLATTEN({0})",
        "one list of a list of lists; NULL where one of them is",
    ),
    *row("REVERSE", "array", first, "LIST_REVERSE({0})", "REVERSE({0})", note="from the end to the start"),
    *row("CONCAT", "arrays arrays*", first, _concat, note="NULL where one is"),
]
