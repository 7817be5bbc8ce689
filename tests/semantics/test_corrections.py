"""A higher revision replaces, a tombstone removes; the entity is made anew from the log, whatever else had been counted."""

from __future__ import annotations

import pytest

from core.clock import MICRO
from tests.processing.world import NOON, World, event

PATHS = {
    "tiles": "SELECT user_id, SUM(amount) AS total, MAX(amount) AS hi, COUNT(*) AS n FROM input_data GROUP BY user_id",
    "recompute": "SELECT user_id, SUM(amount) AS total, MAX(amount) AS hi, COUNT(*) AS n, COLLECT_LIST(amount) AS m"
    " FROM input_data GROUP BY user_id",
}


@pytest.fixture(params=[(path, window) for path in PATHS for window in (None, "1h")], ids=str)
def group(request, world: World):
    path, window = request.param
    world.define("g", PATHS[path], window=window, columns={"amount": "DOUBLE"})
    world.push([event("u", -50, 100.0, event_id="a"), event("u", -40, 3.0, event_id="b")])
    world.settle()
    return request.param


def push(world: World, *rows: dict) -> int:
    outcome = world.push(rows)
    assert outcome.rejected == []
    world.settle()
    return outcome.accepted


def seen(world: World, user: str = "u") -> tuple:
    """(sum, maximum, count) online, or the status; and the log says the same."""
    found = world.served("g", user)
    past = world.at("g", user, world.clock)
    assert (past or dict.fromkeys(found.values))["total"] == found.values["total"]
    return tuple(found.values[name] for name in ("total", "hi", "n")) if found.values["n"] else found.status


def test_a_higher_revision_replaces_even_the_maximum(world, group):
    assert push(world, event("u", -50, 1.0, event_id="a", revision=1)) == 1
    assert seen(world) == (4.0, 3.0, 2)


def test_an_equal_or_lower_revision_is_a_duplicate(world, group):
    push(world, event("u", -50, 1.0, event_id="a", revision=5))
    for revision in (0, 4, 5):
        assert push(world, event("u", -50, 999.0, event_id="a", revision=revision)) == 0
    assert seen(world) == (4.0, 3.0, 2)


def test_a_correction_may_move_an_event_in_time_and_out_of_the_window(world, group):
    push(world, event("u", -7200, 100.0, event_id="a", revision=1))
    assert seen(world) == ((3.0, 3.0, 1) if group[1] else (103.0, 100.0, 2))


def test_a_correction_that_moves_an_event_to_another_entity_makes_both_anew(world, group):
    push(world, event("v", -45, 7.0, event_id="a", revision=1))
    assert (seen(world), seen(world, "v")) == ((3.0, 3.0, 1), (7.0, 7.0, 1))
    push(world, event("u", -45, 8.0, event_id="a", revision=2))
    assert (seen(world), seen(world, "v")) == ((11.0, 8.0, 2), "NOT_FOUND")


def test_a_tombstone_removes_and_the_last_one_leaves_nothing_found(world, group):
    push(world, {"event_id": "a", "deleted": True})
    assert seen(world) == (3.0, 3.0, 1)
    push(world, {"event_id": "b", "deleted": True})
    assert seen(world) == "NOT_FOUND"


def test_a_deletion_that_comes_before_its_event_holds_when_that_comes(world, group):
    assert push(world, {"event_id": "c", "deleted": True}) == 1
    assert push(world, event("u", -10, 50.0, event_id="c")) == 0
    assert seen(world) == (103.0, 100.0, 2)


def test_a_revision_above_a_tombstone_brings_the_event_back(world, group):
    push(world, {"event_id": "a", "deleted": True, "revision": 1})
    assert push(world, event("u", -50, 5.0, event_id="a", revision=1)) == 0
    assert push(world, event("u", -50, 5.0, event_id="a", revision=2)) == 1
    assert seen(world) == (8.0, 5.0, 2)


def test_a_correction_of_a_held_event_counts_in_its_place_when_it_is_due(world, group):
    push(world, event("u", 60, 10.0, event_id="c"))
    push(world, event("u", 120, 20.0, event_id="c", revision=1))
    world.clock = NOON + 119 * MICRO
    world.settle()
    assert seen(world) == (103.0, 100.0, 2)
    world.clock = NOON + 120 * MICRO
    world.settle()
    assert seen(world) == (123.0, 100.0, 3)


def test_an_event_and_its_corrections_in_one_batch_count_once(world, group):
    rows = [event("u", -9, float(n), event_id="c", revision=n) for n in (0, 1, 2)]
    assert push(world, *rows, {"event_id": "b", "deleted": True, "revision": 9}) == 4
    assert seen(world) == (102.0, 100.0, 2)


def test_as_known_sees_what_stood_before_a_correction(world, group):
    world.clock += 60 * MICRO
    push(world, event("u", -50, 1.0, event_id="a", revision=1))
    assert world.at("g", "u", NOON, as_known=True)["total"] == 103.0
    assert world.at("g", "u", NOON)["total"] == 4.0
    assert world.at("g", "u", world.clock, as_known=True)["total"] == 4.0


def test_an_entity_of_which_only_old_and_held_events_are_left_is_an_empty_window(world, group):
    """Made anew with nothing that counts now: what it had before its window is still there."""
    rows = [event("w", -7200, 1.0), event("w", -5, 2.0, event_id="w"), event("w", 60, 4.0)]
    push(world, *rows)
    push(world, {"event_id": "w", "deleted": True})
    assert seen(world, "w") == ("EMPTY_WINDOW" if group[1] else (1.0, 1.0, 1))
