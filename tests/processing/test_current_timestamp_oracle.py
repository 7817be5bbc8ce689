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
from tests.processing.world import PROJECT, World

LONG = bool(os.environ.get("JSTORE_TEST_LONG"))
BASE = 1_790_000_000 * MICRO
WINDOWS = (None, "1h", "1d")
# a constant of its own for each comparison: none hides that another's change was missed
AGES = {"gt": 61, "ge": 67, "lt": 71, "le": 73, "low": 83, "high": 79, "eq": 89, "case": 97, "mirror": 101, "having": 3000}
COMPARED = (
    "SELECT user_id, COUNT(*) AS n,"
    " SUM(amount) FILTER (WHERE timestamp > current_timestamp - INTERVAL 61 SECONDS) AS gt,"
    " COUNT(*) FILTER (WHERE timestamp >= now() - INTERVAL '67' SECOND) AS ge,"
    " COUNT(*) FILTER (WHERE timestamp < current_timestamp() - INTERVAL '71 seconds') AS lt,"
    " SUM(amount) FILTER (WHERE NOT timestamp > current_timestamp - INTERVAL 73 SECONDS) AS le,"
    " SUM(amount) FILTER (WHERE timestamp BETWEEN now() - INTERVAL 83 SECONDS AND now() - INTERVAL 79 SECONDS) AS between_both,"
    " COUNT(*) FILTER (WHERE timestamp + INTERVAL 89 SECONDS = current_timestamp) AS eq,"
    " COUNT(DISTINCT CASE WHEN current_timestamp < INTERVAL 97 SECONDS + timestamp THEN kind END) AS cases,"
    " SUM(CASE WHEN current_timestamp - INTERVAL 100 SECONDS <= timestamp + INTERVAL 1 SECOND THEN amount END) AS mirror"
    " FROM input_data GROUP BY user_id"
)
FRESH = (
    "SELECT user_id, COUNT(*) AS n, SUM(amount) AS total FROM input_data GROUP BY user_id"
    " HAVING MAX(timestamp) FILTER (WHERE kind <> 'c') > current_timestamp - INTERVAL 50 MINUTES"
)
NEWEST = "SELECT user_id, amount, kind FROM input_data WHERE timestamp <= current_timestamp - INTERVAL 61 SECONDS"
JOINED = (
    "WITH late AS (SELECT user_id, timestamp AS at, amount FROM input_data WHERE timestamp < now() - INTERVAL 71 SECONDS),"
    " sums AS (SELECT user_id, SUM(amount) AS older, MAX(at) AS last FROM late GROUP BY user_id)"
    " SELECT s.user_id, MAX(s.older) AS older, COUNT(*) AS n FROM sums s JOIN input_data i ON i.user_id = s.user_id"
    " WHERE s.last > current_timestamp - INTERVAL 101 SECONDS GROUP BY s.user_id"
)
COLUMNS = {"amount": "BIGINT", "kind": "STRING"}
_entities = itertools.count()
compared = {"values": 0, "edges": 0}


def _sum(events: list[Any]) -> int | None:
    return sum(e["amount"] for e in events) if events else None


def want_compared(events: list[Any], t: int) -> dict[str, Any] | None:
    """COMPARED by hand: `age` is how long ago an event was, in microseconds."""
    if not events:
        return None
    aged = [(t - e["us"], e) for e in events]

    def older(*tests: Any) -> list[Any]:
        return [e for age, e in aged if all(test(age) for test in tests)]

    s = {name: seconds * MICRO for name, seconds in AGES.items()}
    return {
        "n": len(events),
        "gt": _sum(older(lambda a: a < s["gt"])),
        "ge": len(older(lambda a: a <= s["ge"])),
        "lt": len(older(lambda a: a > s["lt"])),
        "le": _sum(older(lambda a: a >= s["le"])),
        "between_both": _sum(older(lambda a: a <= s["low"], lambda a: a >= s["high"])),
        "eq": len(older(lambda a: a == s["eq"])),
        "cases": len({e["kind"] for e in older(lambda a: a < s["case"])}),
        "mirror": _sum(older(lambda a: a <= s["mirror"])),
    }


def want_fresh(events: list[Any], t: int) -> dict[str, Any] | None:
    kept = [e["us"] for e in events if e["kind"] != "c"]
    if not kept or t - max(kept) >= AGES["having"] * MICRO:
        return None
    return {"n": len(events), "total": _sum(events)}


def want_newest(events: list[Any], t: int) -> dict[str, Any] | None:
    passing = [e for e in events if t - e["us"] >= AGES["gt"] * MICRO]
    return {"amount": passing[-1]["amount"], "kind": passing[-1]["kind"]} if passing else None


def want_joined(events: list[Any], t: int) -> dict[str, Any] | None:
    late = [e for e in events if t - e["us"] > AGES["lt"] * MICRO]
    if not late or t - max(e["us"] for e in late) >= AGES["mirror"] * MICRO:
        return None
    return {"older": _sum(late), "n": len(events)}


KINDS = {
    "c": (COMPARED, want_compared),
    "f": (FRESH, want_fresh),
    "n": (NEWEST, want_newest),
    "j": (JOINED, want_joined),
}
GROUPS = [(f"{kind}_{window or 'all'}", kind, window) for kind in KINDS for window in WINDOWS]


def define(world: World) -> None:
    for name, kind, window in GROUPS:
        spec = world.define(name, KINDS[kind][0], window=window, columns=COLUMNS)
        assert spec.current is not None
        assert spec.current.path == "recompute"
        assert "current_timestamp" in spec.current.path_reason
    world.settle()


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


def wrong(world: World, user: str, sent: list[Any], clock: int) -> list[Any]:
    """What readers at a clock see that brute force does not say."""
    found = []
    for name, kind, window in GROUPS:
        status, as_of, got = world.read(name, user, clock)
        want = KINDS[kind][1](oracle.inside(sent, as_of, window), as_of)
        compared["values"] += len(want or {}) or 1
        if (got or None) != want or status != oracle.status(sent, as_of, window, {"x": 1} if want else None, "x"):
            found.append((name, as_of - BASE, status, got, want))
    return found


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
        assert wrong(world, user, sent, world.clock) == []
        # unswept: exact as of the time that the record says, however far ahead the reader's clock is
        for ahead in data.draw(st.lists(st.integers(0, 400 * MICRO), min_size=1, max_size=4), label="ahead"):
            assert wrong(world, user, sent, world.clock + ahead) == []
    edges = meetings(sent, world.clock)
    start = data.draw(st.integers(0, max(0, len(edges) - 1)), label="edge")
    for edge in edges[start : start + 9]:
        compared["edges"] += 1
        assert wrong(world, user, sent, edge) == []  # the sweeper is one edge behind
        world.clock = edge
        world.settle()
        assert wrong(world, user, sent, edge) == []
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
        found += wrong(world, user, [event], edge)
        world.clock = edge
        world.settle()
        found += wrong(world, user, [event], edge)
    return found


def test_every_edge_of_one_event(world):
    assert sweep_over_edges(world, "edges") == []


@pytest.mark.parametrize("lost", ["all", "microsecond"])
def test_without_the_change_points_values_are_wrong(world, monkeypatch, lost):
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
    assert wrong(world, "s", sent, BASE) == []
    world.clock += 1
    world.settle()
    assert wrong(world, "s", sent, BASE + 1) == []
