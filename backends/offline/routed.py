"""What of the log belongs to one group version: routing, event time and the rule on future times, when the log is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backends.offline.inputs import Event
from backends.offline.log_reading import LogRow
from backends.offline.pairs import FUTURE
from core.entity import InvalidKey
from core.routing import TAKES, BadTime, Route, entity_key, row_time, takes


def event_of(route: Route, row: LogRow) -> Event | None:
    """The row as an event of the route's group, or None where the group does not take it. Pure: the same at any later reading."""
    if row.source != route.source or takes(route, row.row, row.address) is not TAKES:
        return None
    place = _place(route, row)
    return None if place is None else Event(*place, row)


def _place(route: Route, row: LogRow) -> tuple[str, int] | None:
    """-> (encoded key, event time us) of a row by a route's keys and time column; None for a tombstone or without good ones."""
    if row.deleted:
        return None
    try:
        time = row_time(row.row, route.timestamp_column, route.time_kind, row.record_time)
        key = entity_key(route, row.row)
    except (BadTime, InvalidKey):
        return None
    return (key, time) if time <= row.ingested_at + FUTURE else None


class Routed:
    """Rows of one batch, read by many groups: keys and times are worked out once for each entity type and time column."""

    def __init__(self, rows: Sequence[LogRow]) -> None:
        self.rows = rows
        self._placed: dict[tuple[Any, ...], list[tuple[str, int] | None]] = {}

    def events(self, route: Route, upto: int) -> list[Event]:
        """Those of the rows that the group takes and that are live at a position, in their order."""
        key = (route.keys, route.timestamp_column, route.time_kind)
        placed = self._placed.get(key)
        if placed is None:
            placed = self._placed[key] = [_place(route, row) for row in self.rows]
        return [
            Event(place[0], place[1], row)
            for place, row in zip(placed, self.rows, strict=True)
            if place is not None
            and (row.superseded_pos is None or row.superseded_pos > upto)
            and row.source == route.source
            and takes(route, row.row, row.address) is TAKES
        ]


def events_of(route: Route, rows: Iterable[LogRow]) -> list[Event]:
    """Those of the rows that the group takes, in their order, live or not."""
    found = (event_of(route, row) for row in rows)
    return [event for event in found if event is not None]
