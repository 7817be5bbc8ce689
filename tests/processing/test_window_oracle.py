"""Windows against brute force: random, late, duplicated, held and boundary events; six windows and none; each path = oracle.

Each example is one entity's life: batches at rising clocks, read at random clocks from ready rows, as of past times, and as
history.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.offline.evaluate import history, value_at
from backends.online import published
from core.clock import MICRO
from tests import oracle
from tests.processing.world import PROJECT, World

LONG = bool(os.environ.get("JSTORE_TEST_LONG"))
BASE = 1_790_000_000 * MICRO
DAY = 86_400 * MICRO
WINDOWS = (None, *oracle.SIX)
OUTPUTS = {
    "total": ("sum", "amount"),
    "mean": ("avg", "amount"),
    "n": ("count",),
    "seen": ("count", "amount"),
    "low": ("min", "amount"),
    "high": ("max", "amount"),
    "spread": ("stddev_samp", "amount"),
    "whole": ("sum", "whole"),
    "some": ("sum", lambda e: e["amount"] if e["kind"] == "a" else None),
}
TILES = (
    "SELECT user_id, SUM(amount) AS total, AVG(amount) AS mean, COUNT(*) AS n, COUNT(amount) AS seen, MIN(amount) AS low,"
    " MAX(amount) AS high, STDDEV(amount) AS spread, SUM(whole) AS whole, SUM(CASE WHEN kind = 'a' THEN amount END) AS some"
    " FROM input_data GROUP BY user_id"
)
RECOMPUTE = TILES.replace(" FROM", ", COUNT(DISTINCT kind) AS kinds FROM")
ROW = "SELECT user_id, amount, kind FROM input_data"
COLUMNS = {"amount": "DOUBLE", "kind": "STRING", "whole": "BIGINT"}
_entities = itertools.count()
compared = {"values": 0}


@pytest.fixture
def world(fresh, monkeypatch):
    world = World(monkeypatch, BASE)
    for window in WINDOWS:
        name = window or "all"
        for prefix, sql in (("t", TILES), ("r", RECOMPUTE), ("n", ROW)):
            spec = world.define(f"{prefix}_{name}", sql, window=window, columns=COLUMNS)
            assert spec.current is not None
            assert spec.current.path == {"t": "tiles", "r": "recompute", "n": "row"}[prefix]
    world.settle()
    return world


AMOUNTS = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1e17, -1e17, 1e9 + 1, 1e9 + 2, 1e9 + 3, 0.1])
WHOLES = st.none() | st.integers(-1000, 1000) | st.sampled_from([2**53 + 1, 2**62, -(2**62), 2**63 - 1])
OFFSETS = (
    st.integers(-40 * DAY, 5 * 60 * MICRO) | st.integers(-2 * 3600 * MICRO, 5 * 60 * MICRO) | st.integers(0, 300) | st.just(0)
)


@st.composite
def moments(draw: Any, clock: int) -> int:
    """An event time near a clock: anywhere, held, or one microsecond around a window's edge or a hop."""
    t = clock + draw(OFFSETS)
    window = draw(st.none() | st.sampled_from(oracle.SIX))
    if window is not None:
        edge = oracle.lower(t, window)
        assert edge is not None
        t = edge + draw(st.sampled_from([-1, 0, 1]))
    return min(t, clock + 5 * 60 * MICRO)


@dataclass
class Life:
    """What was sent for one entity and in which order it was accepted."""

    user: str
    sent: list[dict[str, Any]] = field(default_factory=list)


