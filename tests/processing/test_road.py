"""The short road: rows in, applied, read, for each path."""

from __future__ import annotations

import pytest

from backends.offline.evaluate import history, value_at
from core.clock import MICRO, format_time
from tests.processing.world import World

NOON = 1_790_000_000 * MICRO
SQL = (
    "SELECT user_id, SUM(amount) AS total, AVG(amount) AS mean, COUNT(*) AS n, MAX(amount) AS high"
    " FROM input_data GROUP BY user_id"
)


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, NOON)


def at(seconds: float) -> str:
    return format_time(NOON + round(seconds * MICRO))


def event(user: str, seconds: float, amount: float, **more):
    return {"user_id": user, "amount": amount, "timestamp": at(seconds), **more}


def test_whole_history_tiles(world):
    world.define("g", SQL)
    assert world.push([event("u", -10, 1.0), event("u", -5, 3.0), event("v", -1, 7.0)]).accepted == 3
    world.settle()
    assert world.read("g", "u", NOON) == ("PRESENT", NOON, {"total": 4.0, "mean": 2.0, "n": 2, "high": 3.0})
    assert world.read("g", "w", NOON)[0] == "NOT_FOUND"
    world.push([event("u", -100, 5.0)])
    world.settle()
    assert world.read("g", "u", NOON + 5)[2]["total"] == 9.0


def test_a_window_slides_by_the_sweeper_and_empties(world):
    world.define("g", SQL, window="1h")
    world.push([event("u", -1800, 1.0), event("u", -60, 2.0)])
    world.settle()
    assert world.read("g", "u", NOON)[2]["total"] == 3.0
    assert world.read("g", "u", NOON + 1800 * MICRO + 120 * MICRO)[2]["total"] == 2.0
    world.clock = NOON + 3600 * MICRO
    world.settle()
    assert world.read("g", "u", world.clock)[0] == "EMPTY_WINDOW"


def test_a_held_event_counts_when_its_time_has_come(world):
    world.define("g", SQL, window="1d")
    assert world.push([event("u", 60, 5.0)]).held == 1
    world.settle()
    assert world.read("g", "u", NOON)[0] == "NOT_FOUND"
    assert world.read("g", "u", NOON + 60 * MICRO)[2] == {"total": 5.0, "mean": 5.0, "n": 1, "high": 5.0}


def test_a_group_made_later_covers_the_log(world):
    world.push([event("u", -10, 1.0), event("u", -5, 3.0)])
    world.settle()
    world.define("g", "SELECT user_id, COUNT(DISTINCT amount) AS kinds FROM input_data GROUP BY user_id")
    world.settle()
    assert world.read("g", "u", NOON) == ("PRESENT", NOON, {"kinds": 2})


def test_row_level_serves_the_newest_row(world):
    world.define("g", "SELECT user_id, amount * 2 AS twice FROM input_data WHERE amount > 0")
    world.push([event("u", -10, 1.0), event("u", -5, -3.0), event("u", -20, 9.0)])
    world.settle()
    assert world.read("g", "u", NOON)[2] == {"twice": 2.0}
    world.push([event("u", -7, 4.0)])
    world.settle()
    assert world.read("g", "u", NOON)[2] == {"twice": 8.0}


def test_a_correction_and_a_delete_rebuild_their_entity(world):
    world.define("g", SQL)
    world.define("w", SQL, window="7d")
    world.push([event("u", -10, 1.0, event_id="a"), event("u", -5, 3.0, event_id="b")])
    world.settle()
    world.push([event("v", -10, 2.0, event_id="a", revision=1)])
    world.settle()
    for group in ("g", "w"):
        assert world.read(group, "u", NOON)[2]["total"] == 3.0
        assert world.read(group, "v", NOON)[2]["total"] == 2.0
    world.push([{"event_id": "b", "deleted": True}])
    world.settle()
    assert world.read("g", "u", NOON)[0] == "NOT_FOUND"


def test_composite_keys_strings_lists_and_dates(world):
    world.define(
        "g",
        "SELECT user_id, item_id, MAX_BY(kind, timestamp) AS last_kind, ARRAY_SORT(COLLECT_SET(kind)) AS kinds,"
        " MAX(CAST(timestamp AS DATE)) AS day FROM input_data GROUP BY user_id, item_id",
        entity="user_id,item_id",
    )
    world.push([{"user_id": "u", "item_id": 7, "kind": k, "timestamp": at(-i)} for i, k in enumerate("abca")])
    world.settle()
    assert world.read("g", ("u", "7"), NOON)[2] == {"last_kind": "a", "kinds": b'["a","b","c"]', "day": NOON // (86400 * MICRO)}


def test_types_come_from_the_first_value_that_fits_the_sql(world):
    world.define("g", "SELECT user_id, SUM(amount) AS total FROM input_data GROUP BY user_id")
    world.push([event("u", -3, None), event("u", -2, "abc"), event("u", -1, 4)])
    world.settle()
    assert world.read("g", "u", NOON)[2] == {"total": 4.0}


def test_a_read_from_the_log_knows_the_types_that_the_log_decides_before_the_applier_does(world):
    from_log = world.define("g", "SELECT user_id, SUM(amount) AS total, MAX(kind) AS kind FROM input_data GROUP BY user_id")
    world.push([event("u", -2, 3.0, kind="a"), event("u", -1, 4.0, kind="b")])
    rows, _ = history(from_log, 1, "u", None, NOON, 10, None)
    assert [values for _, values in rows] == [{"total": 3.0, "kind": "a"}, {"total": 7.0, "kind": "b"}]
    assert value_at(from_log, 1, "u", NOON).values == {"total": 7.0, "kind": "b"}
