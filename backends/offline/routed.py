"""What of the log belongs to one group version: routing, event time and the rules on future times, applied when the log is read."""

from __future__ import annotations

from collections.abc import Iterable

from backends.offline.inputs import Event
from backends.offline.log_reading import LogRow
from backends.offline.pairs import FUTURE
from core.routing import TAKES, BadTime, Route, entity_key, row_time, takes


def event_of(route: Route, row: LogRow) -> Event | None:
    """The row as an event of the route's group, or None where the group does not take it. Pure: the same answer at any later reading."""
    if row.deleted or row.source != route.source or takes(route, row.row, row.address) is not TAKES:
        return None
    try:
        time = row_time(row.row, route.timestamp_column, route.time_kind, row.record_time)
    except BadTime:
        return None
    if time > row.ingested_at + FUTURE:
        return None
    return Event(entity_key(route, row.row), time, row)


def events_of(route: Route, rows: Iterable[LogRow]) -> list[Event]:
    """Those of the rows that the group takes, in their order."""
    found = (event_of(route, row) for row in rows)
    return [event for event in found if event is not None]
