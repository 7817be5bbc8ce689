"""Entities with too many events: marked when something arrives, computed on schedule, read in pieces, right in the end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from backends import metrics
from backends.offline import deep, log_reading, tables
from backends.online import gated, published
from core.clock import MICRO
from processing import deep as computing
from processing.share import Share
from tests import oracle
from tests.processing import clocked
from tests.processing.gating import COLUMNS, SQL, fresh_again, gauge, minutes_until, next_minute, row, seen, until
from tests.processing.world import PROJECT, World, at


@pytest.fixture
def low_gate(settings):
    """A gate of five events."""
    settings.JSTORE_GATE_EVENTS = 5


@pytest.fixture
def general(world: World) -> World:
    world.define("g", SQL, window="1d", columns=COLUMNS)
    world.settle()
    return world


def test_the_10_001st_event_is_stale_until_the_schedule(general, monkeypatch):
    read: list[int] = []
    scan, scan_after = log_reading.scan, log_reading.scan_after
    monkeypatch.setattr(log_reading, "scan", lambda *args: read.append(len(found := scan(*args))) or found)
    monkeypatch.setattr(log_reading, "scan_after", lambda *args: read.append(len((found := scan_after(*args))[0])) or found)
    for part in range(5):
        general.push([row("u", -3600 + n * 0.1, n, "abc"[n % 3]) for n in range(part * 2000, part * 2000 + 2000)])
    general.settle()
    whole = sum(range(10_000))
    assert seen(general) == {"n": ("PRESENT", 10_000), "kinds": ("PRESENT", 3), "total": ("PRESENT", whole)}
    assert gated.count(PROJECT, [general.code("g")]) == 0
    assert max(read) == 10_000

    read.clear()
    general.push([row("u", -10, 7, "d")])
    general.settle()
    # the last good values, marked; nothing was read
    assert seen(general) == {"n": ("STALE", 10_000), "kinds": ("STALE", 3), "total": ("STALE", whole)}
    assert read == []
    assert gated.count(PROJECT, [general.code("g")]) == 1
    assert gauge(metrics.GATED) == 1
    record = general.record("g", "u")
    assert record.position == 10_001
    general.push([row("v", -10)])
    general.settle()
    assert seen(general, "v")["n"] == ("PRESENT", 1)  # others are as fresh as ever

    minutes_until(general, fresh_again(general))
    assert seen(general) == {"n": ("PRESENT", 10_001), "kinds": ("PRESENT", 4), "total": ("PRESENT", whole + 7)}
    assert max(read) <= deep.PIECE
    position, kept = tables.latest(
        published.published(PROJECT).groups["g"], published.published(PROJECT).groups["g"].versions[1], "u"
    )
    assert (position, kept["n"]) == (10_002, 10_001)


def test_without_the_schedule_it_stays_stale(general, low_gate, monkeypatch):
    """The negative control of the tests that wait for freshness."""
    monkeypatch.setattr(Share, "_compute_deep", lambda self, targets: False)
    general.push([row("u", -n) for n in range(9)])
    general.settle()
    for _ in range(3):
        next_minute(general)
        general.settle()
        assert seen(general)["n"] == ("STALE", None)


def test_without_the_gate_it_is_computed_on_arrival(general, settings):
    settings.JSTORE_GATE_EVENTS = 9
    general.push([row("u", -n) for n in range(9)])
    general.settle()
    assert seen(general)["n"] == ("PRESENT", 9)


@pytest.mark.parametrize("seed", range(3))
def test_values_computed_in_pieces_equal_brute_force(fresh, monkeypatch, low_gate, seed):
    print(f"seed {seed}")
    rng = random.Random(seed)
    monkeypatch.setattr(deep, "PIECE", 3)
    world = World(monkeypatch, clocked.BASE)
    clocked.define(world)
    sent: list[dict[str, Any]] = []

    def push(count: int) -> None:
        ages = [rng.choice([0, 1, *clocked.AGES.values(), rng.randrange(4000), rng.randrange(90_000)]) for _ in range(count)]
        events = [
            {
                "us": world.clock - age * MICRO + rng.choice([-1, 0, 1]),
                "amount": rng.randrange(-99, 99),
                "kind": rng.choice("abc"),
            }
            for age in ages
        ]
        world.push([{"user_id": "u", "amount": e["amount"], "kind": e["kind"], "timestamp": oracle.iso(e["us"])} for e in events])
        sent.extend(events)

    groups = [name for name, _, _ in clocked.GROUPS]
    push(30)
    for _ in range(3):
        minutes_until(world, lambda: all(fresh_again(world, "u", name)() for name in groups))
        for ahead in (0, 1, rng.randrange(3 * MICRO), rng.randrange(200 * MICRO)):
            assert clocked.wrong(world, "u", sent, world.clock + ahead) == []
        world.clock += rng.randrange(30 * MICRO)
        push(rng.randrange(1, 8))
        world.applier.step()
    records = [world.record(name, "u") for name in groups]
    assert any(record is not None and record.failed for record in records)


def test_events_that_come_while_it_is_computed(general, low_gate, monkeypatch):
    monkeypatch.setattr(deep, "PIECE", 2)
    monkeypatch.setattr(computing, "SECONDS", 0.0)  # a piece a round
    general.push([row("u", -n) for n in range(12)])
    general.applier.step()
    next_minute(general)
    pieces = log_reading.scan_after
    read: list[int] = []
    monkeypatch.setattr(log_reading, "scan_after", lambda *args: read.append(1) or pieces(*args))
    until(general, lambda: len(read) == 3)
    general.push([row("u", 1, 100)])
    record = general.record("g", "u")
    until(general, lambda: general.record("g", "u").runs[0].exists)
    # what was computed is over the log before it: newer values than before, and still not the last
    assert seen(general)["n"] == ("STALE", 12)
    assert general.record("g", "u").position > record.position
    minutes_until(general, fresh_again(general))
    assert seen(general)["total"] == ("PRESENT", 12 + 100)


def test_corrections_and_tombstones(general, low_gate):
    general.push([row("u", -n, 10, event_id=f"e{n}") for n in range(9)])
    minutes_until(general, fresh_again(general))
    general.push([row("u", -1, 1, event_id="e1", revision=1), {"event_id": "e2", "revision": 1, "deleted": True}])
    assert seen(general)["n"] == ("STALE", 9)
    minutes_until(general, fresh_again(general))
    assert seen(general)["n"] == ("PRESENT", 8)
    assert seen(general)["total"] == ("PRESENT", 71)


def test_a_group_made_over_such_an_entity(world, low_gate):
    world.push([row("u", -n) for n in range(20)] + [row("v", -1)])
    world.define("g", SQL, columns=COLUMNS)
    world.define("plain", SQL.replace(", SIZE(ARRAY_DISTINCT(COLLECT_LIST(kind))) AS kinds", ""), columns=COLUMNS)
    world.settle()
    assert all(cursor is not None and cursor.whole for cursor in world.cursors("g"))
    assert seen(world, "v")["n"] == ("PRESENT", 1)
    assert seen(world, "u", "plain")["n"] == ("PRESENT", 20)  # tiles know no gate
    until(world, fresh_again(world))
    assert seen(world)["n"] == ("PRESENT", 20)


def test_an_entity_of_which_the_group_takes_nothing(world, low_gate):
    """Rows of others stand in the same index: they open the gate, and no value."""
    world.define("other", "SELECT user_id, COUNT(page) AS pages FROM input_data GROUP BY user_id")
    world.define("g", SQL, window="1h", columns=COLUMNS)
    world.settle()
    world.push([{"user_id": "u", "page": 1, "timestamp": at(-n)} for n in range(9)])
    world.settle()
    assert seen(world)["n"][0] == "NOT_FOUND"
    world.drop("g")
    world.define("g", SQL, window="1h", columns=COLUMNS)
    world.settle()
    until(world, fresh_again(world))
    assert seen(world)["n"] == ("NOT_FOUND", None)
    world.push([row("u", -9000)])
    world.settle()
    minutes_until(world, fresh_again(world))
    assert seen(world)["n"] == ("EMPTY_WINDOW", None)


def test_an_entity_that_has_few_events_again(general, low_gate):
    general.push([row("u", -n) for n in range(9)])
    minutes_until(general, fresh_again(general))
    assert gated.count(PROJECT, [general.code("g")]) == 1
    general.clock += 2 * 86_400 * MICRO
    until(general, lambda: gated.count(PROJECT, [general.code("g")]) == 0)
    assert seen(general)["n"] == ("EMPTY_WINDOW", None)
    assert gauge(metrics.GATED) == 0
    general.push([row("u", 2 * 86_400 - 5)])
    assert seen(general)["n"] == ("PRESENT", 1)


def test_sql_that_fails_keeps_the_last_values(world, low_gate):
    world.define(
        "g",
        "SELECT user_id, SIZE(ARRAY_DISTINCT(COLLECT_LIST(kind))) AS n, 1 / 1 AS one FROM input_data GROUP BY user_id",
        columns=COLUMNS,
    )
    world.define(
        "twice",
        "SELECT user_id, x AS n FROM (SELECT user_id, amount AS x, COUNT(*) AS c FROM input_data GROUP BY user_id, amount) AS t"
        " WHERE c > 0 AND x IS NOT NULL QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY x) = 1",
        columns=COLUMNS,
    )
    world.push([row("u", -n, 1) for n in range(9)])
    minutes_until(world, lambda: fresh_again(world)() and fresh_again(world, "u", "twice")())
    assert seen(world, "u", "twice")["n"] == ("PRESENT", 1)
