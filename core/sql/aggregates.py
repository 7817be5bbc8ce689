"""Aggregates as partials and a final form: the same pair answers a whole window in one go and a window put together from tiles.

`SUM(x)` of BIGINT is exact (its partial is DECIMAL(38,0)) and NULL beyond 64 bits. Averages are the exact sum divided by the
count. Variances are (n, mean, sum of squared distances), merged after Chan; a value beyond 1e150 makes them NULL, since
squares would leave the doubles. FIRST, LAST, MAX_BY and MIN_BY carry (order, value) as a struct, so equal keys are settled
by time and position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.sql import pieces
from core.sql.casts import convert
from core.sql.pieces import Sql
from core.sql.types import BIG_SUM, BIGINT, BOOLEAN, DOUBLE, Type, decimal, struct

ORDERABLE = frozenset({"BIGINT", "DOUBLE", "DECIMAL", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "UNKNOWN"})
_SQUARES = 1e150
OVER = "\0"  # stands behind each aggregate in a partial's text, where a window takes its OVER; no user text holds it


@dataclass(frozen=True, slots=True)
class Partial:
    """One column of a tile. `text` computes it from rows; `merge` computes it from several of it, {p} being the column, {n} and
    {mean} the columns before it in a variance, {m} the mean of the whole; None where it does not merge."""

    text: str
    type: Type
    merge: str | None = None
    tag: str = "whole"  # with the arguments as written, what makes two partials one

    def plain(self) -> str:
        """The text over a group."""
        return self.text.replace(OVER, "")

    def over(self, window: str) -> str:
        """The text over a window."""
        return self.text.replace(OVER, f" OVER ({window})")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A call of an aggregate: its partials, and the final value over their texts. `variance` marks partials (n, mean, M2)."""

    partials: tuple[Partial, ...]
    final: Callable[[Sequence[str]], str]
    type: Type
    reads: frozenset[str]
    whole: str | None = None  # why it needs the events themselves
    variance: bool = False


def guarded(value: str, condition: str | None) -> str:
    """The value in the rows that count, NULL in the others; aggregates skip NULL."""
    return value if condition is None else f"CASE WHEN {condition} THEN {value} END"


def count(value: Sql | None, condition: str | None) -> Aggregate:
    """COUNT(*) without a value, COUNT(value) with one."""
    text = guarded("1", condition) if value is None else guarded(value.text, condition)
    if value is None and condition is None:
        text = "*"
    return Aggregate((_count(text),), lambda p: p[0], BIGINT, value.reads if value else frozenset())


def _count(text: str) -> Partial:
    return Partial(f"COUNT({text}){OVER}", BIGINT, "CAST(SUM({p}) AS BIGINT)", "count")


def _sum(value: Sql, condition: str | None, dialect: str, distinct: str = "") -> Partial:
    text = guarded(value.text, condition)
    match value.type.name:
        case "BIGINT" if dialect == "duckdb":  # HUGEINT inside, exact
            return Partial(f"CAST(SUM({distinct}{text}){OVER} AS DECIMAL(38,0))", BIG_SUM, "SUM({p})", "sum")
        case "BIGINT":
            return Partial(
                f"CAST(SUM({distinct}CAST({text} AS DECIMAL(20,0))){OVER} AS DECIMAL(38,0))", BIG_SUM, "SUM({p})", "sum"
            )
        case "DECIMAL":
            kind = decimal(38, value.type.scale)
            return Partial(f"CAST(SUM({distinct}{text}){OVER} AS {kind})", kind, f"CAST(SUM({{p}}) AS {kind})", "sum")
    return Partial(f"SUM({distinct}{text}){OVER}", DOUBLE if value.type.name == "DOUBLE" else value.type, "SUM({p})", "sum")


def total(value: Sql, condition: str | None, dialect: str, distinct: bool = False) -> Aggregate:
    """SUM(value) of a number."""
    partial = _sum(value, condition, dialect, "DISTINCT " if distinct else "")
    whole = "SUM(DISTINCT) needs the events themselves" if distinct else None
    if value.type == BIGINT:
        attempt = "try_cast" if dialect == "spark" else "TRY_CAST"
        return Aggregate((partial,), lambda p: f"{attempt}({p[0]} AS BIGINT)", BIGINT, value.reads, whole)
    if value.type.name == "DECIMAL":
        kind = decimal(min(38, value.type.precision + 10), value.type.scale)
        return Aggregate((partial,), lambda p: f"CAST({p[0]} AS {kind})", kind, value.reads, whole)
    return Aggregate((partial,), lambda p: p[0], value.type, value.reads, whole)


