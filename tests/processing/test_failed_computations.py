"""An entity whose SQL fails keeps its last good value, marked, and is made right from the log; the others do not notice."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest

from backends.engine import Engine, EngineFailed, engine
from backends.offline import tables
from features import selectors
from processing.models import DeadLetter
from tests.processing.world import NOON, PROJECT, SUMS, World, event

KINDS = {
    "tiles": SUMS,
    "row": "SELECT user_id, amount AS total, 1 AS n FROM input_data",
    "recompute": SUMS.replace(" FROM", ", COLLECT_LIST(amount) AS usual FROM"),
}


class Choking(Engine):
    """DuckDB that dies over any statement that reads an amount in `over`, and says everything twice over one in `twice`."""

    def __init__(self) -> None:
        self.dialect, self.over, self.twice, self.statements = "duckdb", set[float](), set[float](), 0

    def run(self, sql: str, tables: Mapping[str, pa.Table], *, deadline_s: float = 30) -> pa.Table:
        self.statements += 1
        table = tables.get("input_data")
        amounts = set(table.column("amount").to_pylist()) if table is not None and "amount" in table.column_names else set()
        if self.over & amounts:
            raise EngineFailed("killed", "out of memory")
        answer = engine().run(sql, tables, deadline_s=deadline_s)
        return pa.concat_tables([answer, answer]) if self.twice & amounts else answer

    def close(self) -> None:
        """Nothing of its own."""


@pytest.fixture
def choking() -> Choking:
    return Choking()


@pytest.fixture
def world(fresh, monkeypatch, choking):
    return World(monkeypatch, NOON, choking)


def rows(spec):
    table = tables.latest(spec, spec.versions[1], "bad")
    return None if table is None else (table[0], table[1]["n"])


@pytest.mark.parametrize("window", [None, "1d"])
@pytest.mark.parametrize("kind", ["tiles", "recompute", "row"])
class TestOneThatFails:
    @pytest.fixture(autouse=True)
    def failing(self, world, choking, kind, window):
        """Two users with a value each; then the engine dies over an amount that one of them sends."""
        world.define("g", KINDS[kind], window=window, columns={"amount": "DOUBLE"})
        assert selectors.group_spec(PROJECT, "g").current.path == kind
        world.push([event("good", -50, 1.0), event("bad", -50, 1.0)])
        world.settle()
        choking.over = {13.0}
        world.push([event("good", -40, 2.0), event("bad", -40, 13.0)])
        world.settle()

    def total(self, kind, *amounts):
        return {"total": amounts[-1] if kind == "row" else sum(amounts), "n": 1 if kind == "row" else len(amounts)}

    def value(self, world, user):
        found = world.read("g", user, world.clock)[2]
        return {name: found[name] for name in ("total", "n")}

    def test_it_keeps_its_last_good_value_and_is_marked(self, world, kind):
        assert self.value(world, "bad") == self.total(kind, 1.0)
        assert (world.record("g", "bad").failed, world.record("g", "good").failed) == (True, False)
        assert self.value(world, "good") == self.total(kind, 1.0, 2.0)
        assert {cursor.position for cursor in world.cursors("g")} == {4}, "and blocks nobody"

    def test_nothing_is_kept_offline_of_what_was_not_computed(self, world):
        assert rows(selectors.group_spec(PROJECT, "g")) == (2, 1)

    def test_the_sweeper_makes_it_right_once_the_engine_can(self, world, choking, kind):
        choking.over = set()
        world.clock += 61_000_000
        world.settle()
        assert not world.record("g", "bad").failed
        assert self.value(world, "bad") == self.total(kind, 1.0, 13.0)

    def test_its_next_event_brings_the_lost_one_with_it(self, world, choking, kind):
        choking.over = set()
        world.push([event("bad", -30, 5.0)])
        world.settle()
        assert not world.record("g", "bad").failed
        assert self.value(world, "bad") == self.total(kind, 1.0, 13.0, 5.0)
        world.push([event("bad", -20, 7.0)])
        world.settle()
        assert self.value(world, "bad") == self.total(kind, 1.0, 13.0, 5.0, 7.0)

    def test_one_that_fails_for_good_is_tried_now_and_then_and_keeps_its_value(self, world, choking, kind):
        before = choking.statements
        world.settle()
        assert choking.statements == before, "not before its time"
        world.clock += 61_000_000
        world.settle()
        assert world.record("g", "bad").failed
        assert self.value(world, "bad") == self.total(kind, 1.0)


def test_a_load_over_it_marks_it_and_heals_later(world, choking):
    choking.over = {13.0}
    world.push([event("good", -50, 1.0), event("bad", -40, 13.0)])
    world.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    world.settle()
    assert world.record("g", "bad").failed
    assert world.read("g", "good", NOON)[2]["n"] == 1
    choking.over = set()
    world.clock += 61_000_000
    world.settle()
    assert world.read("g", "bad", world.clock)[2] == {"total": 13.0, "n": 1}


def test_two_rows_for_an_entity_keep_the_old_value_until_something_changes(world, choking):
    world.define("g", KINDS["recompute"], window="1h", columns={"amount": "DOUBLE"})
    world.push([event("u", -60, 1.0)])
    world.settle()
    choking.twice = {13.0}
    world.push([event("u", -1800, 13.0)])
    world.settle()
    assert (world.read("g", "u", NOON)[2]["n"], world.record("g", "u").failed) == (1, True)
    assert "several rows" in DeadLetter.objects.get(code="computation_failed", group="g").detail
    statements = choking.statements
    world.clock += 300 * 10**6
    world.settle()
    assert choking.statements == statements, "the same events would give the same two rows"
    world.clock += 1620 * 10**6  # the one that makes two rows leaves the window
    world.settle()
    assert (world.read("g", "u", world.clock)[2]["n"], world.record("g", "u").failed) == (1, False)


def test_an_answer_that_cannot_be_kept_is_the_trouble_of_its_entity_alone(world):
    sql = "SELECT user_id, MAX(seen + INTERVAL '9000' YEAR) AS far FROM input_data GROUP BY user_id"
    world.define("g", sql, columns={"seen": "TIMESTAMP"})
    seen = {"good": "0900-01-01T00:00:00Z", "bad": "2000-01-01T00:00:00Z"}  # the year 11000 is beyond what Python has
    world.push([{"user_id": user, "seen": time, "timestamp": event(user, -5, 0)["timestamp"]} for user, time in seen.items()])
    world.settle()
    assert world.read("g", "good", NOON)[0] == "PRESENT"
    assert not world.record("g", "good").failed
    assert {cursor.position for cursor in world.cursors("g")} == {2}
