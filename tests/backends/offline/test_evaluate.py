"""V(t) from the log: by event time, as known, as history in pages."""

from __future__ import annotations

import pytest

from backends.engine import EngineFailed
from backends.offline import evaluate
from backends.offline.evaluate import history, value_at
from backends.offline.program import MULTIPLE, Program
from core.errors import Invalid, Unavailable
from features import selectors
from tests.processing.world import NOON, PROJECT, SUMS, World, event

SECOND = 1_000_000


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, NOON)


def spec(name="g"):
    found = selectors.group_spec(PROJECT, name)
    assert found is not None
    return found


def test_only_what_had_happened_by_then_counts(world):
    world.define("g", SUMS)
    world.push([event("u", -n, 1.0) for n in (30, 20, 10)])
    assert [value_at(spec(), 1, "u", NOON - n * SECOND).values["n"] for n in (30, 20, 11, 0)] == [1, 2, 2, 3]
    before = value_at(spec(), 1, "u", NOON - 31 * SECOND)
    assert (before.values, before.newest_us, before.any_event) == (None, None, False)
    assert value_at(spec(), 1, "u", NOON).newest_us == NOON - 10 * SECOND


def test_as_known_leaves_out_what_came_later(world):
    world.define("g", SUMS)
    world.push([event("u", -100, 1.0, event_id="a")])
    world.clock += 60 * SECOND
    world.push([event("u", -50, 10.0), event("u", -100, 5.0, event_id="a", revision=1)])
    assert value_at(spec(), 1, "u", NOON).values["total"] == 15.0
    known = value_at(spec(), 1, "u", NOON, as_known=True)
    assert known.values["total"] == 1.0, "the row that was corrected since is the one that was known"
    assert value_at(spec(), 1, "u", NOON + 60 * SECOND, as_known=True).values["total"] == 15.0
    assert value_at(spec(), 1, "u", NOON - 1, as_known=True).any_event is False


def test_an_empty_window_is_told_from_an_unknown_entity(world):
    world.define("g", SUMS, window="1h")
    world.push([event("u", -7200, 1.0)])
    found = value_at(spec(), 1, "u", NOON)
    assert (found.values, found.any_event) == (None, True)
    assert not value_at(spec(), 1, "nobody", NOON).any_event


def test_of_an_empty_window_one_row_is_read_unless_it_is_another_group_s(world, monkeypatch):
    world.define("g", SUMS, window="1h", columns={"amount": "DOUBLE"})
    world.define("other", SUMS.replace("SUM", "MAX"), columns={"amount": "STRING"})
    hours = 3600
    world.push([event("plain", -9 * hours, 1.0), event("plain", -8 * hours, 1.0), event("misfit", -9 * hours, 1.0)])
    world.push([event("misfit", -8 * hours, "x"), event("never", -8 * hours, "x")])
    world.push([event("plain", -7 * hours, "1"), event("addressed", -7 * hours, "1")], "other")
    world.push([event("addressed", -9 * hours, 2.0)])
    whole_lives = []
    between = evaluate.events_between

    def reading(made, pair, wants, *rest, **more):
        whole_lives.extend(key for key, low, _ in wants if low < 0)
        return between(made, pair, wants, *rest, **more)

    monkeypatch.setattr(evaluate, "events_between", reading)
    made, pair = evaluate.ready(spec(), 1)
    keys = ["plain", "misfit", "never", "addressed", "nobody"]
    assert evaluate.with_events(made, pair, keys, NOON, 8) == {"plain", "misfit", "addressed"}
    assert sorted(whole_lives) == ["addressed", "misfit", "never", "plain"]
    whole_lives.clear()
    assert evaluate.with_events(made, pair, keys, NOON - 8 * hours * SECOND - 1, 8) == {"plain", "misfit", "addressed"}
    assert evaluate.with_events(made, pair, keys, NOON - 10 * hours * SECOND, 8) == set()
    assert evaluate.with_events(made, pair, keys, NOON, 2) == {"plain"}, "as the log was then"
    assert evaluate.with_events(made, pair, [], NOON, 8) == set()
    assert whole_lives == []


def test_history_in_pages(world):
    world.define("g", SUMS)
    world.push([event("u", -n, 1.0) for n in (50, 40, 40, 30, 20, 10)])
    rows, cursor = history(spec(), 1, "u", None, None, 2, None)
    assert [(t - NOON, row["n"]) for t, row in rows] == [(-50 * SECOND, 1), (-40 * SECOND, 3)]
    rest, end = history(spec(), 1, "u", None, None, 10, cursor)
    assert ([row["n"] for _, row in rest], end) == ([4, 5, 6], None)
    part, _ = history(spec(), 1, "u", NOON - 40 * SECOND, NOON - 20 * SECOND, 10, None)
    assert [row["n"] for _, row in part] == [3, 4, 5]
    assert history(spec(), 1, "nobody", None, None, 10, None) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "９", "9" * 30])
def test_a_cursor_that_is_none(world, cursor):
    world.define("g", SUMS)
    with pytest.raises(Invalid, match="bad_cursor"):
        history(spec(), 1, "u", None, None, 10, cursor)


@pytest.mark.parametrize("answer", [EngineFailed("timeout", "30 s"), MULTIPLE])
def test_what_the_engine_cannot_say_is_unavailable_and_no_number(world, monkeypatch, answer):
    world.define("g", SUMS)
    world.push([event("u", -1, 1.0)])

    def general(self, events, runs, times, on=None):
        if isinstance(answer, Exception):
            raise answer
        return dict.fromkeys(runs, answer)

    monkeypatch.setattr(Program, "general", general)
    with pytest.raises(Unavailable):
        value_at(spec(), 1, "u", NOON)


def test_the_types_of_both_versions_are_those_of_the_group(world):
    world.define("g", SUMS)
    world.push([event("u", -1, 2.0)])
    world.define("g", SUMS.replace("SUM", "MAX"))
    assert [value_at(spec(), number, "u", NOON).values["total"] for number in (1, 2)] == [2.0, 2.0]
