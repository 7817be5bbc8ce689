"""Functions of numbers. Outside a function's domain the answer is NULL, and so is an integer beyond 64 bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from core.sql import pieces
from core.sql.functions.row import Render, first, row
from core.sql.pieces import Sql
from core.sql.types import BIGINT, BOOLEAN, DOUBLE, Type, decimal


def _whole(word: str) -> Render:
    """CEIL and FLOOR as BIGINT."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        text = args[0].text
        if args[0].type.name != "DOUBLE":
            return text if args[0].type == BIGINT else f"{_try(dialect)}({word}({text}) AS BIGINT)"
        low, high = pieces.double(-(2.0**63), dialect), pieces.double(2.0**63, dialect)
        return f"CASE WHEN {text} >= {low} AND {text} < {high} THEN CAST({word}({text}) AS BIGINT) END"

    return render


def _rounding(word: str, in_duckdb: Callable[[Sequence[Sql], int], str]) -> Render:
    """Rounding as Spark's function of that name does it: of a DOUBLE, on its shortest decimal text. `in_duckdb` writes it for
    what is no BIGINT, from the arguments and the places."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        text, kind, places = args[0].text, args[0].type, _places(args)
        if kind == BIGINT:
            return text
        if dialect == "duckdb":
            return in_duckdb(args, places)
        rounded = f"{word}({text}, {places})"
        return rounded if kind == DOUBLE else f"CAST({rounded} AS {_rounded(args)})"

    return render


def _places(args: Sequence[Sql]) -> int:
    return int(args[1].literal or 0) if len(args) > 1 else 0


def _from_zero(args: Sequence[Sql], places: int) -> str:
    """Half away from zero: 2.675 to two places is 2.68."""
    text = args[0].text
    if args[0].type.name == "DECIMAL":
        return f"CAST({text} AS {_rounded(args)})"
    # from 1e16 on doubles have no fraction
    return (
        f"CASE WHEN ABS({text}) < 1e16 THEN CAST(CAST(CAST({text} AS VARCHAR) AS DECIMAL(38,{places})) AS DOUBLE) ELSE {text} END"
    )


def _to_even(args: Sequence[Sql], places: int) -> str:
    """Half to the even neighbour: 2.5 is 2."""
    text = args[0].text
    if args[0].type.name == "DECIMAL":
        return f"CAST(ROUND_EVEN({text}, {places}) AS {_rounded(args)})"
    made = f"CAST(ROUND_EVEN(CAST(CAST({text} AS VARCHAR) AS DECIMAL(38,18)), {places}) AS DOUBLE)"
    return f"CASE WHEN ABS({text}) < 1e16 THEN {made} ELSE {text} END"


def _rounded(args: Sequence[Sql]) -> Type:
    kind = args[0].type
    if kind.name != "DECIMAL":
        return kind
    scale = min(_places(args), kind.scale)
    return decimal(min(38, kind.precision - kind.scale + scale + 1), scale)


def _abs(args: Sequence[Sql], dialect: str) -> str:
    text = args[0].text
    if args[0].type != BIGINT:
        return f"ABS({text})"
    return f"CASE WHEN {text} > {pieces.integer(pieces.INT64_MIN, dialect)} THEN ABS({text}) END"


def _log_base(args: Sequence[Sql], dialect: str) -> str:
    del dialect
    base, x = args[0].text, args[1].text
    return f"CASE WHEN {base} > 0 AND {x} > 0 THEN LN({x}) / NULLIF(LN({base}), 0) END"


def _try(dialect: str) -> str:
    return "try_cast" if dialect == "spark" else "TRY_CAST"


def _pmod(args: Sequence[Sql], dialect: str) -> str:
    a, b, kind = args[0].text, args[1].text, args[0].type
    if kind == BIGINT:  # the smallest integer % -1 overflows in one engine
        zero = pieces.integer(0, dialect)
        rest = f"CASE WHEN {b} = -1 AND {a} IS NOT NULL THEN {zero} WHEN {b} <> -1 THEN {a} % NULLIF({b}, 0) END"
    else:
        rest = f"({a} % NULLIF({b}, 0))"
    return f"CAST(CASE WHEN {rest} < 0 AND {b} > 0 THEN {rest} + {b} ELSE {rest} END AS {kind.spelled(dialect)})"


def _asinh(args: Sequence[Sql], dialect: str) -> str:
    del dialect
    x = args[0].text
    return f"SIGN({x}) * LN(ABS({x}) + SQRT({x} * {x} + 1))"


def _negated(args: Sequence[Sql]) -> Type:
    return args[0].type


def _negate(args: Sequence[Sql], dialect: str) -> str:
    text = args[0].text
    if args[0].type != BIGINT:
        return f"(-{text})"
    return f"CASE WHEN {text} > {pieces.integer(pieces.INT64_MIN, dialect)} THEN -{text} END"


_IN_ONE = "CASE WHEN {{0}} BETWEEN -1 AND 1 THEN {0}({{0}}) END"
_PI, _E = repr(math.pi), repr(math.e)

ROWS = [
    *row("ABS", "number", first, _abs, note="without its sign; NULL for the smallest BIGINT"),
    *row("SIGN SIGNUM", "double", DOUBLE, "CAST(SIGN({0}) AS DOUBLE)", note="-1, 0 or 1"),
    *row("CEIL CEILING", "number", BIGINT, _whole("CEIL"), note="a BIGINT"),
    *row("FLOOR", "number", BIGINT, _whole("FLOOR"), note="a BIGINT"),
    *row("ROUND", "number", _rounded, _rounding("ROUND", _from_zero), note="half away from zero"),
    *row("ROUND", "number 0..15", _rounded, _rounding("ROUND", _from_zero), note="half away from zero; the places are a literal"),
    *row("SQRT", "double", DOUBLE, "CASE WHEN {0} >= 0 THEN SQRT({0}) END", note="NULL below 0"),
    *row("CBRT", "double", DOUBLE, "CBRT({0})", note="the cube root"),
    *row("EXP", "double", DOUBLE, "EXP({0})", note="e to the power"),
    *row("LN LOG", "double", DOUBLE, "CASE WHEN {0} > 0 THEN LN({0}) END", note="NULL of 0 and below"),
    *row("LOG", "double double", DOUBLE, _log_base, note="LOG(base, x)"),
    *row("LOG10", "double", DOUBLE, "CASE WHEN {0} > 0 THEN LOG10({0}) END", note="NULL of 0 and below"),
    *row("LOG2", "double", DOUBLE, "CASE WHEN {0} > 0 THEN LOG2({0}) END", note="NULL of 0 and below"),
    *row(
        "LOG1P",
        "double",
        DOUBLE,
        "CASE WHEN {0} > -1 THEN LN(1e0 + {0}) END",
        "CASE WHEN {0} > -1 THEN LN(1.0D + {0}) END",
        note="LN(1 + x); NULL of -1 and below",
    ),
    *row("POWER POW", "double double", DOUBLE, "POWER({0}, {1})", note="the first to the power of the second"),
    *row("PMOD", "numbers numbers", first, _pmod, note="the remainder with the sign of a positive divisor"),
    *row("SIN", "double", DOUBLE, "SIN({0})", note="of radians"),
    *row("COS", "double", DOUBLE, "COS({0})", note="of radians"),
    *row("TAN", "double", DOUBLE, "TAN({0})", note="of radians"),
    *row("ASIN", "double", DOUBLE, _IN_ONE.format("ASIN"), note="NULL outside -1 to 1"),
    *row("ACOS", "double", DOUBLE, _IN_ONE.format("ACOS"), note="NULL outside -1 to 1"),
    *row("ATAN", "double", DOUBLE, "ATAN({0})", note="the angle in radians"),
    *row(
        "ATAN2",
        "double double",
        DOUBLE,
        "ATAN2({0} + 0e0, {1} + 0e0)",
        "ATAN2({0}, {1})",
        note="the angle of a point (y, x) in radians",
    ),
    *row("SINH", "double", DOUBLE, "SINH({0})", note="hyperbolic"),
    *row("COSH", "double", DOUBLE, "COSH({0})", note="hyperbolic"),
    *row("TANH", "double", DOUBLE, "TANH({0})", note="hyperbolic"),
    *row("COT", "double", DOUBLE, "CASE WHEN {0} <> 0 THEN 1 / TAN({0}) END", note="NULL at 0"),
    *row("SEC", "double", DOUBLE, "1 / COS({0})", note="1 / COS(x)"),
    *row("CSC", "double", DOUBLE, "CASE WHEN {0} <> 0 THEN 1 / SIN({0}) END", note="NULL at 0"),
    *row("ASINH", "double", DOUBLE, _asinh, note="the inverse of SINH"),
    *row("ACOSH", "double", DOUBLE, "CASE WHEN {0} >= 1 THEN LN({0} + SQRT({0} - 1) * SQRT({0} + 1)) END", note="NULL below 1"),
    *row(
        "ATANH",
        "double",
        DOUBLE,
        "CASE WHEN {0} > -1 AND {0} < 1 THEN LN((1 + {0}) / (1 - {0})) / 2 END",
        note="NULL from -1 and 1 on",
    ),
    *row("EXPM1", "double", DOUBLE, "EXP({0}) - 1", note="e to the power, less 1"),
    *row("NEGATIVE", "number", _negated, _negate, note="-x; NULL for the smallest BIGINT"),
    *row("BROUND", "number", _rounded, _rounding("BROUND", _to_even), note="halves to the even digit"),
    *row(
        "BROUND",
        "number 0..15",
        _rounded,
        _rounding("BROUND", _to_even),
        note="halves to the even digit; the places are a literal",
    ),
    *row("RADIANS", "double", DOUBLE, "RADIANS({0})", note="of degrees"),
    *row("DEGREES", "double", DOUBLE, "DEGREES({0})", note="of radians"),
    *row("HYPOT", "double double", DOUBLE, "SQRT({0} * {0} + {1} * {1})", note="the root of the sum of the squares"),
    *row("PI", "", DOUBLE, f"CAST({_PI}e0 AS DOUBLE)", f"{_PI}D", note="π"),
    *row("E", "", DOUBLE, f"CAST({_E}e0 AS DOUBLE)", f"{_E}D", note="Euler's number"),
    *row("ISNAN", "double", BOOLEAN, "COALESCE(ISNAN({0}), FALSE)", note="FALSE of NULL"),
    *row("BIT_COUNT", "integer", BIGINT, "CAST(BIT_COUNT({0}) AS BIGINT)", note="how many bits are 1"),
]
