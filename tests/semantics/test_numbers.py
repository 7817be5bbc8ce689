"""Numbers: integers and DECIMALs exact, doubles merged and never subtracted, what is no number refused."""

from __future__ import annotations

import math

import pytest

from tests import oracle
from tests.processing.world import NOON, World, event

HOUR = 3600
SQL = "SELECT user_id, SUM(x) AS s, MIN(x) AS lo, MAX(x) AS hi, AVG(x) AS a, STDDEV(x) AS sd FROM input_data GROUP BY user_id"


def given(world: World, kind: str, window: str | None, *rows: tuple[float, object]) -> dict[str, object]:
    """Values of (seconds before NOON, x), the old ones sent first, so that each batch finds the ones before it."""
    world.define("g", SQL, window=window, columns={"x": kind})
    for seconds, x in sorted(rows, reverse=True):
        world.push([{**event("u", -seconds, None), "x": x}])
        world.settle()
    return world.served("g", "u").values


@pytest.mark.parametrize("window", [None, "7d"])
def test_integers_are_exact_to_their_last_digit(world, window):
    found = given(world, "BIGINT", window, (3, 2**53), (2, 1), (1, 1))
    assert (found["s"], found["hi"]) == (2**53 + 2, 2**53)


@pytest.mark.parametrize("window", [None, "7d"])
def test_a_sum_of_integers_beyond_64_bits_is_null_and_comes_back(world, window):
    world.define("g", SQL, window=window, columns={"x": "BIGINT"})
    sums = []
    for n, x in enumerate((2**63 - 1, 1, -2)):
        world.push([{**event("u", -9 + n, None), "x": x}])
        world.settle()
        sums.append(world.served("g", "u").values["s"])
    assert sums == [2**63 - 1, None, 2**63 - 2]
    world.push([{**event("w", -1, None), "x": -(2**63)}])
    world.settle()
    assert world.served("g", "w").values["s"] == -(2**63)


@pytest.mark.parametrize("window", [None, "7d"])
def test_decimals_are_exact(world, window):
    found = given(world, "DECIMAL(20,2)", window, *((n + 1, "0.10") for n in range(10)), (20, "90000000000000000.01"))
    assert (str(found["s"]), str(found["lo"])) == ("90000000000000001.01", "0.10")


@pytest.mark.parametrize("window", ["1h", "7d"])
def test_a_large_number_that_leaves_the_window_leaves_nothing_behind(world, window):
    """What a running sum gets by subtraction is 0.0."""
    size = oracle.micros(window) / oracle.SECOND
    world.clock = NOON - round((size - 60) * oracle.SECOND)
    world.define("g", SQL, window=window, columns={"x": "DOUBLE"})
    world.push([{**event("u", -size + 60, None), "x": 1e17}])
    world.settle()
    world.clock = NOON
    world.push([{**event("u", -30, None), "x": 1.0}, {**event("u", -20, None), "x": 2.0}])
    world.settle()
    assert world.served("g", "u").values["hi"] == 1e17
    world.clock = oracle.leaves(NOON - round((size - 60) * oracle.SECOND), window)
    world.settle()
    found = world.served("g", "u").values
    assert (found["s"], found["hi"], found["sd"]) == (3.0, 2.0, pytest.approx(math.sqrt(0.5)))


@pytest.mark.parametrize("window", [None, "1h", "7d"])
def test_a_deviation_of_large_numbers_is_that_of_their_differences(world, window):
    """What a sum of squares gives is 0.0."""
    assert given(world, "DOUBLE", window, (3, 1e9 + 1), (2, 1e9 + 2), (1, 1e9 + 3))["sd"] == pytest.approx(1.0)


def test_not_a_number_and_the_infinities_are_refused_at_the_door(api):
    for text in ("NaN", "Infinity", "-Infinity", "1e400"):
        status, found = api.push(b'{"user_id": "u", "x": %s}' % text.encode(), kind="application/json")
        codes = {one["code"] for one in found.get("rejected", ())} | {found.get("code")}
        assert "non_finite" in codes, (text, status, found)


def test_an_output_that_is_no_number_is_null(world):
    found = given(world, "DOUBLE", None, (3, 1.7e308), (2, 1.7e308), (1, 1.0))
    assert (found["s"], found["hi"]) == (None, 1.7e308)
