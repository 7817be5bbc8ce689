"""Aggregates as partials and a final form: the same pair answers a whole window in one go and a window put together from tiles.

`SUM(x)` of BIGINT is exact (its partial is DECIMAL(38,0)) and NULL beyond 64 bits. Averages are the exact sum divided by the
count. FIRST, LAST, MAX_BY and MIN_BY carry (order, value) as a struct, so equal keys are settled by time and position. What is
made of moments is in core.sql.moments, what asks for single values in core.sql.tallied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.sql import pieces
from core.sql.bounds import kept
from core.sql.pieces import Sql
from core.sql.tallies import Tally
from core.sql.types import BIG_SUM, BIGINT, BOOLEAN, DOUBLE, Type, decimal, struct

ORDERABLE = frozenset({"BIGINT", "DOUBLE", "DECIMAL", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "UNKNOWN"})
OVER = "\0"  # stands behind each aggregate in a partial's text, where a window takes its OVER; no user text holds it


@dataclass(frozen=True, slots=True)
class Partial:
    """One column of a tile. `text` computes it from rows, `merge` from several of it (None where it does not merge).

    In `merge`, {p} is the column, {f[i]} that of the aggregate's partial i, of which the first is the count, and {m[i]} the mean
    of the whole, where partial i is a mean and named in `about`.
    """

    text: str
    type: Type
    merge: str | None = None
    tag: str = "whole"  # with the arguments as written, what makes two partials one
    about: tuple[int, ...] = ()
    power: int = 1  # of the values, that it is a sum of: what rounding may change of it is a part of that power of their sizes

    def plain(self) -> str:
        """The text over a group."""
        return self.text.replace(OVER, "")

    def over(self, window: str) -> str:
        """The text over a window."""
        return self.text.replace(OVER, f" OVER ({window})")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A call of an aggregate: its partials, and the final value over their texts."""

    partials: tuple[Partial, ...]
    final: Callable[[Sequence[str]], str]
    type: Type
    reads: frozenset[str]
    whole: str | None = None  # why it needs the events themselves
    tally: Tally | None = None  # how tiles compute it, where not by these partials
    overflow: Callable[[Sequence[str]], str] | None = None  # whether the value is NULL only because it is beyond 64 bits

    @property
    def windowed(self) -> bool:
        """Whether it can be computed over a window."""
        return all(OVER in partial.text for partial in self.partials)


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


def exact_sum(value: Sql, condition: str | None, dialect: str, distinct: bool = False) -> Partial:
    """SUM of a number before it is cut to its type: of BIGINT and DECIMAL exact."""
    text = ("DISTINCT " if distinct else "") + guarded(value.text, condition)
    match value.type.name:
        case "BIGINT" if dialect == "duckdb":  # HUGEINT inside, exact
            return Partial(f"CAST(SUM({text}){OVER} AS DECIMAL(38,0))", BIG_SUM, "SUM({p})", "sum")
        case "BIGINT":
            wide = f"CAST({guarded(value.text, condition)} AS DECIMAL(20,0))"
            summed = f"SUM({'DISTINCT ' if distinct else ''}{wide}){OVER}"
            return Partial(f"CAST({summed} AS DECIMAL(38,0))", BIG_SUM, "SUM({p})", "sum")
        case "DECIMAL":
            kind = decimal(38, value.type.scale)
            return Partial(f"CAST(SUM({text}){OVER} AS {kind})", kind, f"CAST(SUM({{p}}) AS {kind})", "sum")
    return Partial(f"SUM({text}){OVER}", DOUBLE if value.type.name == "DOUBLE" else value.type, "SUM({p})", "sum")


def as_sum(text: str, kind: Type, dialect: str) -> tuple[str, Type]:
    """What `exact_sum` of a type gives, as the type of the SUM."""
    if kind == BIGINT:
        return f"{'try_cast' if dialect == 'spark' else 'TRY_CAST'}({text} AS BIGINT)", BIGINT
    if kind.name == "DECIMAL":
        wider = decimal(min(38, kind.precision + 10), kind.scale)
        return f"CAST({text} AS {wider})", wider
    return text, kind


def total(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """SUM(value) of a number."""
    kind = as_sum("", value.type, dialect)[1]

    def overflow(p: Sequence[str]) -> str:
        return f"{p[0]} NOT BETWEEN {pieces.INT64_MIN} AND {pieces.INT64_MAX}"

    return Aggregate(
        (exact_sum(value, condition, dialect),),
        lambda p: as_sum(p[0], value.type, dialect)[0],
        kind,
        value.reads,
        overflow=overflow if kind == BIGINT else None,
    )


def average(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """AVG(value) of a number, a DOUBLE."""
    partials = (exact_sum(value, condition, dialect), _count(guarded(value.text, condition)))
    return Aggregate(partials, lambda p: as_average(p[0], p[1]), DOUBLE, value.reads)


def as_average(added: str, counted: str) -> str:
    """A sum divided by a count."""
    return f"(CAST({added} AS DOUBLE) / NULLIF({counted}, 0))"


def extreme(word: str, value: Sql, condition: str | None) -> Aggregate:
    """MIN or MAX, and of booleans BOOL_AND or BOOL_OR."""
    partial = Partial(f"{word}({guarded(value.text, condition)}){OVER}", value.type, f"{word}({{p}})", word)
    return Aggregate((partial,), lambda p: p[0], value.type, value.reads)


def picked(word: str, value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """The value of the row whose `order` is the largest (word MAX) or smallest (MIN), as a struct of order and value."""
    value = kept(value, dialect)
    parts = {**{f"o{place}": part for place, part in enumerate(order)}, "v": value}
    made = pieces.struct({name: part.text for name, part in parts.items()}, dialect)
    kind = struct(**{name: part.type for name, part in parts.items()})
    partial = Partial(f"{word}({guarded(made, condition)}){OVER}", kind, f"{word}({{p}})", word)
    return Aggregate(
        (partial,),
        lambda p: f"({p[0]}).v" if dialect == "spark" else f"struct_extract({p[0]}, 'v')",
        value.type,
        pieces.reads_of(parts.values()),
    )


def every(word: str, value: Sql, condition: str | None) -> Aggregate:
    """BOOL_AND and BOOL_OR."""
    partial = Partial(f"{word}({guarded(value.text, condition)}){OVER}", BOOLEAN, f"{word}({{p}})", word)
    return Aggregate((partial,), lambda p: p[0], BOOLEAN, value.reads)
