"""Redis and PostgreSQL that came back as something else than what the processes remember."""

from __future__ import annotations

import pytest

from backends.offline import log, tables
from backends.offline.pairs import BUCKETS
from features import selectors
from processing import load, share
from processing.applier import Applier
from tests.delivery.shots import LogShot, RedisShot
from tests.processing.test_load import KINDS, USERS, begin, check, end
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, World, event


@pytest.fixture
def world(fresh, monkeypatch) -> World:
    monkeypatch.setattr(load, "_CHUNK", 3)
    return World(monkeypatch, NOON)


@pytest.fixture
def filled(world) -> World:
    """Sixty users with two purchases each, in the log before there is a group; three of them are a chunk."""
    world.push([event(user, -seconds, float(n)) for n, user in enumerate(USERS) for seconds in (100, 50)])
    return world


@pytest.mark.parametrize("pieces", range(2, 22, 4))
def test_a_redis_that_loses_the_last_writes_of_a_load_refuses_the_next(filled, redis, pieces):
    """It came back at once, so the loader saw no error; what it would close as whole lacks what was lost."""
    spec = filled.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    work = begin(filled, spec)
    for _ in range(pieces):
        next(work)
    shot = RedisShot(redis)
    for _ in range(3):
        next(work)
    shot.restore()
    assert len(end(work)) < BUCKETS
    filled.settle()
    check(filled)


@pytest.mark.parametrize("window", [None, "1d"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_postgresql_restored_to_an_older_state_takes_the_values_of_the_lost_events_with_it(world, monkeypatch, kind, window):
    world.define("g", KINDS[kind], window=window, columns={"amount": "DOUBLE"})
    world.push([event("old", -9, 1.0)])
    world.settle()
    shot = LogShot()
    world.push([event("old", -8, 2.0), event("lost", -7, 4.0)])
    world.settle()
    shot.restore()
    shot.drop()
    real = log.head
    monkeypatch.setattr(log, "head", lambda project: log.Head(**{**real(project).__dict__, "timeline": 99}))
    world.applier.forget()  # every connection was cut
    world.settle()
    assert world.served("g", "lost").status == "NOT_FOUND"
    assert (world.served("g", "old").values["total"], world.served("g", "old").values["n"]) == (1.0, 1)
    world.push([event("lost", -6, 8.0)])
    world.settle()
    assert (world.served("g", "lost").values["total"], world.served("g", "lost").values["n"]) == (8.0, 1)


def test_a_postgresql_that_came_back_without_a_table_gets_it_again(world, monkeypatch):
    shot = LogShot()
    world.define("g", SUMS, columns={"amount": "DOUBLE"})
    world.push([event("u", -9, 1.0)])
    world.settle()
    shot.restore()
    shot.drop()
    real = log.head
    monkeypatch.setattr(log, "head", lambda project: log.Head(**{**real(project).__dict__, "timeline": 99}))
    world.applier.forget()
    world.push([event("u", -8, 2.0)])
    world.settle()
    assert world.served("g", "u").values == {"total": 2.0, "n": 1}
    spec = selectors.group_spec(PROJECT, "g")
    assert spec is not None
    assert tables.latest(spec, spec.versions[1], "u")[1]["total"] == 2.0


def test_two_appliers_that_load_the_same_buckets_come_to_rest(filled, monkeypatch):
    """Each takes over what the other has opened; who was overtaken waits longer each time, so that one of them ends."""
    monkeypatch.setattr(share, "LOAD_SECONDS", 0.0)
    monkeypatch.setattr(share, "OVERTAKEN_SECONDS", 0.01)
    filled.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    pair = [Applier(filled.store, range(BUCKETS), rhythm=ALWAYS) for _ in range(2)]
    for _ in range(5000):
        for applier in pair:
            applier.step()
        if all(cursor is not None and cursor.whole for cursor in filled.cursors("g")):
            break
    check(filled)
