"""Aggregates that ask for single values: distinct ones, percentiles, modes, the most frequent. Over rows the engine computes
them as they stand, over tiles they are answers of a tally; both give the same. Every order and every tie is fixed.

As in lists, -0.0 is 0.0, and a value that is not finite counts as NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.sql import pieces
from core.sql.aggregates import Aggregate, Partial, as_average, as_sum, exact_sum, guarded
from core.sql.bounds import kept
from core.sql.casts import convert
from core.sql.pieces import Sql
from core.sql.tallies import Tally
from core.sql.types import BIGINT, DOUBLE, Type, array, struct

_Final = Callable[[Sequence[str]], str]


def count(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """COUNT(DISTINCT value)."""
    value = kept(value, dialect)
    text = f"COUNT(DISTINCT {guarded(value.text, condition)})"
    return _made(text, BIGINT, value, condition, ["COUNT(z.v)"], lambda p: f"COALESCE({p[0]}, 0)")


def total(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """SUM(DISTINCT value)."""
    value = kept(value, dialect)
    kind = as_sum("", value.type, dialect)[1]
    answers = [exact_sum(_entry(value), None, dialect).plain()]
    made = exact_sum(value, condition, dialect, distinct=True).plain()

    def final(p: Sequence[str]) -> str:
        return as_sum(p[0], value.type, dialect)[0]

    return _made(final([made]), kind, value, condition, answers, final)


def average(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """AVG(DISTINCT value)."""
    value = kept(value, dialect)
    answers = [exact_sum(_entry(value), None, dialect).plain(), "COUNT(z.v)"]
    added = exact_sum(value, condition, dialect, distinct=True).plain()
    text = as_average(added, f"COUNT(DISTINCT {guarded(value.text, condition)})")
    return _made(text, DOUBLE, value, condition, answers, lambda p: as_average(p[0], p[1]))


def values(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """COLLECT_SET: the distinct values, ascending; an empty list where there are none."""
    value, kind = kept(value, dialect), array(value.type)
    if dialect == "spark":
        text, listed = f"ARRAY_SORT(COLLECT_SET({guarded(value.text, condition)}))", "ARRAY_SORT(COLLECT_LIST(z.v))"
    else:
        text = f"LIST_SORT(LIST(DISTINCT {value.text}) FILTER (WHERE {_present(value, condition)}))"
        listed = "LIST(z.v ORDER BY z.v) FILTER (WHERE z.v IS NOT NULL)"
    return _made(_or_empty(text, kind, dialect), kind, value, condition, [listed], lambda p: _or_empty(p[0], kind, dialect))


def percentile(value: Sql, at: float, condition: str | None, dialect: str) -> Aggregate:
    """PERCENTILE and MEDIAN: between the two nearest values, linearly."""
    value, place = kept(value, dialect), pieces.double(at, dialect)
    number, entry = (guarded(convert(value, DOUBLE, dialect).text, condition), convert(_entry(value), DOUBLE, dialect).text)
    text = f"QUANTILE_CONT({number}, {place})" if dialect == "duckdb" else f"PERCENTILE({number}, {place})"
    between = f"({place} * (z.total - 1))"
    answers = [
        f"MIN(CASE WHEN z.upto > FLOOR{between} THEN {entry} END)",
        f"MIN(CASE WHEN z.upto > CEIL{between} THEN {entry} END)",
        f"MAX({between} - FLOOR{between})",
    ]

    def final(p: Sequence[str]) -> str:
        return f"CASE WHEN {p[0]} = {p[1]} THEN {p[0]} ELSE {p[0]} * (1 - {p[2]}) + {p[1]} * {p[2]} END"

    return _made(text, DOUBLE, value, condition, answers, final)


def nearest(value: Sql, at: float, condition: str | None, dialect: str) -> Aggregate:
    """PERCENTILE_DISC, and PERCENTILE_APPROX, which is exact here: the smallest value with at least that share at or below it."""
    value, place = kept(value, dialect), pieces.double(at, dialect)
    text = guarded(value.text, condition)
    index = f"GREATEST(CEIL({place} * COUNT({text})), 1)"
    if dialect == "duckdb":
        found = f"LIST_EXTRACT(LIST_SORT(LIST({text}) FILTER (WHERE ({text}) IS NOT NULL)), CAST({index} AS BIGINT))"
    else:  # its own PERCENTILE_DISC goes through DOUBLE
        found = f"GET(ARRAY_SORT(COLLECT_LIST({text})), CAST({index} AS INT) - 1)"
    answer = f"MIN(CASE WHEN z.upto >= GREATEST(CEIL({place} * z.total), 1) THEN z.v END)"
    return _made(found, value.type, value, condition, [answer], lambda p: p[0])


def mode(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """MODE: the most frequent value, the smallest of several."""
    value = kept(value, dialect)
    text = guarded(value.text, condition)
    if not value.reads:  # a constant, which DuckDB takes for the share of a percentile
        made = f"MAX({text})"
    else:
        made = f"MODE({text} ORDER BY {text})" if dialect == "duckdb" else f"MODE({text}, TRUE)"
    return _made(made, value.type, value, condition, ["MIN(CASE WHEN z.n = z.most THEN z.v END)"], lambda p: p[0])


def frequent(value: Sql, most: int, condition: str | None, dialect: str) -> Aggregate:
    """APPROX_TOP_K, which is exact here: the most frequent values with their counts, NULL among them; of equal counts the smaller
    value comes first, NULL last."""
    value = kept(value, dialect)
    kind = array(struct(item=value.type, count=BIGINT))
    if dialect == "duckdb":
        entry = pieces.struct({"item": "z.v", "count": "z.n"}, dialect)
        answer = f"LIST({entry} ORDER BY z.place) FILTER (WHERE z.place <= {most})"
    else:
        entry = pieces.struct({"place": "z.place", "item": "z.v", "count": "z.n"}, dialect)
        listed = f"ARRAY_SORT(COLLECT_LIST(CASE WHEN z.place <= {most} THEN {entry} END))"
        answer = f"TRANSFORM({listed}, e -> {pieces.struct({'item': 'e.item', 'count': 'e.count'}, dialect)})"
    text = _or_empty(_counted(value.text, most, condition, dialect), kind, dialect)
    return _made(text, kind, value, condition, [answer], lambda p: _or_empty(p[0], kind, dialect))


def _counted(text: str, most: int, condition: str | None, dialect: str) -> str:
    """The most frequent values over rows, of any number of values."""
    row = pieces.struct({"x": text}, dialect)
    if dialect == "duckdb":
        where = f" FILTER (WHERE {condition})" if condition else ""
        key, count = "struct_extract(e.key, 'x')", "CAST(e.value AS BIGINT)"
        entry = pieces.struct({"less": f"-{count}", "none": f"{key} IS NULL", "item": key}, dialect)
        entries = f"LIST_SORT(LIST_TRANSFORM(MAP_ENTRIES(HISTOGRAM({row}){where}), lambda e: {entry}))"
        return f"LIST_TRANSFORM({entries}[1:{most}], lambda e: {pieces.struct({'item': 'e.item', 'count': '-e.less'}, dialect)})"
    # l: the rows in order; s: where in it each value begins
    rows = f"ARRAY_SORT(COLLECT_LIST({guarded(row, condition)}))"
    starts = "FILTER(TRANSFORM(l, (e, i) -> i), i -> i = 0 OR NOT (GET(l, i).x <=> GET(l, i - 1).x))"
    less = "CAST(b - COALESCE(GET(s, j + 1), SIZE(l)) AS BIGINT)"
    entry = pieces.struct({"less": less, "none": "GET(l, b).x IS NULL", "item": "GET(l, b).x"}, dialect)
    entries = f"SLICE(ARRAY_SORT(TRANSFORM(s, (b, j) -> {entry})), 1, {most})"
    shown = f"TRANSFORM({entries}, e -> {pieces.struct({'item': 'e.item', 'count': '-e.less'}, dialect)})"
    return f"TRANSFORM(ARRAY({rows}), l -> TRANSFORM(ARRAY({starts}), s -> {shown})[0])[0]"


def _made(text: str, kind: Type, value: Sql, condition: str | None, answers: Sequence[str], final: _Final) -> Aggregate:
    tally = Tally(value, condition, tuple(answers), final, kind)
    return Aggregate((Partial(text, kind),), lambda p: p[0], kind, value.reads, tally=tally)


def _entry(value: Sql) -> Sql:
    """The value of an entry."""
    return Sql("z.v", value.type)


def _present(value: Sql, condition: str | None) -> str:
    return " AND ".join([f"({value.text}) IS NOT NULL", *([condition] if condition else [])])


def _or_empty(text: str, kind: Type, dialect: str) -> str:
    return f"COALESCE({text}, [])" if dialect == "duckdb" else f"COALESCE({text}, CAST(ARRAY() AS {kind.spelled(dialect)}))"
