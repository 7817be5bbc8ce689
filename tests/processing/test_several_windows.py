"""Several windows of one definition: each feature equals brute force in its own window, whoever reads it and when."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from core.clock import MICRO, parse_time
from core.spec import VersionSpec
from serving import at, lookup
from tests import oracle
from tests.processing.world import PROJECT, World

LONG = bool(os.environ.get("JSTORE_TEST_LONG"))
BASE = 1_790_000_000 * MICRO
DAY = 86_400 * MICRO
AHEAD = 5 * 60 * MICRO
WINDOWS = ("1h", "6h", "1d", "7d", "30d")
TILES = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, MAX(whole) AS high FROM input_data GROUP BY user_id"
GROUPS = {
    "tiles": (TILES, {"total": ("sum", "amount"), "n": ("count",), "high": ("max", "whole")}),
    "recompute": (
        TILES.replace(" FROM", ", SIZE(ARRAY_DISTINCT(COLLECT_LIST(kind))) AS kinds FROM"),
        {"total": ("sum", "amount"), "n": ("count",), "high": ("max", "whole"), "kinds": ("count_distinct", "kind")},
    ),
    "row": ("SELECT user_id, amount, kind FROM input_data", {"amount": ("last", "amount"), "kind": ("last", "kind")}),
}
COLUMNS = {"amount": "DOUBLE", "kind": "STRING", "whole": "BIGINT"}
USERS = ("u", "v")
compared = {"values": 0, "EMPTY_WINDOW": 0, "PRESENT": 0}


@pytest.fixture
def world(fresh, monkeypatch):
    world = World(monkeypatch, BASE)
    for path, (sql, _) in GROUPS.items():
        spec = world.define(path, sql, windows=list(WINDOWS), columns=COLUMNS)
        assert spec.current.path == path
    world.settle()
    return world


@pytest.mark.parametrize("seed", range(60 if LONG else 6))
def test_each_feature_equals_brute_force_in_its_window(world, seed):
    draw = random.Random(seed)
    sent: dict[str, list[dict[str, Any]]] = {user: [] for user in USERS}
    for _ in range(5):
        world.clock += draw.choice([draw.randrange(2 * DAY), draw.randrange(120 * MICRO)])
        push(world, sent, draw)
        world.settle()
        for clock in (world.clock, world.clock + draw.randrange(3600 * MICRO)):
            check_ready(world, sent, clock)
    for user, events in sent.items():
        for t in (moment(draw, world.clock) for _ in range(3)):
            check_at(user, oracle.live(events), min(t, world.clock))
        check_history(user, oracle.live(events), world.clock)


def moment(draw: random.Random, clock: int) -> int:
    """Anywhere near a clock, or one microsecond around a window's edge."""
    t = clock + draw.choice([draw.randrange(-40 * DAY, AHEAD), draw.randrange(-2 * 3600 * MICRO, AHEAD), 0])
    if draw.random() < 0.5:
        t = oracle.lower(t, draw.choice(WINDOWS)) + draw.choice([-1, 0, 1])
    return min(t, clock + AHEAD)


def push(world: World, sent: dict[str, list[dict[str, Any]]], draw: random.Random) -> None:
    """A batch for both users: new, late and held events, duplicates, corrections and tombstones."""
    rows = []
    for _ in range(draw.randrange(1, 8)):
        user = draw.choice(USERS)
        event = {
            "us": moment(draw, world.clock),
            "event_id": f"{user}-{len(sent[user])}",
            "amount": draw.choice([None, draw.uniform(-1e6, 1e6), 0.1]),
            "kind": draw.choice("abc"),
            "whole": draw.choice([None, draw.randrange(-9, 9), 2**53 + 1]),
        }
        if sent[user] and draw.random() < 0.3:
            old = draw.choice(sent[user])
            more = {"revision": old.get("revision", 0) + 1} if draw.random() < 0.5 else {}
            event |= {"event_id": old["event_id"], **more} | ({"deleted": True} if more and draw.random() < 0.3 else {})
        sent[user].append(event)
        rows.append({**{k: v for k, v in event.items() if k != "us"}, "user_id": user, "timestamp": oracle.iso(event["us"])})
    assert world.push(rows).rejected == []


