"""Functions that take lambdas, as rows for people and for counting arguments; they are rendered in core.sql.higher."""

from __future__ import annotations

from core.sql.functions.row import Function
from core.sql.types import BOOLEAN, UNKNOWN

ROWS = [
    Function("TRANSFORM", ("array", "x -> any"), UNKNOWN, "", "", "a list of the results; (x, i) -> … counts the places from 0"),
    Function("FILTER", ("array", "x -> boolean"), UNKNOWN, "", "", "the elements where it is true; (x, i) -> … too"),
    Function("EXISTS", ("array", "x -> boolean"), BOOLEAN, "", "", "NULL where none is true and one is NULL"),
    Function("FORALL", ("array", "x -> boolean"), BOOLEAN, "", "", "NULL where none is false and one is NULL"),
    Function(
        "AGGREGATE", ("array", "start", "(a, x) -> any"), UNKNOWN, "", "", "a running number, boolean or time over the list"
    ),
    Function("AGGREGATE", ("array", "start", "(a, x) -> any", "a -> any"), UNKNOWN, "", "", "with a last step"),
    Function("REDUCE", ("array", "start", "(a, x) -> any"), UNKNOWN, "", "", "AGGREGATE under another name"),
    Function("REDUCE", ("array", "start", "(a, x) -> any", "a -> any"), UNKNOWN, "", "", "with a last step"),
    Function(
        "ZIP_WITH", ("array", "array", "(x, y) -> any"), UNKNOWN, "", "", "two lists place by place; what is missing is NULL"
    ),
    Function("MAP_FILTER", ("map", "(k, v) -> boolean"), UNKNOWN, "", "", "the entries where it is true"),
    Function("TRANSFORM_VALUES", ("map", "(k, v) -> any"), UNKNOWN, "", "", "the same keys, other values"),
]
NAMES = frozenset(row.name for row in ROWS)
