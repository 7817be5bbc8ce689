"""Aggregates that need all the events at once: lists, sets, percentiles, modes, correlations. Every order and every tie is
fixed."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.aggregates import Aggregate, guarded, whole
from core.sql.pieces import Sql, reads_of
from core.sql.types import DOUBLE, STRING, array

_TOP, _SQUARES = 1.7976931348623157e308, 1e150


def _finite(value: Sql, dialect: str) -> str:
    """A value for a list: -0.0 is 0.0, and NaN and Infinity are NULL, which lists leave out."""
    if value.type != DOUBLE:
        return value.text
    return f"CASE WHEN ABS({value.text}) <= {pieces.double(_TOP, dialect)} THEN {value.text} + {pieces.double(0.0, dialect)} END"


def _list(value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> str:
    text = _finite(value, dialect)
    kept = " AND ".join([f"({text}) IS NOT NULL", *([condition] if condition else [])])
    if dialect == "duckdb":
        places = ", ".join(f"{place.text} ASC NULLS FIRST" for place in order)
        return f"COALESCE(LIST({text} ORDER BY {places}) FILTER (WHERE {kept}), [])"
    parts = ", ".join(f"'o{i}', {place.text}" for i, place in enumerate(order))
    return f"TRANSFORM(ARRAY_SORT(COLLECT_LIST(CASE WHEN {kept} THEN named_struct({parts}, 'v', {text}) END)), s -> s.v)"


def collected(value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """COLLECT_LIST: the values in the order of their events, NULLs left out; an empty list where there are none."""
    reads = reads_of([value, *order])
    return whole(_list(value, order, condition, dialect), array(value.type), reads, "COLLECT_LIST needs the events themselves")


def distinct(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """COLLECT_SET: the distinct values, ascending."""
    text = _finite(value, dialect)
    if dialect == "duckdb":
        kept = " AND ".join([f"({text}) IS NOT NULL", *([condition] if condition else [])])
        made = f"COALESCE(LIST_SORT(LIST(DISTINCT {text}) FILTER (WHERE {kept})), [])"
    else:
        made = f"ARRAY_SORT(COLLECT_SET({guarded(text, condition)}))"
    return whole(made, array(value.type), value.reads, "COLLECT_SET needs the events themselves")


def joined(value: Sql, separator: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """STRING_AGG: the texts in the order of their events; NULL where there are none."""
    made = _list(value, order, condition, dialect)
    if dialect == "duckdb":
        text = f"CASE WHEN LEN({made}) > 0 THEN ARRAY_TO_STRING({made}, {separator.text}) END"
    else:
        text = f"CASE WHEN SIZE({made}) > 0 THEN ARRAY_JOIN({made}, {separator.text}) END"
    return whole(text, STRING, reads_of([value, *order]), "STRING_AGG needs the events themselves")


def percentile(value: Sql, at: float, condition: str | None, dialect: str, name: str) -> Aggregate:
    """PERCENTILE and MEDIAN: between the two nearest values, linearly."""
    text, place = guarded(value.text, condition), pieces.double(at, dialect)
    made = f"QUANTILE_CONT({text}, {place})" if dialect == "duckdb" else f"PERCENTILE({text}, {place})"
    return whole(made, DOUBLE, value.reads, f"{name} needs the events themselves")


def nearest(value: Sql, at: float, condition: str | None, dialect: str, name: str) -> Aggregate:
    """PERCENTILE_DISC, and PERCENTILE_APPROX, which is exact here: the smallest value with at least that share at or below it."""
    text, place = guarded(value.text, condition), pieces.double(at, dialect)
    index = f"GREATEST(CEIL({place} * COUNT({text})), 1)"
    if dialect == "duckdb":
        found = f"LIST_EXTRACT(LIST_SORT(LIST({text}) FILTER (WHERE ({text}) IS NOT NULL)), CAST({index} AS BIGINT))"
    else:  # its own PERCENTILE_DISC goes through DOUBLE
        found = f"GET(ARRAY_SORT(COLLECT_LIST({text})), CAST({index} AS INT) - 1)"
    return whole(found, value.type, value.reads, f"{name} needs the events themselves")


def mode(value: Sql, condition: str | None, dialect: str) -> Aggregate:
    """MODE: the most frequent value, the smallest of several."""
    text = guarded(value.text, condition)
    made = f"MODE({text} ORDER BY {text})" if dialect == "duckdb" else f"MODE({text}, TRUE)"
    return whole(made, value.type, value.reads, "MODE needs the events themselves")


def together(name: str, first: Sql, second: Sql, condition: str | None, dialect: str) -> Aggregate:
    """CORR, COVAR_POP and COVAR_SAMP over the pairs without NULL; NULL where a value is beyond 1e150, or where one side is
    constant."""
    top = pieces.double(_SQUARES, dialect)
    small = f"ABS({first.text}) <= {top} AND ABS({second.text}) <= {top}"
    present = " AND ".join([f"{first.text} IS NOT NULL AND {second.text} IS NOT NULL", *([condition] if condition else [])])
    a, b = (guarded(side.text, f"{present} AND {small}") for side in (first, second))
    beyond = f"COUNT(CASE WHEN {present} AND NOT ({small}) THEN 1 END) = 0"
    least = {
        "CORR": f"COUNT({a}) > 1 AND MIN({a}) < MAX({a}) AND MIN({b}) < MAX({b})",
        "COVAR_SAMP": f"COUNT({a}) > 1",
        "COVAR_POP": f"COUNT({a}) > 0",
    }
    measure = f"{name}({a}, {b})"
    if name == "CORR":  # Spark's own divides by zero where one side is constant, before any condition around it is looked at
        measure = f"COVAR_POP({a}, {b}) / NULLIF(SQRT(VAR_POP({a})) * SQRT(VAR_POP({b})), 0)"
    made = f"CASE WHEN {beyond} AND {least[name]} THEN {measure} END"
    return whole(made, DOUBLE, reads_of((first, second)), f"{name} needs the events themselves")