def compare(got: Any, events: list[Any], t: int, window: str, path: str, output: str, row: Any) -> None:
    compared["values"] += 1
    scale = oracle.size(oracle.inside(events, t, window), "amount")
    want = None if row is None else row[output]
    assert oracle.same(got, want, scale), (path, f"{output}_{window}", t, got, want)


def check_ready(world: World, sent: dict[str, list[dict[str, Any]]], clock: int) -> None:
    for path, (_, outputs) in GROUPS.items():
        for user in USERS:
            events = oracle.live(sent[user])
            found = lookup.values(PROJECT, path, {"user_id": user}, clock=clock)
            assert list(found["values"]) == [f"{output}_{window}" for output in outputs for window in WINDOWS]
            assert found["window"] is None
            ends = {window: parse_time(edge["end"]) for window, edge in found["windows"].items()}
            assert parse_time(found["as_of"]) == min(ends.values())
            for window, as_of in ends.items():
                row = oracle.value(events, as_of, window, outputs)
                assert parse_time(found["windows"][window]["start"]) == oracle.lower(as_of, window)
                for output in outputs:
                    one = found["values"][f"{output}_{window}"]
                    compare(one["value"], events, as_of, window, path, output, row)
                    if clock - world.clock <= 20 * MICRO:  # nobody says that nothing is stale after that
                        assert one["status"] == oracle.status(events, as_of, window, row, output), (path, window, output)
                        compared[one["status"]] = compared.get(one["status"], 0) + 1
                    if row is not None:
                        newest = max(e["us"] for e in oracle.inside(events, as_of, window))
                        assert parse_time(one["event_time"]) == newest
                        assert one["age_seconds"] == pytest.approx((as_of - newest) / MICRO)


def check_at(user: str, events: list[Any], t: int) -> None:
    for path, (_, outputs) in GROUPS.items():
        found = at.values_at(PROJECT, path, user, {"at": oracle.iso(t)})
        assert parse_time(found["as_of"]) == t
        for window in WINDOWS:
            row = oracle.value(events, t, window, outputs)
            for output in outputs:
                one = found["values"][f"{output}_{window}"]
                compare(one["value"], events, t, window, path, output, row)
                assert one["status"] == oracle.status(events, t, window, row, output)


def check_history(user: str, events: list[Any], now: int) -> None:
    for path, (_, outputs) in GROUPS.items():
        rows, more = at.history_rows(PROJECT, lookup.plan_now(PROJECT, path), user, None, now, 1000)
        assert more is None
        assert [t for t, _ in rows] == sorted({e["us"] for e in events if e["us"] <= now})
        for t, values in rows:
            assert list(values) == [f"{output}_{window}" for output in outputs for window in WINDOWS]
            for window in WINDOWS:
                row = oracle.value(events, t, window, outputs)
                for output in outputs:
                    compare(values[f"{output}_{window}"], events, t, window, path, output, row)


def test_enough_was_compared():
    print(compared)
    assert compared["values"] > (40_000 if LONG else 4_000), compared
    assert min(compared["EMPTY_WINDOW"], compared["PRESENT"]) > 200, compared


def test_windows_that_change_places_are_found(world, monkeypatch):
    """Negative control: what one window holds is answered as another's."""
    part = VersionSpec._part
    monkeypatch.setattr(VersionSpec, "_part", lambda self, window: part(self, {"1h": "6h", "6h": "1h"}.get(window, window)))
    sent: dict[str, list[dict[str, Any]]] = {user: [{"us": BASE - 2 * 3600 * MICRO, "amount": 5.0}] for user in USERS}
    world.push([{"user_id": "u", "amount": 5.0, "kind": "a", "whole": 1, "timestamp": oracle.iso(BASE - 2 * 3600 * MICRO)}])
    world.define("tiles", TILES.replace("MAX", "MIN"), windows=list(WINDOWS), columns=COLUMNS)  # the spec is read anew
    world.settle()
    with pytest.raises(AssertionError):
        check_ready(world, sent, world.clock)
