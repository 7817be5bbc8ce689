"""Types that nobody declared come from the log, once, and older records stay readable."""

from __future__ import annotations

import pytest

from features import selectors
from processing.models import DeadLetter
from tests.processing.world import NOON, PROJECT, event

COUNTS = "SELECT user_id, COUNT(x) AS n, MAX(x) AS high FROM input_data GROUP BY user_id"


def types(name="g"):
    return dict(selectors.group_spec(PROJECT, name).columns)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "DOUBLE"),
        (1.5, "DOUBLE"),
        ("a", "STRING"),
        (True, "BOOLEAN"),
    ],
)
def test_the_first_value_decides(world, value, kind):
    world.define("g", COUNTS)
    world.push([{"user_id": "u", "x": None}, {"user_id": "u", "x": value}, {"user_id": "u", "x": "later"}])
    world.settle()
    assert types() == {"x": kind}
    assert world.read("g", "u", world.clock)[2]["n"] == (2 if kind == "STRING" else 1)


def test_lists_and_objects_too(world):
    world.define("g", "SELECT user_id, COUNT(tags) AS n, COUNT(place) AS m FROM input_data GROUP BY user_id")
    world.push([{"user_id": "u", "tags": ["a"], "place": {"lat": 1.5, "name": "x"}}])
    world.settle()
    assert types() == {"tags": "ARRAY<STRING>", "place": "STRUCT<lat:DOUBLE,name:STRING>"}


def test_a_value_under_which_the_sql_does_not_check_decides_nothing(world):
    world.define("g", "SELECT user_id, SUM(x) AS total FROM input_data GROUP BY user_id")
    world.push([{"user_id": "u", "x": "abc"}, {"user_id": "u", "x": True}, {"user_id": "u", "x": 2}])
    world.settle()
    assert types() == {"x": "DOUBLE"}
    assert sorted(letter.position for letter in DeadLetter.objects.filter(code="type_mismatch")) == [1, 2]
    assert world.read("g", "u", world.clock)[2] == {"total": 2.0}


def test_only_rows_that_route_to_the_group_decide(world):
    world.define("g", "SELECT user_id, MAX(x) AS high, COUNT(y) AS n FROM input_data GROUP BY user_id")
    world.push([{"user_id": "u", "x": "not this one"}, {"shop": 1, "x": True, "y": 1}, {"user_id": "u", "x": 3, "y": 1}])
    world.settle()
    assert types() == {"x": "DOUBLE", "y": "DOUBLE"}


def test_a_column_that_is_only_null_stays_open_and_reads_null(world):
    world.define("g", COUNTS)
    world.push([{"user_id": "u", "x": None}])
    world.settle()
    assert types() == {"x": None}
    assert world.read("g", "u", world.clock)[:1] == ("PRESENT",)
    assert world.read("g", "u", world.clock)[2]["high"] is None


def test_all_that_a_batch_decides_is_one_new_layout(world):
    sums = ", ".join(f"SUM(x{i}) AS y{i}" for i in range(40))
    world.define("g", f"SELECT user_id, {sums} FROM input_data GROUP BY user_id")
    world.push([{"user_id": "u", **{f"x{i}": i for i in range(40)}}])
    world.settle()
    assert selectors.group_spec(PROJECT, "g").layout == 1
    assert world.read("g", "u", world.clock)[2]["y39"] == 39.0


@pytest.mark.parametrize("window", [None, "1d"])
@pytest.mark.parametrize("kind", ["tiles", "recompute", "row"])
def test_records_of_an_older_layout_are_read_and_go_on(world, window, kind):
    sql = {
        "tiles": "SELECT user_id, COUNT(*) AS n, SUM(a) AS a, MAX(b) AS b FROM input_data GROUP BY user_id",
        "recompute": "SELECT user_id, COUNT(*) AS n, SUM(a) AS a, MAX(b) AS b, COLLECT_LIST(a) AS c FROM input_data"
        " GROUP BY user_id",
        "row": "SELECT user_id, 1 AS n, a, b FROM input_data",
    }[kind]
    world.define("g", sql, window=window)
    assert selectors.group_spec(PROJECT, "g").current.path == kind
    at = {"timestamp": event("u", -600, 0)["timestamp"]}
    world.push([{"user_id": user, "a": 2, "b": None, **at} for user in ("u", "v")])
    world.settle()
    before = selectors.group_spec(PROJECT, "g").layout
    world.push([{"user_id": "u", "a": 3, "b": "late", "timestamp": event("u", -500, 0)["timestamp"]}])
    world.settle()
    spec = selectors.group_spec(PROJECT, "g")
    assert (types(), spec.layout) == ({"a": "DOUBLE", "b": "STRING"}, before + 1)
    assert world.record("g", "v").layout == before, "nothing happened to it"
    old, new = world.read("g", "v", NOON)[2], world.read("g", "u", NOON)[2]
    assert (old["a"], old["b"]) == (2.0, None)
    assert (new["a"], new["b"]) == ((3.0 if kind == "row" else 5.0), "late")
    assert new["n"] == (1 if kind == "row" else 2)
    world.push([{"user_id": "v", "a": 10, "b": "now", "timestamp": event("u", -400, 0)["timestamp"]}])
    world.settle()
    found = world.read("g", "v", NOON)[2]
    assert (found["a"], found["b"]) == ((10.0 if kind == "row" else 12.0), "now")
