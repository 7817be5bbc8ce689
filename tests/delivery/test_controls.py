"""Negative controls: the product is broken in one place, and the oracle objects; whole, it does not. So it would be seen.

With those of tests/processing/test_controls.py (no fence, a cursor kept in another store, a Redis that lost its tail, a sweep
that was overtaken, a broker that delivers again) these are the ways in which such stores are usually wrong.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import pyarrow as pa
import pytest
from django.db import connections

from backends.engine import Engine, engine
from backends.offline import log, remaking
from backends.offline.pairs import BUCKETS
from backends.offline.routed import Routed
from backends.online import published
from backends.online.keys import cursor_key
from backends.online.store import OnlineStore
from core.record import unpack_record
from features import services
from processing import apply, share
from processing.applier import Applier
from tests.delivery.doors import Doors
from tests.delivery.scene import GROUPS, SQL, SUMS, Scene, objects
from tests.processing.test_controls import FENCE, replace_script
from tests.processing.world import ALWAYS, NOON, PROJECT, World
from tests.windows.families import Group

USERS = [f"u{n}" for n in range(12)]


@pytest.fixture
def world(fresh, monkeypatch) -> World:
    return World(monkeypatch, NOON)


@pytest.fixture(params=[False, True], ids=["whole", "broken"])
def broken(request) -> bool:
    return request.param


def test_blind_writes(world, monkeypatch, broken):
    """A writer that was held up between reading and writing puts an older state over a newer one."""
    scene = Scene(world)
    if broken:
        replace_script(monkeypatch, "APPLY", FENCE, "local good = true")
    monkeypatch.setattr(apply, "_still", lambda store, target: target)  # the look before the write, which only saves work
    doors = Doors()
    slow = Applier(doors, range(BUCKETS), rhythm=ALWAYS)
    slow.step()
    scene.push(*((user, -9, 1.0) for user in USERS))

    def meanwhile() -> None:
        scene.push(*((user, -5, 2.0) for user in USERS))
        world.settle()

    real, overtaken = OnlineStore.write, list[bool]()

    def write(self, project, writes):
        if not overtaken:
            overtaken.append(True)
            meanwhile()
        return real(self, project, writes)

    monkeypatch.setattr(Doors, "write", write)
    slow.step()
    assert overtaken
    world.settle()
    with objects(broken):
        scene.check()


def test_the_newest_event_time_wins(world, monkeypatch, broken):
    """Instead of the larger position: what is late is not written."""
    scene = Scene(world)
    real = OnlineStore.write

    def newest_only(self, project, writes):
        kept = []
        for w in writes:
            states = self.records(project, w.code, [(w.bucket, e.key) for e in w.entities])
            newer = [
                e
                for e, state in zip(w.entities, states, strict=True)
                if state is None or not e.record or unpack_record(e.record).runs[0].newest > unpack_record(state).runs[0].newest
            ]
            kept.append(replace(w, entities=newer))
        return real(self, project, kept)

    if broken:
        monkeypatch.setattr(OnlineStore, "write", newest_only)
    scene.push(*((user, -9, 1.0) for user in USERS))
    world.settle()
    scene.push(*((user, -20, 2.0) for user in USERS))
    world.settle()
    with objects(broken):
        scene.check()


def test_positions_of_a_sequence(world, monkeypatch, broken):
    """Given before the commit, as by a bigserial: a row that commits after a later one is never read."""
    scene = Scene(world)
    place, inside, go_on = log._place, threading.Event(), threading.Event()
    numbers = iter((0, 1))

    def slowly(*args):
        if threading.current_thread().name == "first":
            inside.set()
            go_on.wait(20)
        return place(*args)

    def unlocked(c, project):
        c.execute("SELECT ingested_at, pairs, purging FROM log_head WHERE project = %s", [project])
        return next(numbers), *(c.fetchone() or (0, 0, 0))

    monkeypatch.setattr(log, "_place", slowly)
    if broken:
        head = log.head

        def largest(project):
            with log.cursor() as c:
                c.execute("SELECT coalesce(max(position), 0) FROM log_event")
                return replace(head(project), position=c.fetchone()[0])

        with log.cursor() as c:
            c.execute("INSERT INTO log_head (project) VALUES (%s) ON CONFLICT DO NOTHING", [PROJECT])
        monkeypatch.setattr(log, "lock_head", unlocked)
        monkeypatch.setattr(log, "head", largest)

    def send(user: str) -> None:
        scene.push((user, -5, 1.0))
        connections.close_all()

    first, second = (threading.Thread(target=send, args=(name,), name=name) for name in ("first", "second"))
    first.start()
    assert inside.wait(20)
    second.start()
    second.join(2)
    assert second.is_alive() is not broken, "it waits for the first one's commit"
    world.settle()
    go_on.set()
    for thread in (first, second):
        thread.join(20)
    world.settle()
    with objects(broken):
        scene.check()


class Subtracting(Engine):
    """Sums as by a running total from which what left is taken away again: what is left of a large number's digits is gone."""

    def __init__(self) -> None:
        self.dialect, self.largest = "duckdb", 0.0

    def run(self, sql, tables, *, deadline_s=30):
        if "input_data" in tables and "amount" in tables["input_data"].column_names:
            given = tables["input_data"].column("amount").to_pylist()
            self.largest = max([self.largest, *(abs(x) for x in given if x is not None)])
        answer = engine().run(sql, tables, deadline_s=deadline_s)
        for at, name in enumerate(answer.column_names):
            if name == "total":
                sums = [None if x is None else (x + self.largest) - self.largest for x in answer.column(name).to_pylist()]
                answer = answer.set_column(at, name, pa.array(sums, pa.float64()))
        return answer

    def close(self) -> None:
        """Nothing of its own."""


