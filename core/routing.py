"""Which group takes which row: a pure function of (row, route), evaluated when the log is read and wherever rows are counted.

It runs once per row and group, so a Route carries everything it needs as ready sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from core.clock import LAST, parse_time
from core.entity import SURE, InvalidKey, key_of, key_text
from core.epoch import UNIT_US, epoch_us
from core.errors import Invalid

_ABSENT = object()


class Outcome(Enum):
    """What a group says to a row."""

    TAKES = "takes"
    NULL_KEY = "null_key"  # it would take the row, but a key is null (addressed: null or absent)
    BAD_KEY = "bad_key"  # it would take the row, but a key is no text or integer, empty or too long
    NEAR_MISS = "near_miss"  # the keys are good, another input column is absent
    SKIPS = "skips"


TAKES, NULL_KEY, BAD_KEY, NEAR_MISS, SKIPS = Outcome.TAKES, Outcome.NULL_KEY, Outcome.BAD_KEY, Outcome.NEAR_MISS, Outcome.SKIPS


@dataclass(frozen=True)
class Route:
    """What of a definition decides its rows. `input_columns` are the SQL's columns without keys and time column."""

    keys: tuple[str, ...]
    input_columns: tuple[str, ...]
    timestamp_column: str
    time_kind: str
    group_name: str
    source: str = "events"
    _key_set: frozenset[str] = field(init=False, repr=False, compare=False)
    _needed: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key_set", frozenset(self.keys))
        object.__setattr__(self, "_needed", frozenset(self.input_columns) - {self.timestamp_column, *self.keys})


def takes(route: Route, row: Mapping[str, Any], address: str | None = None) -> Outcome:
    """What the group of `route` says to a row of its source; `address` is the group the row was sent to, if any.

    A plain row needs every key not null and every other input column present (null counts, the time column need not be).
    An addressed row needs only the keys; a column it lacks is NULL.
    """
    names = row.keys()
    if address is not None:
        return _keys(route, row) if address == route.group_name else SKIPS
    if not names >= route._key_set:
        return SKIPS
    if names >= route._needed:
        return _keys(route, row)
    return NEAR_MISS if _keys(route, row) is TAKES else SKIPS


def by_names(route: Route, names: AbstractSet[str]) -> Outcome:
    """What `takes` says to a plain row of these names whose keys are all good: TAKES, NEAR_MISS or SKIPS."""
    if not names >= route._key_set:
        return SKIPS
    return TAKES if names >= route._needed else NEAR_MISS


def _keys(route: Route, row: Mapping[str, Any]) -> Outcome:
    found = TAKES
    for key in route.keys:
        value = row.get(key)
        if type(value) is str and 0 < len(value) <= SURE:
            continue
        if value is None:
            return NULL_KEY
        try:
            key_text(value)
        except InvalidKey:
            found = BAD_KEY
    return found


def entity_key(route: Route, row: Mapping[str, Any]) -> str:
    """The encoded entity key of a row that the route takes; raises InvalidKey otherwise."""
    return key_of(row, route.keys)


class BadTime(Invalid):
    """A time that is not of the column's kind, or outside 1970 to 2262."""

    def __init__(self, detail: str) -> None:
        super().__init__("bad_timestamp", detail)


def row_time(row: Mapping[str, Any], column: str, kind: str, fallback_us: int) -> int:
    """The event time of a row in microseconds; `fallback_us` (the record's time, or arrival) where the row has no such column.

    `kind` is TIMESTAMP (RFC 3339 text), EPOCH_S or EPOCH_MS (numbers; finer fractions are floored). Raises BadTime, for null too:
    a sender that names the column and leaves it empty has lost a time, and arrival would be a wrong one.
    How far in the future a time may be is the caller's to decide.
    """
    value = row.get(column, _ABSENT)
    if value is _ABSENT:
        return fallback_us
    unit = UNIT_US.get(kind)
    if unit is None:
        if type(value) is not str:
            raise BadTime(f"{column} is RFC 3339 text; declare it EPOCH_S or EPOCH_MS to send numbers")
        try:
            return parse_time(value)
        except ValueError as error:
            raise BadTime(f"{column}: {error}") from None
    us = epoch_us(value, unit)
    if us is None or not 0 <= us < LAST:
        raise BadTime(f"{column} is a number of {'seconds' if kind == 'EPOCH_S' else 'milliseconds'} from 1970 to 2262")
    return us
