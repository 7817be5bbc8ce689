"""Functions of arrays. Places count from 1, and from the end where negative; what is not there is NULL."""

from __future__ import annotations

from collections.abc import Sequence

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


def _distinct(args: Sequence[Sql], dialect: str) -> str:
    del dialect
    whole = args[0].type.name == "ARRAY" and args[0].type.items[0].name == "DOUBLE"  # -0.0 is 0.0
    return f"ARRAY_DISTINCT(TRANSFORM({args[0].text}, x -> x + 0.0D))" if whole else f"ARRAY_DISTINCT({args[0].text})"


ROWS = [
    *row("SIZE CARDINALITY ARRAY_SIZE", "array", BIGINT, "CAST(LEN({0}) AS BIGINT)", "CAST(SIZE({0}) AS BIGINT)", "NULL of NULL"),
    *row("ARRAY_CONTAINS", "array item", BOOLEAN, _HAS, "ARRAY_CONTAINS({0}, {1})"),
    *row(
        "ARRAY_POSITION",
        "array item",
        BIGINT,
        "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(COALESCE(LIST_POSITION({0}, {1}), 0) AS BIGINT) END",
        "CAST(ARRAY_POSITION({0}, {1}) AS BIGINT)",
    ),
    *row("ARRAY_SORT", "array", first, "LIST_SORT({0}, 'ASC', 'NULLS LAST')", "ARRAY_SORT({0})", "ascending, NULLs last"),
    *row("SORT_ARRAY", "array", first, "LIST_SORT({0}, 'ASC', 'NULLS FIRST')", "SORT_ARRAY({0})", "ascending, NULLs first"),
    *row("ARRAY_DISTINCT", "array", first, _DISTINCT, _distinct, "in the order of the first places"),
    *row("ARRAY_MAX", "array", item, "LIST_MAX({0})", "ARRAY_MAX({0})"),
    *row("ARRAY_MIN", "array", item, "LIST_MIN({0})", "ARRAY_MIN({0})"),
    *row(
        "ARRAY_JOIN",
        "array ''",
        STRING,
        "CASE WHEN {0} IS NOT NULL THEN COALESCE(ARRAY_TO_STRING({0}, {1}), '') END",
        "ARRAY_JOIN({0}, {1})",
        "NULLs are left out",
    ),
    *row(
        "ELEMENT_AT TRY_ELEMENT_AT", "array integer", item, _at("{1} <> 0", "TRY_ELEMENT_AT", "{1}"), note="NULL at 0 and beyond"
    ),
    *row("GET", "array integer", item, _at("{1} >= 0", "GET", "{1} + 1"), note="places from 0, as in a[0]"),
    *row("ARRAY", "same*", _made, "[{all}]", "ARRAY({all})"),
]