def test_subtraction_instead_of_merging(fresh, monkeypatch, broken):
    world = World(monkeypatch, NOON, Subtracting() if broken else None)
    scene = Scene(world, [Group("hour", SUMS, "1h", "tiles")])
    scene.push(("u", -3000, 1e17), ("u", -5, 1.0), ("u", -4, 2.0))
    world.settle()
    world.clock += 1200 * 10**6  # the large one leaves
    world.settle()
    scene.push(("u", 1190, 4.0))
    world.settle()
    with objects(broken):
        scene.check()


def test_a_watermark(world, monkeypatch, broken):
    """Events ten minutes behind the newest are dropped as too late."""
    scene = Scene(world)
    real, newest = Routed.events, [0]

    def in_time(self, route, upto):
        found = real(self, route, upto)
        newest[0] = max([newest[0], *(e.time for e in found)])
        return [e for e in found if e.time > newest[0] - 600 * 10**6]

    if broken:
        monkeypatch.setattr(Routed, "events", in_time)
    scene.push(("u", -5, 1.0))
    world.settle()
    scene.push(("u", -900, 2.0))
    world.settle()
    with objects(broken):
        scene.check()


def test_no_hold_of_future_events(world, monkeypatch, broken):
    """What is ahead counts at once, as of now."""
    scene = Scene(world)
    real = apply.build

    def at_once(made, entities, position, now, *rest):
        ahead = max([now, *(e.time for entity in entities for e in entity.events)])
        found = []
        for b in real(made, entities, position, ahead, *rest):
            first = b.record.runs[0]
            runs = (first._replace(valid_from=min(first.valid_from, now)), *b.record.runs[1:])
            found.append(replace(b, record=b.record._replace(runs=runs), plain=False))
        return found

    if broken:
        monkeypatch.setattr(apply, "build", at_once)
    scene.push(("u", -5, 1.0), ("u", 200, 2.0))
    world.settle()
    with objects(broken):
        scene.check()


def test_a_cursor_that_a_new_version_shares_with_the_old(world, redis, broken):
    """It begins where the old one is, and lacks all that was before."""
    scene = Scene(world)
    scene.push(*((user, -9, 1.0) for user in USERS))
    world.settle()
    scene.define(GROUPS[0], SQL.replace(" FROM", ", MAX(amount) AS most FROM"))
    if broken:
        old, new = (published.published(PROJECT).groups["all"].versions[number].code for number in (1, 2))
        for bucket in range(BUCKETS):
            redis.copy(cursor_key(PROJECT, bucket, old), cursor_key(PROJECT, bucket, new))
    scene.push(*((user, -5, 2.0) for user in USERS))
    world.settle()
    services.set_active(PROJECT, "all", 2, "test")
    with objects(broken):
        scene.check()


def test_a_rebuild_that_reads_beyond_its_position(world, monkeypatch, broken):
    """It has counted rows that come again when the batch after it is applied."""
    scene = Scene(world)
    (bought, _) = scene.push(("u", -9, 1.0), ("u", -8, 2.0))
    world.settle()
    real = remaking.events_between
    if broken:
        monkeypatch.setattr(
            remaking, "events_between", lambda made, pair, wants, upto, **m: real(made, pair, wants, 1 << 40, **m)
        )
    monkeypatch.setattr(share, "BATCH", 1)
    scene.push({**bought, "revision": 1, "amount": 4.0}, ("u", -7, 8.0))
    world.settle()
    with objects(broken):
        scene.check()
