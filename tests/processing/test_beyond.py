"""Entities with more distinct values than tiles hold: their values come from the log, and later from the tiles again."""

import random

import pytest

from backends.offline.program import Program
from core.clock import MICRO
from core.sql import tallies
from processing.paths import beyond
from tests.processing.world import NOON, event

SQL = """
    SELECT user_id, COUNT(DISTINCT kind) AS kinds_beyond, MODE(kind) AS mode, MEDIAN(amount) AS median, SUM(amount) AS total,
        COLLECT_SET(kind) AS kinds FROM input_data GROUP BY user_id
"""
USERS = ("many", "few", "both")
KINDS = {"many": 12, "few": 3, "both": 6}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(tallies, "MOST", 4)


@pytest.fixture
def asked(monkeypatch):
    """How many values the general SQL was asked for while applying."""
    found = []
    general = Program.general_over

    def counted(self, events, times, *more):
        found.append(len(times))
        return general(self, events, times, *more)

    compute = beyond.compute

    def watched(*given):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Program, "general_over", counted)
            compute(*given)

    monkeypatch.setattr("processing.paths.tiles.beyond.compute", watched)
    return found


def agree(world, told):
    for user in USERS:
        served, exact = world.served("g", user).values, world.at("g", user, world.clock)
        assert served == (exact or dict.fromkeys(served)), (user, told)


@pytest.mark.parametrize(("window", "gate"), [("1h", 10_000), ("1d", 10_000), (None, 10_000), ("1d", 8), (None, 8)])
def test_values_are_those_of_the_log_over_and_under_the_cap(world, small, asked, settings, window, gate):
    """`gate`: more events than this are not held as rows."""
    settings.JSTORE_GATE_EVENTS = gate
    seed = 7
    rng = random.Random(seed)
    world.define("g", SQL, window=window, columns={"amount": "DOUBLE", "kind": "STRING"})
    assert world.define("g", SQL, window=window, columns={"amount": "DOUBLE", "kind": "STRING"}).version(1).path == "tiles"
    span = 5_000 if window == "1h" else 100_000
    for step in range(25):
        rows = []
        for _ in range(rng.randrange(5)):
            user = rng.choice(USERS)
            seconds = (world.clock - NOON) / MICRO + rng.choice([-1, -30, -rng.randrange(span), 60, 0])
            rows.append(event(user, seconds, float(rng.randrange(9)), kind=f"k{rng.randrange(KINDS[user])}"))
        world.push(rows)
        world.settle()
        agree(world, (seed, step))
        world.clock += rng.choice([1, 45, 600, span // 3]) * MICRO
        world.settle()
        agree(world, (seed, step, "later"))
    assert asked


def test_a_window_that_has_moved_past_it_is_merged_from_tiles_again(world, small, asked):
    world.define("g", SQL, window="1h", columns={"amount": "DOUBLE", "kind": "STRING"})
    world.push([event("many", -3000 + n, 1.0, kind=f"k{n}") for n in range(8)] + [event("many", -10, 2.0, kind="z")])
    world.settle()
    assert world.served("g", "many").values["kinds_beyond"] == 9
    assert asked
    world.clock += 1500 * MICRO
    world.settle()
    asked.clear()
    world.push([event("many", 1490, 2.0, kind="z")])
    world.settle()
    assert world.served("g", "many").values["kinds_beyond"] == 1
    assert not asked


def test_what_is_over_is_wrong_without_the_log(world, small, monkeypatch):
    """The negative control: the outputs of a merge that is over are not the values."""
    monkeypatch.setattr("processing.paths.tiles.beyond.compute", lambda *given: None)
    world.define("g", SQL, window="1d", columns={"amount": "DOUBLE", "kind": "STRING"})
    world.push([event("many", -n, 1.0, kind=f"k{n}") for n in range(8)])
    world.settle()
    world.push([event("many", 0, 1.0, kind="k9")])
    world.settle()
    with pytest.raises(AssertionError):
        agree(world, "cut")
