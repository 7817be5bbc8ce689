"""What a value must be to be kept and served: finite, a time within the years 1 to 9999. What is not is NULL."""

from __future__ import annotations

from core.sql import pieces
from core.sql.pieces import Sql
from core.sql.types import Type

TOP = 1.7976931348623157e308
_TIMES = "TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_DATES = "DATE '0001-01-01' AND DATE '9999-12-31'"


def within(text: str, kind: Type, dialect: str) -> str:
    """The text, NULL where its value is out of bounds; of a list its items."""
    match kind.name:
        case "DOUBLE":  # NaN is larger than every number in both engines
            return f"CASE WHEN ABS({text}) <= {pieces.double(TOP, dialect)} THEN {text} END"
        case "TIMESTAMP":
            return f"CASE WHEN {text} BETWEEN {_TIMES} THEN {text} END"
        case "DATE":
            return f"CASE WHEN {text} BETWEEN {_DATES} THEN {text} END"
        case "ARRAY" if (kept := within("v", kind.items[0], dialect)) != "v":
            return f"TRANSFORM({text}, v -> {kept})" if dialect == "spark" else f"LIST_TRANSFORM({text}, lambda v: {kept})"
    return text


def kept(value: Sql, dialect: str) -> Sql:
    """A value as partials and lists hold it: within bounds, and -0.0 is 0.0. The times of events are so already."""
    if value.shift == 0:
        return value
    text = within(value.text, value.type, dialect)
    if value.type.name == "DOUBLE":
        text = f"({text} + {pieces.double(0.0, dialect)})"
    return value.but(text, value.type) if text != value.text else value
