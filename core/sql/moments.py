"""Variances, correlations and the shape of a distribution, as moments about the mean: the count, the mean, sums of powers of the
distances. They are merged about the mean of the whole (after Chan, Golub and LeVeque, and Pébay), never subtracted, so numbers as
far from zero as 1e9 + {1, 2, 3} keep their digits.

Powers must stay in the doubles: a value beyond 1e150, for third and fourth powers beyond 1e75, makes the answer NULL.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.aggregates import OVER, Aggregate, Partial, guarded
from core.sql.casts import convert
from core.sql.pieces import Sql, reads_of
from core.sql.types import BIGINT, DOUBLE

_SQUARES, _FOURTHS = 1e150, 1e75
_ADDED = "CAST(SUM({p}) AS BIGINT)"
_MEAN = "(SUM({f[0]} * {p}) / NULLIF(SUM({f[0]}), 0))"


def spread(value: Sql, condition: str | None, dialect: str, sample: bool, root: bool) -> Aggregate:
    """VARIANCE and STDDEV, of the population or of a sample (which needs two values)."""
    number = convert(value, DOUBLE, dialect)
    text, top = guarded(number.text, condition), pieces.double(_SQUARES, dialect)
    low = f"CASE WHEN ABS({text}) <= {top} THEN {text} END"
    n = Partial(f"COUNT({text}){OVER}", BIGINT, _ADDED, "count")
    mean = Partial(f"AVG({low}){OVER}", DOUBLE, _MEAN, "mean")
    # M2 is -1 from a value on whose square is no double; it stays the smallest through every merge
    beyond, inside = pieces.double(-1.0, dialect), f"VAR_POP({low}){OVER} * COUNT({low}){OVER}"
    squares = f"CASE WHEN COUNT({text}){OVER} > COUNT({low}){OVER} THEN {beyond} ELSE {inside} END"
    over = f"CASE WHEN MIN({{p}}) < 0 THEN {beyond} ELSE SUM({{p}} + {{f[0]}} * {_apart(1)} * {_apart(1)}) END"
    least, less = (2, 1) if sample else (1, 0)

    def final(p: Sequence[str]) -> str:
        variance = f"{p[2]} / ({p[0]} - {less})"
        inside = f"SQRT({variance})" if root else variance
        return f"CASE WHEN {p[0]} >= {least} AND {p[2]} >= 0 THEN {inside} END"

    return Aggregate((n, mean, Partial(squares, DOUBLE, over, "squares", about=(1,), power=2)), final, DOUBLE, number.reads)


def together(name: str, first: Sql, second: Sql, condition: str | None, dialect: str) -> Aggregate:
    """CORR, COVAR_POP and COVAR_SAMP over the pairs without NULL; CORR is NULL where one side is constant."""
    partials = _pairs(first, second, condition, dialect, squares=name == "CORR")
    least = pieces.double(_SQUARES**-2, dialect)  # where the squares are smaller they are no doubles

    def final(p: Sequence[str]) -> str:
        if name == "CORR":
            apart = f"{p[4]} = 0 AND {_varies(p, 6, least)} AND {_varies(p, 9, least)}"
            return f"CASE WHEN {apart} THEN {p[3]} / (SQRT({p[5]}) * SQRT({p[8]})) END"
        less = int(name == "COVAR_SAMP")
        return f"CASE WHEN {p[4]} = 0 AND {p[0]} > {less} THEN {p[3]} / ({p[0]} - {less}) END"

    return Aggregate(partials, final, DOUBLE, reads_of((first, second)))


def regression(name: str, first: Sql, second: Sql, condition: str | None, dialect: str) -> Aggregate:
    """REGR_SLOPE(y, x) and its like over the pairs without NULL: the line nearest to y by x. The line and R2 are NULL where x is
    constant, and R2 is 1 where only y is."""
    partials = _pairs(first, second, condition, dialect, squares=name not in ("REGR_COUNT", "REGR_AVGX", "REGR_AVGY"))
    least = pieces.double(_SQUARES**-2, dialect)

    def final(p: Sequence[str]) -> str:
        if name == "REGR_COUNT":
            return f"({p[0]} + {p[4]})"
        slope = f"({p[3]} / {p[8]})" if len(p) > 8 else ""
        sums = {"REGR_AVGY": p[1], "REGR_AVGX": p[2], "REGR_SXY": p[3], "REGR_SYY": p[5:6], "REGR_SXX": p[8:9]}
        if name in sums:
            return f"CASE WHEN {p[4]} = 0 AND {p[0]} > 0 THEN {''.join(sums[name])} END"
        made = {"REGR_SLOPE": slope, "REGR_INTERCEPT": f"{p[1]} - {slope} * {p[2]}"}.get(name, "")
        if name == "REGR_R2":
            made = f"CASE WHEN {p[6]} = {p[7]} THEN 1 WHEN {p[5]} > {least} THEN {slope} * ({p[3]} / {p[5]}) END"
        return f"CASE WHEN {p[4]} = 0 AND {_varies(p, 9, least)} THEN {made} END"

    return Aggregate(partials, final, BIGINT if name == "REGR_COUNT" else DOUBLE, reads_of((first, second)))


def _varies(p: Sequence[str], ends: int, least: str) -> str:
    """Whether a side is not constant, told by its ends: its squares, which stand before them, may be off zero by rounding."""
    return f"{p[ends]} < {p[ends + 1]} AND {p[ends - 1]} > {least}"


def _pairs(first: Sql, second: Sql, condition: str | None, dialect: str, squares: bool) -> tuple[Partial, ...]:
    """The count, both means, the products, how many are too large; with `squares` those of each side and its ends."""
    top = pieces.double(_SQUARES, dialect)
    small = f"ABS({first.text}) <= {top} AND ABS({second.text}) <= {top}"
    present = " AND ".join([f"{first.text} IS NOT NULL AND {second.text} IS NOT NULL", *([condition] if condition else [])])
    a, b = (guarded(side.text, f"{present} AND {small}") for side in (first, second))
    products = f"SUM({{p}} + {{f[0]}} * {_apart(1)} * {_apart(2)})"
    partials = [
        Partial(f"COUNT({a})", BIGINT, _ADDED, "pairs"),
        Partial(f"AVG({a})", DOUBLE, _MEAN, "pairs mean 1"),
        Partial(f"AVG({b})", DOUBLE, _MEAN, "pairs mean 2"),
        Partial(f"COVAR_POP({a}, {b}) * COUNT({a})", DOUBLE, products, "pairs products", about=(1, 2), power=2),
        _beyond(f"{present} AND NOT ({small})", "pairs"),
    ]
    for place, side in ((1, a), (2, b)) if squares else ():
        merged = f"SUM({{p}} + {{f[0]}} * {_apart(place)} * {_apart(place)})"
        partials += [
            Partial(f"VAR_POP({side}) * COUNT({side})", DOUBLE, merged, f"pairs squares {place}", about=(place,), power=2),
            *_ends(side, f"pairs {place}"),
        ]
    return tuple(partials)


def shape(name: str, value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """SKEWNESS and KURTOSIS as Spark means them: of the population, and KURTOSIS less the 3 of a normal distribution. NULL where
    all values are one."""
    number = convert(value, DOUBLE, dialect)
    top = pieces.double(_FOURTHS, dialect)
    text = guarded(number.text, condition)
    low = f"CASE WHEN ABS({text}) <= {top} THEN {text} END"
    d, n = _apart(1), "{f[0]}"
    cubes = f"SUM({{p}} + 3 * {d} * {{f[2]}} + {n} * {d} * {d} * {d})"
    fourths = f"SUM({{p}} + 4 * {d} * {{f[3]}} + 6 * {d} * {d} * {{f[2]}} + {n} * {d} * {d} * {d} * {d})"
    partials = (
        Partial(f"COUNT({low})", BIGINT, _ADDED, "shape"),
        Partial(f"AVG({low})", DOUBLE, _MEAN, "shape mean"),
        Partial(f"VAR_POP({low}) * COUNT({low})", DOUBLE, f"SUM({{p}} + {n} * {d} * {d})", "shape squares", about=(1,), power=2),
        Partial(_powers(low, 3, dialect), DOUBLE, cubes, "shape cubes", about=(1,), power=3),
        Partial(_powers(low, 4, dialect), DOUBLE, fourths, "shape fourths", about=(1,), power=4),
        _beyond(f"ABS({text}) > {top}", "shape"),
        *_ends(low, "shape"),
    )

    def final(p: Sequence[str]) -> str:
        # where the squares are so small their powers are none
        kept = f"{p[5]} = 0 AND {p[6]} < {p[7]} AND {p[2]} > {pieces.double(_FOURTHS**-2, dialect)}"
        if name == "SKEWNESS":
            return f"CASE WHEN {kept} THEN SQRT({p[0]}) * ({p[3]} / {p[2]}) / SQRT({p[2]}) END"
        return f"CASE WHEN {kept} THEN {p[0]} * ({p[4]} / {p[2]}) / {p[2]} - 3 END"

    return Aggregate(partials, final, DOUBLE, number.reads)


def _apart(place: int) -> str:
    """How far a piece's mean is from that of the whole."""
    return f"({{f[{place}]}} - {{m[{place}]}})"


def _beyond(condition: str, tag: str) -> Partial:
    return Partial(f"COUNT(CASE WHEN {condition} THEN 1 END)", BIGINT, _ADDED, f"{tag} beyond")


def _ends(text: str, tag: str) -> tuple[Partial, Partial]:
    return (
        Partial(f"MIN({text})", DOUBLE, "MIN({p})", f"{tag} least"),
        Partial(f"MAX({text})", DOUBLE, "MAX({p})", f"{tag} most"),
    )


def _powers(text: str, power: int, dialect: str) -> str:
    """The sum of the distances from the mean to a power. The engines' own SKEWNESS and KURTOSIS would not do: one is of a sample
    and goes by powers of the values, which lose all digits far from zero."""
    product = " * ".join([f"(one - AVG({text}))"] * power)
    if dialect == "spark":
        return f"AGGREGATE(COLLECT_LIST({text}), 0D, (added, one) -> added + {product})"
    return f"LIST_SUM(LIST_TRANSFORM(LIST({text}) FILTER (WHERE ({text}) IS NOT NULL), lambda one: {product}))"
