"""Functions of whole numbers and bits, and what makes a whole number of others."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.functions.row import Render, first, row
from core.sql.pieces import Sql
from core.sql.types import BIGINT, DOUBLE, STRING


def _shift(spark: str, duckdb: str) -> Render:
    """Bits moved by a literal count; what falls out at the end is gone."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        text, count = args[0].text, args[1].literal
        return f"{spark}({text}, {count})" if dialect == "spark" else duckdb.format(text, count)

    return render


def _factorial(args: Sequence[Sql], dialect: str) -> str:
    text = args[0].text
    made = f"FACTORIAL(CAST({text} AS INT))" if dialect == "spark" else f"CAST(FACTORIAL(CAST({text} AS INTEGER)) AS BIGINT)"
    return f"CASE WHEN {text} BETWEEN 0 AND 20 THEN {made} END"


def _bucket(args: Sequence[Sql], dialect: str) -> str:
    """WIDTH_BUCKET as Spark counts: 0 below the range, one more than there are at its end and above; the ends may be turned."""
    count = args[3].literal
    names = {name: arg.text for name, arg in zip("vab", args[:3], strict=True)}
    part = f"CAST(FLOOR({count} * ((z.v - z.a) / (z.b - z.a))) AS BIGINT) + 1"
    turned = f"CAST(FLOOR({count} * ((z.a - z.v) / (z.a - z.b))) AS BIGINT) + 1"
    top = pieces.double(1.7976931348623157e308, dialect)
    whole = " AND ".join(f"ABS(z.{name}) <= {top}" for name in "ab")
    inside = (
        f"CASE WHEN {whole} AND z.v = z.v AND z.a <> z.b THEN CASE"
        f" WHEN z.a < z.b THEN CASE WHEN z.v < z.a THEN 0 WHEN z.v >= z.b THEN {count} + 1 ELSE {part} END"
        f" ELSE CASE WHEN z.v > z.a THEN 0 WHEN z.v <= z.b THEN {count} + 1 ELSE {turned} END END END"
    )
    return f"CAST({pieces.let(names, inside, dialect)} AS BIGINT)"


def _rint(args: Sequence[Sql], dialect: str) -> str:
    return f"RINT({args[0].text})" if dialect == "spark" else f"ROUND_EVEN({args[0].text}, 0)"


ROWS = [
    *row(
        "SHIFTLEFT",
        "integer 0..63",
        BIGINT,
        _shift("SHIFTLEFT", "CAST((CAST({0} AS BIT) << {1}) AS BIGINT)"),
        note="what falls out is gone",
    ),
    *row("SHIFTRIGHT", "integer 0..63", BIGINT, _shift("SHIFTRIGHT", "({0} >> {1})"), note="the sign stays"),
    *row(
        "SHIFTRIGHTUNSIGNED",
        "integer 0..63",
        BIGINT,
        _shift("SHIFTRIGHTUNSIGNED", "CAST((CAST({0} AS BIT) >> {1}) AS BIGINT)"),
        note="zeros come in",
    ),
    *row("BIT_GET GETBIT", "integer 0..63", BIGINT, _shift("1L * GETBIT", "CAST(({0} >> {1}) & 1 AS BIGINT)"), note="0 or 1"),
    *row("BIN", "integer", STRING, "BIN({0})", note="in binary digits"),
    *row("HEX", "integer", STRING, "HEX({0})", note="capital letters; two's complement where negative"),
    *row("FACTORIAL", "integer", BIGINT, _factorial, note="NULL outside 0 to 20"),
    *row("WIDTH_BUCKET", "double double double 1..1000000", BIGINT, _bucket, note="which of so many equal parts of a range"),
    *row("RINT", "double", DOUBLE, _rint, note="to the nearest whole number, halves to the even one"),
    *row("POSITIVE", "number", first, "{0}", note="x itself"),
    *row(
        "ZEROIFNULL",
        "number",
        first,
        lambda args, dialect: f"COALESCE({args[0].text}, {_zero(args[0], dialect)})",
        note="0 where it is NULL",
    ),
    *row(
        "NULLIFZERO",
        "number",
        first,
        lambda args, dialect: f"NULLIF({args[0].text}, {_zero(args[0], dialect)})",
        note="NULL where it is 0",
    ),
]


def _zero(value: Sql, dialect: str) -> str:
    return f"CAST(0 AS {value.type.spelled(dialect)})" if value.type.name in ("BIGINT", "DECIMAL", "DOUBLE") else "0"
