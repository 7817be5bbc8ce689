"""Brute force: what a feature is worth at time t, from the definition of windows alone, sharing nothing with the product.

V(t) = the aggregates over one entity's events with floor_h(t - W) < event time <= t, in microseconds UTC. Only the standard
library, and no cleverness: every value is computed from all events, anew.

An event is a dict: "us" its time, any columns, and where a test needs them "event_id", "revision", "deleted", "ingested" (µs).
Events stand in the order in which they were accepted, which breaks ties of time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

SECOND = 1_000_000
UNITS = {"m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
BRACKETS = (("1h", "1m"), ("12h", "5m"), ("1d", "15m"), ("7d", "1h"), ("30d", "6h"), ("36500d", "1d"))
SIX = ("1h", "6h", "12h", "1d", "7d", "30d")

Event = Mapping[str, Any]
Column = str | Callable[[Event], Any]
Output = tuple[Any, ...]
"""("sum", column) and the like; a column is a name or a function of the event; ("count",) alone counts rows."""


def micros(text: str) -> int:
    """'7d' -> its length in microseconds."""
    return int(text[:-1]) * UNITS[text[-1]]


def hop(window: str) -> int:
    """The step of a window's lower edge, in microseconds."""
    size = micros(window)
    return next(micros(step) for upto, step in BRACKETS if size <= micros(upto))


def lower(t: int, window: str | None) -> int | None:
    """The exclusive lower edge at t; None for the whole history."""
    if window is None:
        return None
    return (t - micros(window)) // hop(window) * hop(window)


