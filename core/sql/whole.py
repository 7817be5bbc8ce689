"""Lists of the events themselves, in their order: they grow with every event, so no tile could hold them."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.aggregates import Aggregate, Partial
from core.sql.bounds import kept
from core.sql.pieces import Sql, reads_of
from core.sql.types import STRING, Type, array

_WHY = "{} keeps every event's value, which no tile could hold"


def _list(value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> str:
    text = kept(value, dialect).text
    present = " AND ".join([f"({text}) IS NOT NULL", *([condition] if condition else [])])
    if dialect == "duckdb":
        places = ", ".join(f"{place.text} ASC NULLS FIRST" for place in order)
        return f"COALESCE(LIST({text} ORDER BY {places}) FILTER (WHERE {present}), [])"
    parts = ", ".join(f"'o{i}', {place.text}" for i, place in enumerate(order))
    return f"TRANSFORM(ARRAY_SORT(COLLECT_LIST(CASE WHEN {present} THEN named_struct({parts}, 'v', {text}) END)), s -> s.v)"


def collected(name: str, value: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """COLLECT_LIST and ARRAY_AGG: the values in the order of their events, NULLs left out; an empty list where there are none."""
    return _whole(_list(value, order, condition, dialect), array(value.type), [value, *order], name)


def joined(name: str, value: Sql, separator: Sql, order: Sequence[Sql], condition: str | None, dialect: str) -> Aggregate:
    """STRING_AGG and LISTAGG: the texts in the order of their events; NULL where there are none."""
    made = _list(value, order, condition, dialect)
    if dialect == "duckdb":
        text = f"CASE WHEN LEN({made}) > 0 THEN ARRAY_TO_STRING({made}, {separator.text}) END"
    else:
        text = f"CASE WHEN SIZE({made}) > 0 THEN ARRAY_JOIN({made}, {separator.text}) END"
    return _whole(text, STRING, [value, *order], name)


def _whole(text: str, kind: Type, read: Sequence[Sql], name: str) -> Aggregate:
    return Aggregate((Partial(text, kind),), lambda p: p[0], kind, reads_of(read), whole=_WHY.format(name))
