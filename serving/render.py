"""Answers written down: the JSON of the values route and of online-features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from core.clock import MICRO, format_time
from serving.plan import Part, Plan
from serving.rows import PRESENT, Rows, status_of

_EPOCH = datetime(1970, 1, 1)  # naive: orjson puts the Z by its own flags, and an aware one costs more
_TIMES = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def values_document(plan: Plan, rows: Sequence[Rows], entity: Mapping[str, str]) -> dict[str, Any]:
    """One entity of one group -> {feature_group, version, entity, as_of, window, values}; `windows` where it has several."""
    part, first = plan.parts[0], rows[0]
    document: dict[str, Any] = {
        "feature_group": part.group.name,
        "version": part.version.number,
        "entity": dict(entity),
        "as_of": format_time(min([one.as_of[0] for one in rows]) if part.several else first.as_of[0]),
        "window": None if part.several else _window(part, first),
    }
    if not part.several:
        document["values"] = _values(part, first, [output for _, output in plan.columns])
        return document
    found: dict[str, Any] = {}
    for place, one in enumerate(plan.parts):
        found |= _values(one, rows[place], [output for at, output in plan.columns if at == place])
    document["windows"] = {one.version.window: _window(one, of_part) for one, of_part in zip(plan.parts, rows, strict=True)}
    document["values"] = {name: found[name] for name in plan.features}
    return document


def _window(part: Part, rows: Rows) -> dict[str, str] | None:
    if part.window is None:
        return None
    as_of = rows.as_of[0]
    return {"size": part.window.label, "start": format_time(part.window.lower(as_of)), "end": format_time(as_of)}


def _values(part: Part, rows: Rows, outputs: Sequence[int]) -> dict[str, Any]:
    newest = rows.newest[0]
    seen = None if newest is None else format_time(newest)
    age = None if newest is None else (rows.as_of[0] - newest) / MICRO
    found, features = {}, part.features
    for i in outputs:
        value = rows.columns[i][0]
        found[features[i]] = {
            "value": orjson.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value,
            "status": status_of(rows.statuses[0], value),
            "event_time": seen,
            "age_seconds": age,
        }
    return found


def online_json(plan: Plan, rows: Sequence[Rows], compact: bool) -> bytes:
    """Many features x entities -> {metadata, results}; `compact` leaves out statuses and times where a feature is all PRESENT."""
    metadata = {"feature_names": plan.names, "versions": [plan.parts[place].version.number for place, _ in plan.columns]}
    # One group's times and, where no value is NULL, its statuses are the same for each feature: written once, copied after that.
    times = [orjson.Fragment(event_times(part)) for part in rows]
    statuses = [orjson.Fragment(orjson.dumps(part.statuses)) for part in rows]
    whole = [part.statuses.count(PRESENT) == len(part.statuses) for part in rows]
    results: list[dict[str, Any]] = []
    for place, output in plan.columns:
        part = rows[place]
        column = part.columns[output]
        nulls = not part.full and None in column
        if compact and whole[place] and not nulls:
            results.append({"values": column})
            continue
        status: Any = statuses[place]
        if nulls:
            status = [status_of(row, value) for row, value in zip(part.statuses, column, strict=True)]
        results.append({"values": column, "statuses": status, "event_times": times[place]})
    return orjson.dumps({"metadata": metadata, "results": results}, option=orjson.OPT_SERIALIZE_NUMPY)


def event_times(rows: Rows) -> bytes:
    """The newest event of each entity as a JSON list of times or null."""
    return orjson.dumps([None if us is None else _EPOCH + timedelta(microseconds=us) for us in rows.newest], option=_TIMES)
