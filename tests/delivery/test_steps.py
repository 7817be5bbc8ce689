"""Steps of the delivery that write, beside events and values: each cut short, then gone on with by whoever comes next."""

from __future__ import annotations

import pytest

from backends.offline import pairs, tables
from backends.online import published
from core.errors import Unavailable
from features import publishing, services
from processing import dropping
from tests.delivery.doors import Killed
from tests.processing.world import NOON, PROJECT, SUMS, World, event


@pytest.fixture
def world(fresh, monkeypatch) -> World:
    return World(monkeypatch, NOON)


def test_d_a_pointer_moved_while_redis_was_away_is_published_later(world, monkeypatch):
    world.define("g", SUMS, columns={"amount": "DOUBLE"})
    world.push([event("u", -5, 2.0), event("u", -4, 5.0)])
    world.define("g", SUMS.replace("SUM", "MAX"), columns={"amount": "DOUBLE"})
    world.settle()

    def away(*args: object) -> None:
        raise Unavailable("redis_down", "not now")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.published, "publish_group", away)
        services.set_active(PROJECT, "g", 2, "test")
        assert world.served("g", "u").values["total"] == 7.0, "readers do not know yet"
    world.settle()
    assert world.served("g", "u").values["total"] == 5.0


def test_d_an_index_that_was_half_made_is_finished(world, monkeypatch):
    """A group with a new time column indexes the log so far; the process dies between two pieces of it."""
    monkeypatch.setattr(pairs, "_CHUNK", 3)
    world.push([{**event(f"u{n % 4}", -n, float(n)), "seen_at": event("", -n, 0)["timestamp"]} for n in range(1, 21)])
    spec = world.define("g", SUMS, columns={"amount": "DOUBLE"}, timestamp_column="seen_at")
    work = pairs.indexing(PROJECT, spec.entity, spec.timestamp_column, spec.time_kind)
    for _ in range(2):
        next(work)
    del work
    pairs.forget()
    world.push([{**event("u1", 0, 100.0), "seen_at": event("", 0, 0)["timestamp"]}])
    world.settle()
    sums = {f"u{n}": sum(float(i) for i in range(1, 21) if i % 4 == n) for n in range(4)}
    sums["u1"] += 100.0
    assert {user: world.served("g", user).values["total"] for user in sums} == sums


def test_d_a_version_half_dropped_is_dropped_wholly(world, redis, monkeypatch):
    world.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    world.push([event(f"u{n}", -5, 1.0) for n in range(40)])
    world.settle()
    code = world.code("g")
    world.drop("g")

    def dies(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(dropping.tables, "drop", dies)
        with pytest.raises(Killed):
            world.settle()
    assert code in published.dropped(PROJECT), "it is still to be done"
    world.applier.forget()
    world.settle()
    assert [key for key in redis.keys("js:{default.*") if code.encode() in key] == []
    assert published.dropped(PROJECT) == frozenset()
    world.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    world.settle()
    assert (world.code("g") != code, world.served("g", "u3").values) == (True, {"total": 1.0, "n": 1})
    assert tables.table_name(code) != tables.table_name(world.code("g"))
