"""SQL that compares the time with current_timestamp, against brute force: random events, clocks and exact edges.

V moves when an event's time plus a constant meets the clock, so ready rows are read one microsecond before, at and after each
such time, swept and not swept, and held against the same SQL as of that time and as history.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.offline.evaluate import history, value_at
from backends.online import published
from core.clock import MICRO
from processing.paths import recompute
from tests import oracle
from tests.engines import engine_of
from tests.processing.clocked import AGES, BASE, GROUPS, KINDS, define, wrong
from tests.processing.world import PROJECT, World

LONG = bool(os.environ.get("JSTORE_TEST_LONG"))
_entities = itertools.count()
compared = {"values": 0, "edges": 0}


@pytest.fixture
def world(fresh, monkeypatch):
    world = World(monkeypatch, BASE)
    define(world)
    return world


EDGES = sorted({*AGES.values(), 0})


@st.composite
def moments(draw: Any, clock: int) -> int:
    """An event time: anywhere near, held, or so long ago that one of the constants meets the clock now or soon."""
    age = draw(st.sampled_from(EDGES)) * MICRO + draw(st.sampled_from([-1, 0, 1]))
    anywhere = draw(st.integers(-300 * MICRO, 4000 * MICRO))
    return max(clock - draw(st.sampled_from([age, anywhere, age - 30 * MICRO])), clock - 90_000 * MICRO)


def push(world: World, user: str, sent: list[dict[str, Any]], times: list[int], data: Any) -> None:
    events = [
        {"us": us, "amount": data.draw(st.integers(-1000, 1000)), "kind": data.draw(st.sampled_from("abc")), "user_id": user}
        for us in times
    ]
    outcome = world.push([{**{k: v for k, v in e.items() if k != "us"}, "timestamp": oracle.iso(e["us"])} for e in events])
    assert outcome.rejected == []
    sent += events


def checked(world: World, user: str, sent: list[Any], clock: int) -> list[Any]:
    """What readers at a clock see that brute force does not say."""
    compared["values"] += sum(len(KINDS[kind][1](oracle.inside(sent, clock, window), clock) or "1") for _, kind, window in GROUPS)
    return wrong(world, user, sent, clock)


def meetings(sent: list[Any], clock: int) -> list[int]:
    """The next times after a clock at which an event meets a constant, and a microsecond on both sides of each."""
    later = {e["us"] + age * MICRO + near for e in sent for age in EDGES for near in (-1, 0, 1)}
    return sorted(t for t in later if t > clock)


@settings(
    max_examples=150 if LONG else 10,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_ready_rows_at_history_equal_brute_force_at_every_edge(world, data):
    user, sent = f"u{next(_entities)}", []
    for _ in range(data.draw(st.integers(1, 2), label="batches")):
        world.clock += data.draw(st.integers(0, 200 * MICRO), label="step")
        times = data.draw(st.lists(moments(world.clock), min_size=1, max_size=4), label="times")
        push(world, user, sent, [min(t, world.clock + 300 * MICRO) for t in times], data)
        world.settle()
        assert checked(world, user, sent, world.clock) == []
        # unswept: exact as of the time that the record says, however far ahead the reader's clock is
        for ahead in data.draw(st.lists(st.integers(0, 400 * MICRO), min_size=1, max_size=4), label="ahead"):
            assert checked(world, user, sent, world.clock + ahead) == []
    edges = meetings(sent, world.clock)
    start = data.draw(st.integers(0, max(0, len(edges) - 1)), label="edge")
    for edge in edges[start : start + 9]:
        compared["edges"] += 1
        assert checked(world, user, sent, edge) == []  # the sweeper is one edge behind
        world.clock = edge
        world.settle()
        assert checked(world, user, sent, edge) == []
        assert all(world.read(name, user, edge)[1] == edge for name, _, _ in GROUPS)
    groups = published.published(PROJECT).groups
    for t in data.draw(st.lists(st.sampled_from(edges or [world.clock]), min_size=1, max_size=3), label="at"):
        for name, kind, window in GROUPS:
            want = KINDS[kind][1](oracle.inside(sent, t, window), t)
            assert value_at(groups[name], 1, user, t).values == want, (name, t)
    for name, kind, window in GROUPS:
        outputs = groups[name].versions[1].outputs
        rows, _ = history(groups[name], 1, user, min(e["us"] for e in sent), world.clock, 1000, None)
        assert rows == [
            (t, KINDS[kind][1](oracle.inside(sent, t, window), t) or dict.fromkeys(outputs))
            for t in sorted({e["us"] for e in sent if e["us"] <= world.clock})
        ], name


def test_enough_was_compared():
    print(compared)
    assert compared["values"] > (10_000 if LONG else 1_000), compared
    assert compared["edges"] > 30, compared


def sweep_over_edges(world: World, user: str) -> list[Any]:
    """One event, then every edge in turn. -> what was wrong."""
    event = {"us": BASE, "amount": 5, "kind": "a"}
    world.push([{"user_id": user, "amount": 5, "kind": "a", "timestamp": oracle.iso(BASE)}])
    world.settle()
    found = []
    for edge in meetings([event], world.clock):
        found += checked(world, user, [event], edge)
        world.clock = edge
        world.settle()
        found += checked(world, user, [event], edge)
    return found


def test_every_edge_of_one_event(world):
    assert sweep_over_edges(world, "edges") == []


@pytest.mark.parametrize("lost", ["all", "microsecond"])
def test_without_the_change_points_values_are_checked(world, monkeypatch, lost):
    """The negative control: what the edges are for."""

    def changes(made: Any, time: int) -> list[int]:
        leaves = [] if made.window is None else [made.window.leaves(time)]
        return [time, *leaves, *(time + o // MICRO * MICRO for o in made.compiled.offsets if lost == "microsecond")]

    monkeypatch.setattr(recompute, "_changes", changes)
    seen = {row[0].partition("_")[0] for row in sweep_over_edges(world, "control")}
    assert seen >= ({"c", "f", "n", "j"} if lost == "all" else {"c", "j"}), seen


@pytest.mark.spark
def test_a_sample_on_spark(fresh, monkeypatch):
    world = World(monkeypatch, BASE, engine_of("spark"))
    define(world)
    sent = [{"us": BASE - age * MICRO - near, "amount": age, "kind": "abc"[near]} for age in EDGES for near in (-1, 0, 1)]
    sent = [e for e in sent if e["us"] <= BASE]
    world.push([{"user_id": "s", "amount": e["amount"], "kind": e["kind"], "timestamp": oracle.iso(e["us"])} for e in sent])
    world.settle()
    assert checked(world, "s", sent, BASE) == []
    world.clock += 1
    world.settle()
    assert checked(world, "s", sent, BASE + 1) == []
