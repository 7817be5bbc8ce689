"""NULL is not zero, an empty window is not NULL, an unknown entity is neither, and none of them is STALE."""

from __future__ import annotations

import pytest

from tests import oracle
from tests.processing.world import NOON, SUMS, World, event

AGGREGATES = (
    "SELECT user_id, COUNT(*) AS rows, COUNT(amount) AS seen, SUM(amount) AS s, AVG(amount) AS a, MIN(amount) AS lo,"
    " MAX(amount) AS hi, STDDEV(amount) AS sd, VAR_POP(amount) AS vp, SUM(whole) AS w, BOOL_AND(flag) AS every,"
    " BOOL_OR(flag) AS ever, COUNT_IF(flag) AS yes, MAX_BY(amount, whole) AS top, FIRST(amount) AS f"
    " FROM input_data GROUP BY user_id"
)
COLUMNS = {"amount": "DOUBLE", "whole": "BIGINT", "flag": "BOOLEAN"}


@pytest.mark.parametrize("window", [None, "1d"])
class TestNulls:
    @pytest.fixture
    def values(self, world: World, window):
        world.define("g", AGGREGATES, window=window, columns=COLUMNS)
        nothing = {"whole": None, "flag": None}
        world.push([event("none", -2, None, **nothing), event("none", -1, None, **nothing)])
        world.push(
            [event("one", -3, None, **nothing), event("one", -2, 5.0, whole=2, flag=False), event("one", -1, None, **nothing)]
        )
        world.settle()
        return {user: world.served("g", user) for user in ("none", "one")}

    def test_count_star_counts_rows_and_count_x_what_is_not_null(self, values):
        assert [values[u].values["rows"] for u in values] == [2, 3]
        assert [values[u].values["seen"] for u in values] == [0, 1]

    def test_over_no_value_everything_else_is_null_and_never_zero(self, values):
        cells = values["none"].cells
        for name in ("s", "a", "lo", "hi", "sd", "vp", "w", "every", "ever", "top", "f"):
            assert cells[name] == (None, "NULL"), name
        assert cells["yes"] == (0, "PRESENT"), "a count is a count"

    def test_a_sample_s_deviation_needs_two_values(self, values):
        assert (values["one"].values["sd"], values["one"].values["vp"]) == (None, 0.0)

    def test_nulls_beside_a_value_change_nothing(self, values):
        found = values["one"].values
        assert [found[name] for name in ("s", "a", "lo", "hi", "w", "every", "ever", "yes", "top")] == [
            5.0, 5.0, 5.0, 5.0, 2, False, False, 0, 5.0,
        ]  # fmt: skip
        assert found["f"] is None, "the first value may be NULL"


@pytest.mark.parametrize("path", ["tiles", "recompute"])
class TestAbsence:
    @pytest.fixture(autouse=True)
    def group(self, world: World, path):
        sql = SUMS if path == "tiles" else SUMS.replace(" FROM", ", COLLECT_LIST(amount) AS m FROM")
        world.define("g", sql, window="1h", columns={"amount": "DOUBLE"}, defaults={"n": 0})
        world.push([event("u", -1, 1.0)])
        world.settle()

    def test_an_empty_window_is_null_with_its_status_and_the_declared_default(self, world):
        world.clock = oracle.leaves(NOON - oracle.SECOND, "1h")
        world.settle()
        found = world.served("g", "u").cells
        assert (found["total"], found["n"]) == ((None, "EMPTY_WINDOW"), (0, "EMPTY_WINDOW"))
        assert world.at("g", "u", world.clock) is None

    def test_an_unknown_entity_is_not_found_and_has_the_default_too(self, world):
        found = world.served("g", "nobody").cells
        assert (found["total"], found["n"]) == ((None, "NOT_FOUND"), (0, "NOT_FOUND"))

    def test_an_entity_whose_first_event_is_held_is_not_found_until_it_counts(self, world):
        world.push([event("late", 60, 1.0)])
        world.settle()
        assert world.served("g", "late").status == "NOT_FOUND"
        assert world.served("g", "late", NOON + 60_000_000).cells["total"] in ((1.0, "PRESENT"), (1.0, "STALE"))

    def test_what_is_silent_is_stale_and_never_not_found(self, world):
        for user, value in (("u", 1.0), ("nobody", None)):
            assert world.served("g", user, NOON + 20_000_000).cells["total"][1] != "STALE"
            assert world.served("g", user, NOON + 20_000_001).cells["total"] == (value, "STALE")

    def test_the_statuses_are_the_same_a_year_later_for_no_key_expires(self, world, redis):
        world.clock += 366 * 86_400 * oracle.SECOND
        world.settle()
        assert world.served("g", "u").status == "EMPTY_WINDOW"
        assert world.served("g", "nobody").status == "NOT_FOUND"
        assert {redis.ttl(key) for key in redis.keys("js:{default.*")} == {-1}

    def test_an_empty_bucket_of_a_redis_that_forgot_is_stale(self, world, redis):
        for key in redis.keys("js:{default.*"):
            redis.delete(key)
        assert world.served("g", "u").cells["n"] == (None, "STALE"), "no default where nothing is known"
