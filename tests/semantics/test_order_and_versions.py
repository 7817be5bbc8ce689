"""Equal times: all of them are in, and order goes on by position. A changed SQL is another version with values of its own."""

from __future__ import annotations

import pytest

from features import services
from processing import activation
from tests.processing.world import NOON, PROJECT, SUMS, World, event

FUNCTIONS = (
    "SELECT user_id, COUNT(*) AS n, FIRST(kind) AS f, LAST(kind) AS l, MAX_BY(kind, timestamp) AS latest,"
    " MIN_BY(kind, timestamp) AS earliest, MAX_BY(kind, whole) AS top, MIN_BY(kind, whole) AS bottom"
)
PATHS = {
    "tiles": FUNCTIONS + " FROM input_data GROUP BY user_id",
    "recompute": FUNCTIONS + ", COLLECT_LIST(kind) AS kinds FROM input_data GROUP BY user_id",
}
COLUMNS = {"kind": "STRING", "whole": "BIGINT"}


@pytest.mark.parametrize("window", [None, "1d"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
def test_at_equal_times_all_count_and_the_position_decides(world, path, window, together):
    """MAX_BY takes the larger (time, position) among equal keys, MIN_BY the smaller."""
    world.define("g", PATHS[path], window=window, columns=COLUMNS)
    rows = [{**event("u", -5, None), "kind": kind, "whole": 7} for kind in "abc"]
    for part in [rows] if together else [[row] for row in rows]:
        world.push(part)
        world.settle()
    found = world.served("g", "u").values
    assert found["n"] == 3
    assert [found[name] for name in ("f", "l", "latest", "earliest", "top", "bottom")] == ["a", "c", "c", "a", "c", "a"]
    assert found.get("kinds") in (None, ["a", "b", "c"])
    assert {name: value for name, value in world.at("g", "u", NOON).items() if name in found} == found


@pytest.mark.parametrize("path", PATHS)
def test_a_late_event_takes_its_place_by_time_whatever_its_position(world, path):
    world.define("g", PATHS[path], window="1d", columns=COLUMNS)
    for seconds, kind in ((-5, "b"), (-9, "a"), (-1, "c"), (-7, "x")):
        world.push([{**event("u", seconds, None), "kind": kind, "whole": 1}])
        world.settle()
    found = world.served("g", "u").values
    assert [found[name] for name in ("f", "l", "latest", "earliest", "top", "bottom")] == ["a", "c", "c", "a", "c", "a"]
    assert found.get("kinds") in (None, ["a", "x", "b", "c"])


def test_of_two_newest_rows_at_one_time_the_later_accepted_is_served(world):
    world.define("g", "SELECT user_id, kind FROM input_data", columns=COLUMNS)
    for kind in "ab":
        world.push([{**event("u", -5, None), "kind": kind}])
        world.settle()
    assert world.served("g", "u").values == {"kind": "b"} == world.at("g", "u", NOON)


def test_an_edited_sql_is_a_version_built_beside_the_old_one_and_switched_at_lag_0(world: World):
    world.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    world.push([event("u", -50, 2.0), event("u", -40, 5.0)])
    world.settle()
    world.define("g", SUMS.replace("SUM", "MAX"), window="1d", columns={"amount": "DOUBLE"})
    run = activation.activate(PROJECT, "g", 2, "test")
    assert run is not None
    assert world.served("g", "u").values == {"total": 7.0, "n": 2}, "the old one serves while the new one is built"
    assert not activation.advance(run), "it has no values yet"
    world.settle()
    assert world.served("g", "u").values == {"total": 7.0, "n": 2}
    assert activation.advance(run)
    assert world.served("g", "u").values == {"total": 5.0, "n": 2}
    world.push([event("u", -30, 9.0)])
    world.settle()
    services.set_active(PROJECT, "g", 1, "test")
    assert world.served("g", "u").values == {"total": 16.0, "n": 3}, "the one that was left is kept up, so going back is at once"


@pytest.mark.parametrize(
    "change", [{"window": "7d"}, {"columns": {"amount": "DECIMAL(10,2)"}}, {"sql": SUMS.replace("SUM", "AVG")}]
)
def test_what_changes_the_value_is_a_new_version(world, change):
    asked = {"sql": SUMS, "window": "1d", "columns": {"amount": "DOUBLE"}}
    world.define("g", **asked)
    assert len(world.define("g", **{**asked, "title": "Another title"}).versions) == 1
    assert len(world.define("g" if "columns" not in change else "h", **{**asked, **change}).versions) in (1, 2)
