"""What became NULL as it was computed is counted, by group."""

import pytest

from backends import metrics
from tests.processing.world import event

COLUMNS = {"n": "BIGINT", "x": "DOUBLE"}
TILES = "SELECT user_id, SUM(n) AS s, SUM(n) + 1 AS t, SUM(x) AS f, AVG(x * 1e308) AS a FROM input_data GROUP BY user_id"
GENERAL = TILES.replace("AVG(x", "SIZE(COLLECT_LIST(n)) AS l, AVG(x")
ROW = "SELECT user_id, n, x * 1e308 AS f, x / 0 AS nothing FROM input_data"


def counted(name):
    return tuple(counter.labels(group=name)._value.get() for counter in (metrics.OVERFLOW, metrics.NON_FINITE_OUTPUT))


@pytest.mark.parametrize(("name", "sql"), [("in_tiles", TILES), ("in_general", GENERAL)])
def test_sums_beyond_64_bits_and_outputs_that_are_no_numbers(world, name, sql):
    world.define(name, sql, columns=COLUMNS)
    world.push([event("u", -2, 0, n=2**63 - 1, x=1e308), event("v", -2, 0, n=1, x=1.0)])
    world.settle()
    assert counted(name) == (0, 1)  # 1e308 * 1e308
    world.push([event("u", -1, 0, n=1, x=1e308)])
    world.settle()
    assert world.served(name, "u").values["s"] is world.served(name, "u").values["f"] is None
    assert counted(name) == (1, 3)  # one sum, though two outputs show it


def test_outputs_of_rows(world):
    world.define("in_rows", ROW, columns=COLUMNS)
    world.push([event("u", -2, 0, n=1, x=10.0), event("v", -2, 0, n=1, x=1.0)])
    world.settle()
    assert world.served("in_rows", "u").values == {"n": 1, "f": None, "nothing": None}
    assert counted("in_rows") == (0, 1)  # x / 0 is NULL and no number that was lost
