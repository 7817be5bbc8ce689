"""Values at a past time and histories, computed from the log: the documents of the newest values, with as_of = the time asked.

STALE cannot be here, since the log is read up to its head; the caller's `max_age` alone may say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from backends.offline import evaluate, log
from core.clock import MICRO, format_time, now_us, parse_time
from core.entity import encode_key
from core.errors import Invalid
from serving import lookup
from serving.plan import Part, Plan
from serving.render import values_document
from serving.request import checked_age
from serving.routes import entity_of
from serving.rows import BEYOND_RETENTION, EMPTY_WINDOW, EXPIRED, NOT_FOUND, PRESENT, STALE, Rows

DEFAULT_LIMIT, MOST = 1000, 10_000
_HISTORY = ("start_time", "end_time", "limit", "cursor")
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


def is_history(parameters: Mapping[str, str]) -> bool:
    """Whether the values route is asked for a history."""
    return any(name in parameters for name in _HISTORY)


def values_at(project: str, ref: str, text: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """`?at=T` -> the values document at T. Raises Invalid: no time, a future one, or one beside a history."""
    if is_history(parameters):
        raise Invalid("invalid", "`at` asks for one time, `start_time` and `end_time` for a history", pointer="/at")
    t = past_time(parameters, "at")
    as_known = _switch(parameters, "as_known")
    max_age = checked_age(parameters.get("max_age"))
    plan = lookup.plan_now(project, ref)
    columns = entity_of(plan.parts[0], text, parameters)
    key = encode_key([columns[name][0] for name in plan.parts[0].group.entity])
    head = log.head(project).position
    rows = [
        _judged(part, evaluate.value_at(part.group, part.version, key, t, as_known=as_known, head=head), t, max_age)
        for part in plan.parts
    ]
    return values_document(plan, rows, {name: column[0] for name, column in columns.items()})


def _judged(part: Part, found: evaluate.Evaluated, t: int, max_age: float | None) -> Rows:
    if found.beyond:
        return Rows(_one(part.nulls), [BEYOND_RETENTION], [None], [t])
    if found.values is None:
        return Rows(_one(part.defaults), [EMPTY_WINDOW if found.any_event else NOT_FOUND], [None], [t])
    age = 0 if found.newest_us is None else t - found.newest_us
    if part.ttl is not None and age > part.ttl:
        return Rows(_one(part.nulls), [EXPIRED], [found.newest_us], [t])
    status = STALE if max_age is not None and age > max_age * MICRO else PRESENT
    return Rows(_one([found.values[name] for name in part.version.outputs]), [status], [found.newest_us], [t])


def _one(row: Sequence[Any]) -> list[tuple[Any]]:
    return [(value,) for value in row]


def history(project: str, ref: str, text: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """A row for each distinct event time in [start_time, end_time], ascending, the end clipped to now; `next`: cursor or null.

    Where too much of the log is purged to tell a row, its values are null and `statuses` say so.
    """
    now = now_us()
    start = past_time(parameters, "start_time", in_future=True) if "start_time" in parameters else None
    asked_end = past_time(parameters, "end_time", in_future=True) if "end_time" in parameters else now
    if start is not None and start > asked_end and "end_time" in parameters:
        raise Invalid("bad_range", "`start_time` is after `end_time`", pointer="/start_time")
    limit = _limit(parameters.get("limit"))
    plan = lookup.plan_now(project, ref)
    part = plan.parts[0]
    columns = entity_of(part, text, parameters)
    key = encode_key([columns[name][0] for name in part.group.entity])
    rows, more = history_rows(project, plan, key, start, min(asked_end, now), limit, parameters.get("cursor") or None)
    return {
        "feature_group": part.group.name,
        "version": part.version.number,
        "entity": {name: column[0] for name, column in columns.items()},
        "history": [_history_row(us, values, plan.features) for us, values in rows],
        "next": more,
    }


def history_rows(
    project: str, plan: Plan, key: str, start: int | None, end: int, limit: int, cursor: str | None = None
) -> tuple[list[tuple[int, dict[str, Any]]], str | None]:
    """One entity's (event time in us, {feature: value}), ascending, and the cursor of the next page. `end` is not after now.

    A feature that cannot be told any more is missing.

    The event times of an entity are the same in every window, as the log up to one position has them; what a purge takes while
    they are read is left out.
    """
    head = log.head(project).position
    found = [evaluate.history(part.group, part.version, key, start, end, limit, cursor, head) for part in plan.parts]
    names = [
        (name, place, plan.parts[place].version.outputs[i]) for name, (place, i) in zip(plan.features, plan.columns, strict=True)
    ]
    told = [dict(rows) for rows, _ in found]
    rows = []
    for us in told[0]:
        if all(us in of_part for of_part in told):
            values = [of_part[us] for of_part in told]
            rows.append((us, {name: of[output] for name, place, output in names if (of := values[place]) is not None}))
    return rows, found[0][1]


def _history_row(us: int, values: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    row = {"event_time": format_time(us), "values": {name: values.get(name) for name in names}}
    untold = {name: BEYOND_RETENTION for name in names if name not in values}
    return {**row, "statuses": untold} if untold else row


def past_time(parameters: Mapping[str, str], name: str, in_future: bool = False) -> int:
    """A time of the query in us; raises Invalid: bad_time, or future_time where it is after now (unless `in_future`)."""
    text = parameters[name]
    if "t" in text[:11].lower():
        text = _LOST_PLUS.sub("+", text)  # an offset whose + was not percent-encoded arrives as a blank
    try:
        us = parse_time(text)
    except ValueError as error:
        raise Invalid("bad_time", f"`{name}` is an RFC 3339 time: {error}", pointer=f"/{name}") from None
    if not in_future and us > now_us():
        raise Invalid("future_time", f"`{name}` is after now", pointer=f"/{name}")
    return us


def _switch(parameters: Mapping[str, str], name: str) -> bool:
    text = parameters.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise Invalid("invalid", f"`{name}` is true or false", pointer=f"/{name}")
    return text in ("true", "1")


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= MOST:
        raise Invalid("invalid_limit", f"`limit` is a number from 1 to {MOST}", pointer="/limit")
    return int(text)