def leaves(us: int, window: str) -> int:
    """The first t at which an event at `us` no longer counts."""
    return -(-us // hop(window)) * hop(window) + micros(window)


def live(events: Iterable[Event], upto: int | None = None) -> list[Event]:
    """The events that stand after duplicates, corrections and tombstones; `upto` = only the first so many are known.

    With an event_id: a higher revision replaces, a tombstone wins at an equal one, anything else is a duplicate.
    """
    standing: dict[Any, Event] = {}
    for number, event in enumerate(events):
        if upto is not None and number >= upto:
            break
        key = ("id", event["event_id"]) if event.get("event_id") is not None else ("number", number)
        before = standing.get(key)
        if before is not None and _rank(event) <= _rank(before):
            continue
        standing.pop(key, None)  # a correction stands where it came, not where the corrected one stood
        standing[key] = event
    return [event for event in standing.values() if not event.get("deleted")]


def _rank(event: Event) -> tuple[int, bool]:
    return event.get("revision", 0), bool(event.get("deleted"))


def inside(
    events: Sequence[Event], t: int, window: str | None, *, exclusive: bool = False, ingested_by: int | None = None
) -> list[Event]:
    """The events that count at t, in (time, acceptance) order. `exclusive`: those at t itself do not."""
    low = lower(t, window)
    counted = [
        event
        for event in events
        if (event["us"] < t if exclusive else event["us"] <= t)
        and (low is None or event["us"] > low)
        and (ingested_by is None or event["ingested"] <= ingested_by)
    ]
    return sorted(counted, key=lambda event: event["us"])  # sorted() keeps the order of equals


def value(
    events: Sequence[Event],
    t: int,
    window: str | None,
    outputs: Mapping[str, Output],
    *,
    where: Callable[[Event], bool] | None = None,
    having: Callable[[Mapping[str, Any]], bool] | None = None,
    exclusive: bool = False,
    ingested_by: int | None = None,
) -> dict[str, Any] | None:
    """V(t) of one entity as {output: value}; None where the SQL gives no row, as over an empty window."""
    counted = inside(events, t, window, exclusive=exclusive, ingested_by=ingested_by)
    counted = [event for event in counted if where is None or where(event)]
    if not counted:
        return None
    row = {name: aggregate(output, counted) for name, output in outputs.items()}
    return row if having is None or having(row) else None


def status(events: Sequence[Event], t: int, window: str | None, row: Mapping[str, Any] | None, name: str) -> str:
    """The status of one output while nothing is stale: NOT_FOUND, EMPTY_WINDOW, NULL or PRESENT."""
    if not any(event["us"] <= t for event in events):
        return "NOT_FOUND"
    if row is None:
        return "EMPTY_WINDOW"
    return "NULL" if row[name] is None else "PRESENT"


def history(
    events: Sequence[Event], start: int, end: int, window: str | None, outputs: Mapping[str, Output]
) -> list[tuple[int, dict[str, Any] | None]]:
    """V at each distinct event time of the entity in [start, end], ascending."""
    times = sorted({event["us"] for event in events if start <= event["us"] <= end})
    return [(t, value(events, t, window, outputs)) for t in times]


def aggregate(output: Output, events: Sequence[Event]) -> Any:
    """One SQL aggregate over events in (time, acceptance) order; None is NULL."""
    kind, *columns = output
    if kind == "count" and not columns:
        return len(events)
    cells = [tuple(_cell(event, column) for column in columns) for event in events]
    if kind in ("first", "last"):
        return cells[0 if kind == "first" else -1][0]
    if kind in ("max_by", "min_by"):  # (value, order): on equal orders the later, for min_by the earlier
        ranked = [(order, number, given) for number, (given, order) in enumerate(cells) if order is not None]
        if not ranked:
            return None
        return (max if kind == "max_by" else min)(ranked, key=lambda one: one[:2])[2]
    present = [cell for (cell,) in cells if cell is not None]
    match kind:
        case "count":
            return len(present)
        case "count_if":
            return sum(bool(cell) for cell in present)
        case "count_distinct":
            return len(set(present))
        case "histogram":
            return dict(Counter(present))
    return _over_values(kind, present) if present else None


def _cell(event: Event, column: Column) -> Any:
    return column(event) if callable(column) else event.get(column)


def _over_values(kind: str, present: Sequence[Any]) -> Any:
    match kind:
        case "sum":
            total = _sum(present)
            return None if isinstance(total, int) and not -(2**63) <= total < 2**63 else total
        case "avg":
            return _sum(present) / len(present)
        case "min":
            return min(present)
        case "max":
            return max(present)
        case "bool_and":
            return all(present)
        case "bool_or":
            return any(present)
        case "var_pop" | "stddev_pop" | "var_samp" | "stddev_samp":
            count = len(present) - (1 if kind.endswith("_samp") else 0)
            if count == 0:
                return None
            mean = math.fsum(present) / len(present)
            variance = math.fsum((x - mean) ** 2 for x in present) / count
            return math.sqrt(variance) if kind.startswith("stddev") else variance
    raise ValueError(f"no such aggregate: {kind}")


def _sum(present: Sequence[Any]) -> Any:
    return math.fsum(present) if any(isinstance(x, float) for x in present) else sum(present)


def size(events: Iterable[Event], column: Column) -> float:
    """The sum of |x| of the inputs: doubles may differ by 1e-9 of it."""
    return math.fsum(abs(float(cell)) for cell in (_cell(event, column) for event in events) if cell is not None)


def same(got: Any, want: Any, scale: float = 0.0) -> bool:
    """Equal, integers exactly; doubles within 1e-9 of the value or of `scale`, the sum of |x| of the inputs. A DECIMAL may come
    as text."""
    if isinstance(want, Decimal):
        return got is not None and Decimal(str(got)) == want
    if type(got) is int and type(want) is int:
        return got == want
    if _is_number(got) and _is_number(want):
        return math.isclose(got, want, rel_tol=1e-9, abs_tol=max(1e-12, 1e-9 * scale))
    return bool(got == want)


def _is_number(thing: Any) -> bool:
    return isinstance(thing, (int, float)) and not isinstance(thing, bool)


def iso(us: int) -> str:
    """Microseconds -> RFC 3339 with Z."""
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )


def from_iso(text: str) -> int:
    """RFC 3339 -> microseconds; a naive time is UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
