"""What of the log belongs to one group version: routing, event time and the rule on future times, when the log is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from backends.offline.inputs import Event
from backends.offline.log_reading import LogRow
from backends.offline.pairs import FUTURE
from core import types
from core.entity import InvalidKey, key_text
from core.routing import TAKES, BadTime, Route, by_names, entity_key, row_time, takes


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
    """Rows of one batch, read by many groups: keys and times are worked out once for each entity type and time column, columns
    once for each type (see inputs.Columns), and who takes a row once for all windows of a version."""

    def __init__(self, rows: Sequence[LogRow]) -> None:
        self.rows = rows
        self._placed: dict[tuple[Any, ...], list[tuple[str, int] | None]] = {}
        self._events: dict[tuple[Route, int], list[Event]] = {}
        self._columns: dict[tuple[str, types.ColumnType], tuple[pa.Array, frozenset[int]]] = {}
        self._texts: dict[str, pa.Array] = {}
        numbers: dict[tuple[str, ...], int] = {}
        self._shape = [numbers.setdefault(tuple(row.row), len(numbers)) for row in rows]
        self._shapes = [frozenset(names) for names in numbers]

    def events(self, route: Route, upto: int) -> list[Event]:
        """Those of the rows that the group takes and that are live at a position, in their order."""
        found = self._events.get((route, upto))
        if found is None:
            found = self._events[route, upto] = self._taken(route, upto)
        return found

    def _taken(self, route: Route, upto: int) -> list[Event]:
        plain, name, source = [by_names(route, names) is TAKES for names in self._shapes], route.group_name, route.source
        return [
            Event(place[0], place[1], row, at)
            for at, (place, row, shape) in enumerate(zip(self._places(route), self.rows, self._shape, strict=True))
            if place is not None
            and (plain[shape] if row.address is None else row.address == name)
            and (row.superseded_pos is None or row.superseded_pos > upto)
            and row.source == source
        ]

    def unplaced(self, route: Route, upto: int) -> list[LogRow]:
        """Those of the rows, live at a position, that have no entity or no time by the group's columns: few, as a rule."""
        return [
            row
            for place, row in zip(self._places(route), self.rows, strict=True)
            if place is None and (row.superseded_pos is None or row.superseded_pos > upto)
        ]

    def _places(self, route: Route) -> list[tuple[str, int] | None]:
        key = (route.keys, route.timestamp_column, route.time_kind)
        placed = self._placed.get(key)
        if placed is None:
            placed = self._placed[key] = [_place(route, row) for row in self.rows]
        return placed

    def column(self, name: str, column_type: types.ColumnType) -> tuple[pa.Array, frozenset[int]]:
        """A column of all the rows as values of a type, with the indices of those that do not fit; made once."""
        found = self._columns.get((name, column_type))
        if found is None:
            values, wrong = types.coerce_column(column_type, [row.row.get(name) for row in self.rows])
            found = self._columns[name, column_type] = (values, frozenset(wrong))
        return found

    def texts(self, key: str) -> pa.Array:
        """An entity key of all the rows as text, NULL where it is no key; made once."""
        if key not in self._texts:
            self._texts[key] = pa.array([_text(row.row.get(key)) for row in self.rows], pa.string())
        return self._texts[key]


def _text(value: object) -> str | None:
    try:
        return key_text(value)
    except InvalidKey:
        return None


def events_of(route: Route, rows: Iterable[LogRow]) -> list[Event]:
    """Those of the rows that the group takes, in their order, live or not."""
    found = (event_of(route, row) for row in rows)
    return [event for event in found if event is not None]