@settings(
    max_examples=400 if LONG else 24,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_every_path_window_and_reader_equals_brute_force(world, data):
    life = Life(f"u{next(_entities)}")
    for _ in range(data.draw(st.integers(1, 4), label="batches")):
        world.clock += data.draw(st.integers(0, 2 * DAY) | st.integers(0, 120 * MICRO), label="step")
        _push(world, life, data)
        world.settle()
        clocks = [world.clock, world.clock + data.draw(st.integers(0, 3600 * MICRO))]
        for clock in clocks:
            _check_ready(world, life, clock)
    for t in data.draw(st.lists(moments(world.clock), min_size=1, max_size=3), label="at"):
        _check_at(life, min(t, world.clock))
    _check_history(world, life)


def _push(world: World, life: Life, data: Any) -> None:
    rows = []
    for _ in range(data.draw(st.integers(1, 6), label="events")):
        if life.sent and data.draw(st.booleans(), label="again") and data.draw(st.booleans()):
            rows.append(data.draw(st.sampled_from(life.sent), label="duplicate"))
            continue
        us = data.draw(moments(world.clock) | st.sampled_from([e["us"] for e in life.sent] or [world.clock]), label="us")
        event = {
            "us": min(us, world.clock + 5 * 60 * MICRO),
            "event_id": f"{life.user}-{len(life.sent) + len(rows)}",
            "amount": data.draw(AMOUNTS),
            "kind": data.draw(st.sampled_from("abc")),
            "whole": data.draw(WHOLES),
        }
        rows.append(event)
    outcome = world.push(
        [{**{k: v for k, v in e.items() if k != "us"}, "user_id": life.user, "timestamp": oracle.iso(e["us"])} for e in rows]
    )
    assert outcome.rejected == []
    life.sent += rows


def _compare(got: dict[str, Any] | None, events: list[Any], t: int, window: str | None, where: str) -> None:
    want = oracle.value(events, t, window, OUTPUTS)
    assert (got is None) == (want is None), (where, got, want)
    if want is None or got is None:
        return
    scale = oracle.size(oracle.inside(events, t, window), "amount")
    for name, value in want.items():
        compared["values"] += 1
        # the spread of numbers that fill a double's digits is known to a part of their size
        assert oracle.same(got[name], value, scale), (where, name, got[name], value)


def _check_ready(world: World, life: Life, clock: int) -> None:
    events = oracle.live(life.sent)
    for window in WINDOWS:
        label = window or "all"
        for prefix in "tr":
            status, as_of, got = world.read(f"{prefix}_{label}", life.user, clock)
            assert as_of <= clock or as_of == world.clock
            row = oracle.value(events, as_of, window, OUTPUTS)
            assert status == oracle.status(events, as_of, window, {"x": 1} if row else None, "x"), (prefix, window, status)
            _compare(got or None, events, as_of, window, f"{prefix}_{label} at {as_of}")
        status, as_of, got = world.read(f"n_{label}", life.user, clock)
        counted = oracle.inside(events, as_of, window)
        want = {"amount": counted[-1]["amount"], "kind": counted[-1]["kind"]} if counted else {}
        assert got == want, (window, got, want)
        compared["values"] += 2


def _check_at(life: Life, t: int) -> None:
    events = oracle.live(life.sent)
    for window in WINDOWS:
        for prefix in "tr":
            spec = published.published(PROJECT).groups[f"{prefix}_{window or 'all'}"]
            found = value_at(spec, 1, life.user, t)
            _compare(found.values, events, t, window, f"{prefix}_{window} as of {t}")
            assert found.any_event == any(e["us"] <= t for e in events)


def _check_history(world: World, life: Life) -> None:
    events = oracle.live(life.sent)
    start = min(e["us"] for e in events)
    for window in (None, "1h", "30d"):
        spec = published.published(PROJECT).groups[f"t_{window or 'all'}"]
        rows, following = history(spec, 1, life.user, start, world.clock, 1000, None)
        assert following is None
        assert [t for t, _ in rows] == [t for t, _ in oracle.history(events, start, world.clock, window, OUTPUTS)]
        for t, got in rows:
            _compare(got, events, t, window, f"history {window} at {t}")


def test_enough_was_compared():
    print(compared)
    assert compared["values"] > (50_000 if LONG else 1_000), compared
