"""Time: int64 microseconds of UTC, however it is written."""

from __future__ import annotations

import pytest

from tests import oracle
from tests.processing.world import World

SQL = "SELECT user_id, MAX({time}) AS t, COUNT(*) AS n FROM input_data GROUP BY user_id"


def counted(world: World, sent: object, kind: str = "TIMESTAMP") -> tuple[list[tuple[int, str, str]], int | None]:
    """One event with this time -> (refusals, its time in us as the group sees it)."""
    world.define("g", SQL.format(time="seen_at"), columns={"seen_at": kind}, timestamp_column="seen_at")
    refused = world.push([{"user_id": "u", "seen_at": sent}]).rejected
    world.settle()
    text = world.served("g", "u").values["t"]
    return refused, None if text is None else oracle.from_iso(text)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00+03:00", "2026-03-01T07:00:00Z"),
        ("2026-03-01T10:00:00.5-03:30", "2026-03-01T13:30:00.5Z"),
        ("2026-03-01T00:30:00+14:00", "2026-02-28T10:30:00Z"),
    ],
)
def test_a_time_with_an_offset_is_converted(world, sent, meant):
    assert counted(world, sent) == ([], oracle.from_iso(meant))


@pytest.mark.parametrize("sent", ["2026-03-01T10:00:00", "2026-03-01 10:00:00", "2026-03-01T10:00"])
def test_a_naive_time_is_utc(world, sent):
    assert counted(world, sent) == ([], oracle.from_iso("2026-03-01T10:00:00Z"))


@pytest.mark.parametrize(
    ("sent", "kind", "micros"),
    [
        ("2026-03-01T10:00:00.1234569Z", "TIMESTAMP", 123_456),
        ("2026-03-01T10:00:00.999999999Z", "TIMESTAMP", 999_999),
        (1772359200.123456, "EPOCH_S", 123_456),
        (1772359200123.4569, "EPOCH_MS", 123_456),
        (1772359200, "EPOCH_S", 0),
        (1772359200123, "EPOCH_MS", 123_000),
    ],
)
def test_finer_fractions_than_microseconds_are_floored(world, sent, kind, micros):
    refused, us = counted(world, sent, kind)
    assert (refused, us) == ([], oracle.from_iso("2026-03-01T10:00:00Z") + micros)


def test_no_calendar_and_no_daylight_saving_a_day_is_86400_seconds(world):
    """In many zones 2026-03-29 has 23 hours; a window of one day does not know."""
    world.clock = oracle.from_iso("2026-03-29T12:00:00Z")
    world.define("day", "SELECT user_id, COUNT(*) AS n FROM input_data GROUP BY user_id", window="1d")
    world.push([{"user_id": "u", "timestamp": oracle.iso(world.clock - 86_400_000_000 + us)} for us in (0, 1)])
    world.settle()
    assert world.served("day", "u").values == {"n": 1}


@pytest.mark.parametrize("sent", ["1969-12-31T23:59:59.999999Z", "2262-01-01T00:00:00Z"])
def test_times_outside_1970_to_2262_are_refused(world, sent):
    (refused,), us = counted(world, sent)
    assert (refused[1], us) == ("bad_timestamp", None)


def test_the_first_moment_of_1970_counts(world):
    assert counted(world, "1970-01-01T00:00:00Z") == ([], 0)
