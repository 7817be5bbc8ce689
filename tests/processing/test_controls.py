"""Negative controls: with a safety off the wrong number appears, with it on the right one. So the safety is what does it.

Two processes at once, a Redis that lost its tail, a sweep that was overtaken, a broker that delivers again.
"""

from __future__ import annotations

import hashlib

import pytest

from backends.offline import log_sources, tables
from backends.offline.pairs import BUCKETS
from backends.online import scripts
from backends.online import store as store_module
from backends.online.client import client
from backends.online.store import OnlineStore
from features import selectors
from processing import apply, kafka_ingest
from processing import sweep as sweep_module
from processing.applier import Applier
from processing.rhythm import Rhythm
from tests.processing.test_kafka_ingest import numbers, stored
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, event

USERS = [f"u{n}" for n in range(20)]
FENCE = "local good = string.sub(redis.call('GET', cursor_key) or '', 1, 12) == fence"
UNCHANGED = "local good = redis.call('GETRANGE', KEYS[k], 0, 15) == expected"


def replace_script(monkeypatch, name, safety, by):
    """One of the store's programs without a safety."""
    text = getattr(scripts, name)
    assert safety in text
    without = text.replace(safety, by)
    monkeypatch.setattr(store_module, name, without)
    monkeypatch.setitem(store_module._SHA, without, hashlib.sha1(without.encode()).hexdigest())


def totals(world, name="g"):
    return {user: world.read(name, user, world.clock)[2].get("n") for user in USERS}


@pytest.mark.parametrize("fenced", [True, False])
@pytest.mark.parametrize("window", [None, "1d"])
def test_two_appliers_with_the_same_rows(world, monkeypatch, fenced, window):
    world.define("g", SUMS, window=window, columns={"amount": "DOUBLE"})
    world.settle()
    second = Applier(world.store, range(BUCKETS), rhythm=Rhythm(refresh=3600, sweep=3600, beat=3600))
    second.step()  # it has read the cursors and believes them
    monkeypatch.setattr(apply, "_still", lambda store, target: target)  # the look before the write, which only saves work
    if not fenced:
        replace_script(monkeypatch, "APPLY", FENCE, "local good = true")
    world.push([event(user, -5, 1.0) for user in USERS])
    world.settle()
    while second.step():
        pass
    assert totals(world) == dict.fromkeys(USERS, 1 if fenced else 2)


@pytest.mark.parametrize("looked", [True, False])
def test_an_applier_that_is_refused_leaves_no_wrong_row_offline(world, monkeypatch, looked):
    """It has cut its batch at another position, so no row of the other one stands in its way."""
    world.define("g", SUMS, columns={"amount": "DOUBLE"})
    world.settle()
    second = Applier(world.store, range(BUCKETS), rhythm=Rhythm(refresh=3600, sweep=3600, beat=3600))
    second.step()
    if not looked:
        monkeypatch.setattr(apply, "_still", lambda store, target: target)
    world.push([event("u1", -5, 1.0)])
    world.settle()
    world.push([event("u1", -4, 1.0)])
    second.step()
    spec = selectors.group_spec(PROJECT, "g")
    assert tables.latest(spec, spec.versions[1], "u1")[1]["n"] == (1 if looked else 3)


class Elsewhere(OnlineStore):
    """Cursors kept apart from the data, as in another database: they do not go when the data goes."""

    def __init__(self, redis):
        super().__init__(redis)
        self.kept = {}

    def cursors(self, project, buckets):
        return [self.kept.get(place) for place in buckets]

    def write(self, project, writes):
        inside = super().cursors(project, [(w.code, w.bucket) for w in writes])
        moved = [
            type(w)(w.code, w.bucket, b"" if cursor is None else cursor.fence, w.cursor, w.entities)
            for w, cursor in zip(writes, inside, strict=True)
        ]
        taken = super().write(project, moved)
        self.kept.update({(w.code, w.bucket): w.cursor for w, good in zip(writes, taken, strict=True) if good})
        return taken


@pytest.mark.parametrize("together", [True, False])
def test_a_redis_that_loses_its_tail(world, redis, together):
    """What was written last is gone, as after a power cut; cursors that are written with the data go back with it."""
    store = world.store if together else Elsewhere(client())
    first = Applier(store, range(BUCKETS), rhythm=ALWAYS)
    world.define("g", SUMS, columns={"amount": "DOUBLE"})
    world.push([event(user, -5, 1.0) for user in USERS])
    while first.step():
        pass
    before = {key: redis.dump(key) for key in redis.keys("js:*")}
    world.push([event(user, -4, 1.0) for user in USERS])
    while first.step():
        pass
    assert totals(world) == dict.fromkeys(USERS, 2)
    redis.flushall()
    for key, data in before.items():
        redis.restore(key, 0, data)
    second = Applier(store, range(BUCKETS), rhythm=ALWAYS)
    while second.step():
        pass
    assert totals(world) == dict.fromkeys(USERS, 2 if together else 1)


@pytest.mark.parametrize("compared", [True, False])
def test_a_sweep_that_a_batch_overtakes(world, monkeypatch, compared):
    world.define("g", SUMS, window="1h", columns={"amount": "DOUBLE"})
    world.push([event(user, seconds, 1.0) for user in USERS for seconds in (-3500, -60)])
    world.settle()
    if not compared:
        replace_script(monkeypatch, "SWEEP", UNCHANGED, "local good = true")
    world.clock = NOON + 300 * 10**6
    other = Applier(world.store, range(BUCKETS), rhythm=Rhythm(sweep=3600, registry=0, refresh=0))
    build, overtaken = sweep_module.build, []

    def build_and_be_overtaken(*args):
        built = build(*args)
        if not overtaken:
            overtaken.append(True)
            world.push([event(user, 200, 1.0) for user in USERS])
            while other.step():
                pass
        return built

    monkeypatch.setattr(sweep_module, "build", build_and_be_overtaken)
    world.applier.step()
    assert overtaken
    monkeypatch.setattr(sweep_module, "build", build)
    world.settle()
    found = totals(world)
    assert (found == dict.fromkeys(USERS, 2)) is compared, found


@pytest.mark.parametrize("locked", [True, False])
def test_a_broker_that_delivers_again(world, monkeypatch, locked):
    if not locked:
        monkeypatch.setattr(log_sources, "lock_offsets", lambda project, places: {(topic, n): None for topic, _, n in places})
    for _ in range(2):
        kafka_ingest.accept_kafka(PROJECT, numbers(0, 5))
    assert stored() == [float(n) for n in range(5)] * (1 if locked else 2)
