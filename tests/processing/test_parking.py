"""A version whose work fails is left aside for longer and longer, and soon again after a good while."""

from __future__ import annotations

import pytest

from core.errors import Unavailable
from processing import parking
from processing.parking import LONGEST, Parking
from tests.processing.specs import group

SPEC = group()
VERSION = SPEC.versions[1]


@pytest.fixture
def clock(monkeypatch):
    time = [1000.0]
    monkeypatch.setattr(parking.time, "monotonic", lambda: time[0])
    return time


def fail(lot: Parking, error: Exception | None = None) -> list[str]:
    """-> the codes that were given up."""
    given_up: list[str] = []
    with lot.around(SPEC, VERSION, given_up.append):
        raise error or ZeroDivisionError
    return given_up


def seconds(lot: Parking, clock: list[float]) -> float:
    """For how long it is held; the clock is moved past it."""
    start = clock[0]
    while lot.holds(VERSION):
        clock[0] += 1
    return clock[0] - start


def test_twice_as_long_each_time_up_to_a_limit(clock):
    lot, waits = Parking(), []
    assert not lot.holds(VERSION)
    for _ in range(11):
        assert fail(lot) == ["v1"]
        waits.append(seconds(lot, clock))
        with lot.around(SPEC, VERSION, lambda code: None):
            pass  # something else that went well
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST


def test_after_a_long_time_without_trouble_it_is_the_first_again(clock):
    lot = Parking()
    for _ in range(5):
        fail(lot)
        seconds(lot, clock)
    clock[0] += LONGEST + 1
    fail(lot)
    assert seconds(lot, clock) == 2


def test_a_store_that_is_away_passes_through(clock):
    lot = Parking()
    with pytest.raises(Unavailable):
        fail(lot, Unavailable("redis_down", "no"))
    assert not lot.holds(VERSION)


def test_released_it_may_try_at_once(clock):
    lot = Parking()
    fail(lot)
    lot.release()
    assert not lot.holds(VERSION)