def average(value: Sql, condition: str | None, dialect: str, distinct: bool = False) -> Aggregate:
    """AVG(value) of a number, a DOUBLE."""
    word = "DISTINCT " if distinct else ""
    partials = (_sum(value, condition, dialect, word), _count(word + guarded(value.text, condition)))
    whole = "AVG(DISTINCT) needs the events themselves" if distinct else None
    return Aggregate(partials, lambda p: f"(CAST({p[0]} AS DOUBLE) / NULLIF({p[1]}, 0))", DOUBLE, value.reads, whole)


def extreme(word: str, value: Sql, condition: str | None) -> Aggregate:
    """MIN or MAX, and of booleans BOOL_AND or BOOL_OR."""
    partial = Partial(f"{word}({guarded(value.text, condition)}){OVER}", value.type, f"{word}({{p}})", word)
    return Aggregate((partial,), lambda p: p[0], value.type, value.reads)


def spread(value: Sql, condition: str | None, dialect: str, sample: bool, root: bool) -> Aggregate:
    """VARIANCE and STDDEV, of the population or of a sample (which needs two values)."""
    number = convert(value, DOUBLE, dialect)
    text, top = guarded(number.text, condition), pieces.double(_SQUARES, dialect)
    low = f"CASE WHEN ABS({text}) <= {top} THEN {text} END"
    n = Partial(f"COUNT({text}){OVER}", BIGINT, "CAST(SUM({p}) AS BIGINT)", "count")
    mean = Partial(f"AVG({low}){OVER}", DOUBLE, "(SUM({n} * {p}) / NULLIF(SUM({n}), 0))", "mean")
    # M2 is -1 from a value on whose square is no double; it stays the smallest through every merge
    beyond, inside = pieces.double(-1.0, dialect), f"VAR_POP({low}){OVER} * COUNT({low}){OVER}"
    squares = f"CASE WHEN COUNT({text}){OVER} > COUNT({low}){OVER} THEN {beyond} ELSE {inside} END"
    apart = "({mean} - {m})"
    over = f"CASE WHEN MIN({{p}}) < 0 THEN {beyond} ELSE SUM({{p}} + {{n}} * {apart} * {apart}) END"
    least, less = (2, 1) if sample else (1, 0)

    def final(p: Sequence[str]) -> str:
        variance = f"{p[2]} / ({p[0]} - {less})"
        inside = f"SQRT({variance})" if root else variance
        return f"CASE WHEN {p[0]} >= {least} AND {p[2]} >= 0 THEN {inside} END"

    return Aggregate((n, mean, Partial(squares, DOUBLE, over, "squares")), final, DOUBLE, number.reads, variance=True)


def picked(word: str, value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """The value of the row whose `order` is the largest (word MAX) or smallest (MIN), as a struct of order and value."""
    names = [f"o{place}" for place in range(len(order))] + ["v"]
    parts = [*order, value]
    if dialect == "spark":
        made = "named_struct(" + ", ".join(f"'{n}', {part.text}" for n, part in zip(names, parts, strict=True)) + ")"
    else:
        made = "struct_pack(" + ", ".join(f"{n} := {part.text}" for n, part in zip(names, parts, strict=True)) + ")"
    kind = struct(**{n: part.type for n, part in zip(names, parts, strict=True)})
    partial = Partial(f"{word}({guarded(made, condition)}){OVER}", kind, f"{word}({{p}})", word)
    reads = pieces.reads_of(parts)
    return Aggregate(
        (partial,), lambda p: f"({p[0]}).v" if dialect == "spark" else f"struct_extract({p[0]}, 'v')", value.type, reads
    )


def every(word: str, value: Sql, condition: str | None) -> Aggregate:
    """BOOL_AND and BOOL_OR."""
    partial = Partial(f"{word}({guarded(value.text, condition)}){OVER}", BOOLEAN, f"{word}({{p}})", word)
    return Aggregate((partial,), lambda p: p[0], BOOLEAN, value.reads)


def whole(text: str, kind: Type, reads: frozenset[str], reason: str) -> Aggregate:
    """An aggregate that is asked of the engine as it stands, over all the rows at once."""
    return Aggregate((Partial(text, kind),), lambda p: p[0], kind, reads, reason)
