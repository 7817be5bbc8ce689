"""CAST and the silent conversions. One meaning on both engines: a cast that fails is NULL, a fraction is cut off, not rounded.

Texts are read as whole numbers by `[+-]digits`, as numbers by the usual decimal and exponent forms, as dates by `YYYY-MM-DD` and
as timestamps by ISO 8601 with at most six digits of a second; spaces around are ignored. The engines accept more, each its own.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from core.sql import pieces
from core.sql.pieces import Sql
from core.sql.types import BIGINT, BOOLEAN, DATE, DOUBLE, NUMBERS, STRING, TIMESTAMP, Type, decimal

WIDTHS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64}
_WHOLE = r"[+-]?[0-9]{1,19}"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
_PLAIN_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"[+-](0[0-9]|1[0-7]):[0-5][0-9]"
_SECONDS = rf":[0-5][0-9]([.][0-9]{{1,6}})?(Z|{_OFFSET})?"
_TIMESTAMP = rf"{_DATE}([ T]([01][0-9]|2[0-3]):[0-5][0-9]({_SECONDS})?)?"
_TRUE, _FALSE = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"


class BadCast(ValueError):
    """There is no such conversion; the text says why."""


def is_open(kind: Type) -> bool:
    """Whether a part of the type is not known yet."""
    return kind.name == "UNKNOWN" or any(map(is_open, kind.items))


def convert(value: Sql, to: Type, dialect: str) -> Sql:
    """A silent conversion: numbers widen, dates become timestamps, text literals become dates. Raises BadCast for others."""
    have = value.type
    if have == to or is_open(have) or is_open(to):
        return value
    spelled = to.spelled(dialect)
    if isinstance(value.literal, Decimal) and to.name == "DECIMAL":
        return value.but(f"CAST('{value.literal:f}' AS {spelled})", to)
    if to == DOUBLE and isinstance(value.literal, int) and not isinstance(value.literal, bool):
        return value.but(pieces.double(float(value.literal), dialect), DOUBLE)
    if have.name == "NULL" or (have.name in NUMBERS and to.name == "DOUBLE") or (have, to) == (DATE, TIMESTAMP):
        return value.but(f"CAST({value.text} AS {spelled})", to)
    if have.name in ("BIGINT", "DECIMAL") and to.name == "DECIMAL":
        return value.but(f"CAST({value.text} AS {spelled})", to)
    if have == STRING and to in (DATE, TIMESTAMP) and isinstance(value.literal, str):
        return cast(value, to, dialect)
    if have.name == to.name == "ARRAY" and have.items[0].name == "NULL":
        return value.but(f"CAST({value.text} AS {spelled})", to)
    raise BadCast(f"{have} where {to} is expected")


def cast(value: Sql, to: Type, dialect: str, bits: int = 64) -> Sql:
    """CAST(value AS to); integers narrower than 64 bits are NULL outside their range. Raises BadCast where there is no such
    cast."""
    have, text = value.type, value.text
    spelled = to.spelled(dialect)
    plain = value.but(f"{'try_cast' if dialect == 'spark' else 'TRY_CAST'}({text} AS {spelled})", to)
    if have.name in ("UNKNOWN", "NULL") or have == to:
        return _narrow(plain if have != to else value.but(text, to), bits, dialect)
    match have.name, to.name:
        case "DOUBLE", "BIGINT":
            # the engines round differently, and 2^63 saturates in one of them
            low, high = pieces.double(-(2.0**63), dialect), pieces.double(2.0**63, dialect)
            whole = f"CASE WHEN {text} >= {low} AND {text} < {high} THEN CAST({_trunc(text, dialect)} AS BIGINT) END"
            return _narrow(value.but(whole, to), bits, dialect)
        case "DECIMAL", "BIGINT":
            return _narrow(value.but(_cut(text, have, dialect), to), bits, dialect)
        case "STRING", "BIGINT":
            return _narrow(_guarded(value, _WHOLE, to, dialect), bits, dialect)
        case "STRING", "DOUBLE":
            return _guarded(value, _NUMBER, to, dialect)
        case "STRING", "DECIMAL":
            return _guarded(value, _PLAIN_NUMBER, to, dialect)
        case "STRING", "DATE":
            return _guarded(value, _DATE, to, dialect)
        case "STRING", "TIMESTAMP":
            return _timestamp(value, dialect)
        case "STRING", "BOOLEAN":
            word = f"LOWER(TRIM({text}))"
            return value.but(f"CASE WHEN {word} IN {_TRUE} THEN TRUE WHEN {word} IN {_FALSE} THEN FALSE END", BOOLEAN)
        case (("BIGINT" | "DECIMAL"), ("DOUBLE" | "DECIMAL")):
            return plain
        case "DOUBLE", "DECIMAL":
            # through the shortest text of the double, as Spark does: 2.675 is 2.68 and not 2.67
            shortest = f"CAST({text} AS VARCHAR)" if dialect == "duckdb" else text
            return value.but(f"{'try_cast' if dialect == 'spark' else 'TRY_CAST'}({shortest} AS {spelled})", to)
        case "BOOLEAN", ("BIGINT" | "DOUBLE"):
            one, zero = pieces.literal(1, dialect).text, pieces.literal(0, dialect).text
            return value.but(f"CAST(CASE WHEN {text} THEN {one} WHEN NOT {text} THEN {zero} END AS {spelled})", to)
        case (("BIGINT" | "DOUBLE"), "BOOLEAN"):
            return value.but(f"({text} <> 0)", BOOLEAN)
        case (("BIGINT" | "BOOLEAN" | "DATE" | "TIMESTAMP" | "DECIMAL"), "STRING"):
            return plain
        case ("DATE", "TIMESTAMP") | ("TIMESTAMP", "DATE"):
            return value.but(f"CAST({text} AS {spelled})", to)
        case "TIMESTAMP", "BIGINT":  # whole seconds since 1970, rounded down
            seconds = f"UNIX_SECONDS({text})" if dialect == "spark" else f"EPOCH_US(DATE_TRUNC('SECOND', {text})) // 1000000"
            return _narrow(value.but(f"CAST({seconds} AS BIGINT)", to), bits, dialect)
        case "BIGINT", "TIMESTAMP":
            moment = f"TIMESTAMP_SECONDS({text})" if dialect == "spark" else f"MAKE_TIMESTAMP({text} * 1000000)"
            return value.but(f"CASE WHEN {text} BETWEEN -62135596800 AND 253402300799 THEN {moment} END", to)
        case "DOUBLE", "STRING":
            raise BadCast("a DOUBLE has no one text; CAST it to DECIMAL(p,s) or BIGINT first")
    raise BadCast(f"{have} cannot be cast to {to}")


def _trunc(text: str, dialect: str) -> str:
    return f"TRUNC({text})" if dialect == "duckdb" else text  # Spark's cast cuts off by itself


def _cut(text: str, have: Type, dialect: str) -> str:
    if dialect == "spark":
        return f"try_cast({text} AS BIGINT)"
    return f"TRY_CAST(TRUNC({text}) AS BIGINT)" if have.scale else f"TRY_CAST({text} AS BIGINT)"


def _narrow(value: Sql, bits: int, dialect: str) -> Sql:
    if bits >= 64:
        return value
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return value.but(f"CASE WHEN {value.text} BETWEEN {low} AND {high} THEN {value.text} END", BIGINT)


def matches(text: str, pattern: str, dialect: str) -> str:
    """A condition: the whole text matches the pattern (which holds no backslash)."""
    return f"regexp_full_match({text}, '{pattern}')" if dialect == "duckdb" else f"{text} RLIKE '^({pattern})$'"


def _guarded(value: Sql, pattern: str, to: Type, dialect: str) -> Sql:
    trimmed = f"TRIM({value.text})"
    attempt = f"{'try_cast' if dialect == 'spark' else 'TRY_CAST'}({trimmed} AS {to.spelled(dialect)})"
    guarded = f"CASE WHEN {matches(trimmed, pattern, dialect)} THEN {attempt} END"
    if to == DOUBLE:  # 1e999 is out of range: NULL, as every cast that fails
        top = pieces.double(1.7976931348623157e308, dialect)
        guarded = f"CASE WHEN ABS({guarded}) <= {top} THEN {guarded} END"
    return value.but(guarded, to)


def _timestamp(value: Sql, dialect: str) -> Sql:
    if dialect == "spark":  # reads the offset and gives UTC
        return _guarded(value, _TIMESTAMP, TIMESTAMP, dialect)
    trimmed = f"TRIM({value.text})"
    offset = f"REGEXP_EXTRACT({trimmed}, '{_OFFSET}$')"
    minutes = f"CAST({offset}[2:3] AS INTEGER) * 60 + CAST({offset}[5:6] AS INTEGER)"
    ahead = f"CASE {offset}[1] WHEN '+' THEN {minutes} WHEN '-' THEN -({minutes}) ELSE 0 END"
    local = f"TRY_CAST(REGEXP_REPLACE({trimmed}, '(Z|{_OFFSET})$', '') AS TIMESTAMP)"
    return value.but(f"CASE WHEN {matches(trimmed, _TIMESTAMP, dialect)} THEN {local} - TO_MINUTES({ahead}) END", TIMESTAMP)


def number_literal(text: str) -> int | Decimal:
    """The value of a number as the user wrote it; raises BadCast beyond what a BIGINT or a DOUBLE holds."""
    try:
        value = Decimal(text.rstrip("lLdDfF"))
    except InvalidOperation:
        raise BadCast(f"{text[:40]!r} is no number") from None
    if value == value.to_integral_value() and not set(text) & set(".eEdDfF"):
        if abs(value) > 2**63:
            raise BadCast("a number beyond 64 bits")
        return int(value)
    if abs(value) > Decimal("1.7976931348623157e308"):
        raise BadCast("a number beyond a DOUBLE")
    return value


def decimal_of(value: Sql) -> Type:
    """The DECIMAL that an exact operand of decimal arithmetic is."""
    if isinstance(value.literal, Decimal):
        digits = value.literal.as_tuple()
        exponent = digits.exponent if isinstance(digits.exponent, int) else 0
        scale = max(0, -exponent)
        return decimal(min(38, max(len(digits.digits) + max(exponent, 0), scale, 1)), min(scale, 38))
    if isinstance(value.literal, int):
        return decimal(len(str(abs(value.literal))), 0)
    return decimal(19, 0) if value.type == BIGINT else value.type
