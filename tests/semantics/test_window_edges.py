"""V(t): floor_h(t - W) < event time <= t, with the hop h of each window's bracket; on every path and by every reader."""

from __future__ import annotations

import pytest

from core.errors import Invalid
from tests import oracle
from tests.processing.world import World, event

MINUTE, HOUR, DAY = 60 * oracle.SECOND, 3600 * oracle.SECOND, 86_400 * oracle.SECOND
HOPS = {
    "5m": MINUTE, "60m": MINUTE, "1h": MINUTE, "61m": 5 * MINUTE, "90m": 5 * MINUTE, "6h": 5 * MINUTE, "12h": 5 * MINUTE,
    "13h": 15 * MINUTE, "24h": 15 * MINUTE, "1d": 15 * MINUTE, "25h": HOUR, "2d": HOUR, "7d": HOUR, "8d": 6 * HOUR,
    "30d": 6 * HOUR, "31d": DAY, "90d": DAY, "365d": DAY,
}  # fmt: skip
PATHS = {
    "tiles": "SELECT user_id, COUNT(*) AS n, SUM(amount) AS total FROM input_data GROUP BY user_id",
    "recompute": "SELECT user_id, COUNT(*) AS n, SUM(a) AS total FROM"
    " (SELECT user_id, amount AS a, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp) AS nth FROM input_data) t"
    " GROUP BY user_id",
}
T = oracle.from_iso("2026-09-21T10:41:17.123457Z")


def push_at(world: World, *times: int, user: str = "u") -> None:
    """An event at each time, worth a power of two so that a sum says which ones count."""
    outcome = world.push([{**event(user, 0, float(2**n)), "timestamp": oracle.iso(us)} for n, us in enumerate(times)])
    assert outcome.accepted == len(times)
    world.settle()


def define(world: World, window: str | None, path: str = "tiles", name: str = "g") -> None:
    spec = world.define(name, PATHS[path], window=window, columns={"amount": "DOUBLE"})
    assert spec.current is not None
    assert spec.current.path == path


@pytest.mark.parametrize("path", PATHS)
def test_an_event_at_the_lower_edge_is_out_and_one_at_t_is_in(world, path):
    world.clock = T
    for window, hop in HOPS.items():
        define(world, window, path, f"g_{window}")
        lower = (T - oracle.micros(window)) // hop * hop
        push_at(world, lower - 1, lower, lower + 1, T - 1, T, user=window)
    for window in HOPS:
        found = world.served(f"g_{window}", window)
        assert (found.as_of, found.values) == (T, {"n": 3, "total": 4.0 + 8.0 + 16.0}), window
        assert world.at(f"g_{window}", window, T) == {"n": 3, "total": 28.0}, window
        assert world.at(f"g_{window}", window, T - 1) == {"n": 2, "total": 12.0}, window


def test_an_answer_says_where_its_window_begins(world):
    world.clock = T
    for window in HOPS:
        define(world, window, "tiles", f"g_{window}")
    push_at(world, T)
    for window, hop in HOPS.items():
        shown = world.served(f"g_{window}", "u").window
        assert shown is not None
        start = (T - oracle.micros(window)) // hop * hop
        assert (oracle.from_iso(shown["start"]), oracle.from_iso(shown["end"])) == (start, T), window
        assert oracle.micros(shown["size"]) == oracle.micros(window)


@pytest.mark.parametrize("path", PATHS)
def test_the_tile_of_an_event_reaches_from_after_one_hop_edge_to_the_next(world, path):
    """On an edge: it belongs to the tile that ends there, and leaves when that does; a microsecond later: a whole hop later."""
    reads = []
    for window in ("5m", "90m", "1d", "7d", "365d"):
        hop, size = HOPS[window], oracle.micros(window)
        edge = T // hop * hop
        world.clock = max(world.clock, edge + 1)
        define(world, window, path, f"g_{window}")
        push_at(world, edge, edge + 1, user=window)
        for clock, left in ((-1, 3.0), (0, 2.0), (hop - 1, 2.0), (hop, None)):
            reads.append((edge + size + clock, window, left))
    for clock, window, left in sorted(reads, key=lambda read: read[0]):
        world.clock = max(world.clock, clock)
        world.settle()
        assert world.clock > clock or world.served(f"g_{window}", window).values["total"] == left, (window, clock)
        assert (world.at(f"g_{window}", window, clock) or {"total": None})["total"] == left, (window, clock)


@pytest.mark.parametrize("path", PATHS)
def test_a_reader_meets_the_edge_before_the_sweeper_does(world, path):
    """The record holds the row after the next change as well: nobody has swept, and the value is right and says when for."""
    world.clock = T
    define(world, "1h", path)
    push_at(world, T - 1800 * oracle.SECOND, T)
    leaves = oracle.leaves(T - 1800 * oracle.SECOND, "1h")
    ends = oracle.leaves(T, "1h")
    for clock, total, as_of in (
        (leaves - 1, 3.0, leaves - 1),
        (leaves, 2.0, leaves),
        (ends - 1, 2.0, ends - 1),
        (ends, 2.0, ends - 1),
        (ends + HOUR, 2.0, ends - 1),
    ):
        found = world.served("g", "u", clock)
        assert (found.values["total"], found.as_of) == (total, as_of)
    assert world.served("g", "u", ends + HOUR).status == "STALE", "the sweeper is behind by more than 20 s"


def test_the_newest_row_leaves_its_window_too(world):
    world.clock = T
    world.define("g", "SELECT user_id, amount FROM input_data", window="1h", columns={"amount": "DOUBLE"})
    push_at(world, T)
    gone = oracle.leaves(T, "1h")
    assert world.served("g", "u", gone - 1).values == {"amount": 1.0}
    world.clock = gone
    assert world.served("g", "u").values == {"amount": None}, "nobody has swept"
    world.settle()
    assert world.served("g", "u").cells == {"amount": (None, "EMPTY_WINDOW")}


def test_without_a_window_the_whole_history_up_to_t_counts(world):
    world.clock = T
    define(world, None)
    push_at(world, 0, T - 400 * DAY, T)
    assert world.served("g", "u").values == {"n": 3, "total": 7.0}
    assert world.at("g", "u", T - 1) == {"n": 2, "total": 3.0}


def test_windows_below_5m_and_above_365d_are_refused(world):
    for window in ("4m", "366d", "8761h", "1w", "0d", "1.5h", "-1d", "30"):
        with pytest.raises(Invalid, match="unknown_window"):
            world.define("g", PATHS["tiles"], window=window)
