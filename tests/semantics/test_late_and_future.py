"""Late events always count; events up to five minutes ahead wait for their time; clocks that go back change neither."""

from __future__ import annotations

import pytest

from core.clock import MICRO
from tests import oracle
from tests.processing.world import NOON, World, event

MINUTE, DAY = 60 * MICRO, 86_400 * MICRO
PATHS = {
    "tiles": "SELECT user_id, COUNT(*) AS n, SUM(amount) AS total FROM input_data GROUP BY user_id",
    "recompute": "SELECT user_id, COUNT(*) AS n, SUM(amount) AS total, COLLECT_LIST(amount) AS m FROM input_data"
    " GROUP BY user_id",
    "row": "SELECT user_id, 1 AS n, amount AS total FROM input_data",
}


@pytest.fixture(params=PATHS)
def path(request):
    return request.param


@pytest.fixture(params=[None, "1h"], ids=["whole", "1h"])
def window(request):
    return request.param


@pytest.fixture
def group(world: World, path, window):
    world.define("g", PATHS[path], window=window, columns={"amount": "DOUBLE"})
    world.settle()
    return path


def push(world: World, *events: tuple[float, float]) -> None:
    """(seconds from the world's clock, amount) of user u, then everything is applied."""
    shift = (world.clock - NOON) / MICRO
    outcome = world.push([event("u", shift + seconds, amount) for seconds, amount in events])
    assert outcome.rejected == []
    world.settle()


def total(world: World, clock: int | None = None) -> object:
    return world.served("g", "u", clock).values["total"]


def test_an_event_counts_however_late_it_comes(world, group, window):
    push(world, (-1, 1.0))
    push(world, (-3000, 2.0), (-700 * 86_400, 4.0))
    inside = 7.0 if window is None else 3.0
    assert total(world) == (1.0 if group == "row" else inside)
    assert (world.at("g", "u", NOON - 3000 * MICRO) or {})["total"] == (2.0 if group == "row" or window else 6.0)
    assert (world.at("g", "u", NOON - 700 * DAY) or {})["total"] == 4.0


def test_five_minutes_ahead_is_stored_and_a_microsecond_more_is_refused(world, group):
    rows = [{**event("u", 0, 1.0), "timestamp": oracle.iso(NOON + 5 * MINUTE + us)} for us in (0, 1)]
    outcome = world.push(rows)
    assert (outcome.accepted, outcome.held) == (1, 1)
    assert [(index, code) for index, code, _ in outcome.rejected] == [(1, "future_timestamp")]


def test_what_is_ahead_is_held_and_counts_from_its_own_time_on(world, group):
    push(world, (-1, 1.0), (60, 2.0), (240, 4.0))
    due = [NOON + 60 * MICRO, NOON + 240 * MICRO]
    sums = (1.0, 2.0, 4.0) if group == "row" else (1.0, 3.0, 7.0)
    assert total(world) == sums[0]
    assert total(world, due[0] - 1) == sums[0]
    assert total(world, due[0]) == sums[1], "a reader meets it before the sweeper"
    for clock, value in ((due[0] - 1, sums[0]), (due[0], sums[1]), (due[1] - 1, sums[1]), (due[1], sums[2])):
        world.clock = clock
        world.settle()
        assert (total(world), world.served("g", "u").as_of) == (value, clock)


def test_what_is_held_survives_batches_that_come_before_its_time(world, group):
    push(world, (60, 2.0))
    world.clock += 30 * MICRO
    push(world, (-1, 1.0))
    assert total(world) == 1.0
    world.clock += 30 * MICRO
    world.settle()
    assert total(world) == (2.0 if group == "row" else 3.0)


def test_a_clock_that_steps_back_counts_nothing_twice_and_nothing_early(world, group):
    """A host ten minutes behind takes over: what counted stays, and the time that the value is exact for says so."""
    push(world, (-1, 1.0))
    before = world.clock
    world.clock -= 10 * MINUTE
    push(world, (-5, 8.0))
    found = world.served("g", "u")
    assert found.values["total"] == (1.0 if group == "row" else 9.0)
    assert found.as_of in (before, before - MICRO), "not the host's own time, at which the first event had not happened"
    world.clock = before + 60 * MICRO
    world.settle()
    assert (total(world), world.served("g", "u").as_of) == (1.0 if group == "row" else 9.0, world.clock)


def test_what_a_fast_host_counted_a_slow_one_does_not_hold_again(world, group):
    """Held by the clock of ingestion, due by the applier's, which is ahead."""
    world.push([event("u", 200, 2.0)])
    world.clock += 300 * MICRO
    world.settle()
    assert total(world) == 2.0
    world.clock -= 300 * MICRO
    push(world, (-1, 1.0))
    assert total(world) == (2.0 if group == "row" else 3.0)
    world.clock += 400 * MICRO
    world.settle()
    assert total(world) == (2.0 if group == "row" else 3.0)


def test_the_reading_clock_is_never_before_what_the_entity_counts(world, group):
    push(world, (0, 1.0))
    found = world.served("g", "u", NOON - 250_000)
    assert (found.values["total"], found.as_of) == (1.0, NOON)


def test_as_known_leaves_out_what_had_not_been_ingested_by_then(world, group):
    push(world, (-600, 1.0))
    world.clock += 5 * MINUTE
    push(world, (-500, 2.0))
    t = world.clock
    assert world.at("g", "u", t - 1, as_known=True)["total"] == 1.0
    assert world.at("g", "u", t, as_known=True)["total"] == (2.0 if group == "row" else 3.0)
