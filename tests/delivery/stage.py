"""A JStore with two appliers and a consumer, each with a memory of its own, and everything that can happen to it."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command

from backends.offline import log, log_sources
from backends.offline.pairs import BUCKETS
from core.errors import JStoreError
from features import selectors
from processing import activation, heal, kafka_ingest, load, share
from processing import sweep as sweep_module
from processing.models import Run
from tests import oracle
from tests.delivery.doors import Killed, Process
from tests.delivery.shots import LogShot, RedisShot
from tests.processing.test_kafka_ingest import message, next_offset
from tests.processing.world import PROJECT, World
from tests.windows import readers
from tests.windows.families import COLUMNS, Family, Group
from tests.windows.ledger import Ledger, wire
from tests.windows.streams import FUTURE, Stream

PEOPLE = 4
SKEWS = (0, 0, -0.2, 0.2, -7, 3)  # seconds
WHOLE = Family(
    "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, LAST(kind) AS l{more} FROM input_data GROUP BY user_id",
    (),
    {"total": ("sum", "amount"), "n": ("count",), "l": ("last", "kind")},
)
RECOMPUTED = Family(
    "SELECT user_id, COUNT(*) AS n, COUNT(DISTINCT whole) AS wholes, COLLECT_LIST(whole) AS list{more}"
    " FROM input_data GROUP BY user_id",
    (),
    {"n": ("count",), "wholes": ("count_distinct", "whole")},
)
NEWEST = Family("SELECT user_id, whole, kind{more} FROM input_data", (), {"whole": ("last", "whole"), "kind": ("last", "kind")})
GROUPS = (
    Group("whole", WHOLE, None, "tiles"),
    Group("hour", WHOLE, "1h", "tiles"),
    Group("day", RECOMPUTED, "1d", "recompute"),
    Group("newest", NEWEST, None, "row"),
)


class Stage:
    """`do` lets one random thing happen; `check` ends all of it and holds every value against brute force."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, redis: Any, rng: random.Random, name: str) -> None:
        self.rng, self._redis = rng, redis
        self.world = World(monkeypatch, 1_700_000_000 * oracle.SECOND)
        # small pieces, so that there is much between them
        monkeypatch.setattr(share, "BATCH", 9)
        monkeypatch.setattr(share, "LOAD_SECONDS", 0.01)
        monkeypatch.setattr(share, "OVERTAKEN_SECONDS", 0.01)
        monkeypatch.setattr(load, "_CHUNK", 1)
        monkeypatch.setattr(sweep_module, "LIMIT", 3)
        seconds = itertools.count(1_800_000_000)  # a load's epoch is a time: none of these is in the same second as another
        monkeypatch.setattr(load.time, "time", lambda: next(seconds))
        self._timeline, head = 0, log.head
        monkeypatch.setattr(log, "head", lambda p: replace(found := head(p), timeline=found.timeline + self._timeline))
        self._stream, self.ledger = Stream(rng, name, PEOPLE), Ledger()
        self._topic: list[tuple[kafka_ingest.KafkaMessage, list[dict]]] = []
        self._redis_shots: list[RedisShot] = []
        self._log_shots: list[tuple[LogShot, int]] = []
        self._versions, self._runs = dict.fromkeys((g.name for g in GROUPS), 0), list[Run]()
        self.story: list[str] = []
        self.processes = [self._process(), self._process()]
        for group in GROUPS:
            self._define(group)

    def _process(self) -> Process:
        return Process(self.world, self.rng.choice(SKEWS))

    def _define(self, group: Group) -> None:
        number = self._versions[group.name] = self._versions[group.name] + 1
        more = "" if number == 1 else f", {number} AS v" if group.path == "row" else f", MAX(whole + {number}) AS v"
        self.world.define(group.name, group.family.sql.format(more=more), window=group.window, columns=COLUMNS)
        run = activation.activate(PROJECT, group.name, number, "test")
        self._runs += [run] if run is not None else []

    # what can happen

    def do(self) -> None:
        """One thing."""
        things: list[tuple[int, Callable[[], object]]] = [
            (8, self.push), (5, self.consume), (16, self.step), (8, self.step_disturbed), (3, self.move_clock),
            (2, self.shoot), (1, self.lose_redis_tail), (1, self.empty_redis), (1, self.restore_log), (2, self.define),
            (1, self.rebuild), (2, self.restart), (2, self.activate), (2, self.heal),
        ]  # fmt: skip
        what = self.rng.choices([thing for _, thing in things], [weight for weight, _ in things])[0]
        self.story.append(what.__name__)
        what()

    def push(self) -> None:
        """Rows over HTTP."""
        rows = [row for row in self._stream.batch(self.world.clock, 2) if row.get("us", 0) <= self.world.clock + FUTURE]
        assert self.world.push([wire(row) for row in rows]).rejected == []
        self.ledger.take(rows, self.world.ingested)

    def consume(self) -> None:
        """Messages are produced, and some are delivered: again, from before, to a consumer that is behind."""
        for _ in range(self.rng.randint(0, 3)):
            rows = self._stream.batch(self.world.clock - 400 * oracle.SECOND, 1)[:3]
            self._topic.append((message(len(self._topic), [wire(row) for row in rows]), rows))
        at = next_offset() or 0
        start = max(0, at - self.rng.choice((0, 0, 1, 3)))
        batch = self._topic[start : start + self.rng.randint(1, 5)]
        point = self.rng.choice(("append", "move_offsets", None, None))
        self._consume([sent for sent, _ in batch], point)
        if point is None:
            self.ledger.take((row for sent, rows in batch if sent.offset >= at for row in rows), self.world.ingested)

    def _consume(self, messages: list[kafka_ingest.KafkaMessage], point: str | None) -> None:
        """One batch; `point`: where in its transaction the consumer dies."""
        if not messages:
            return
        owner: Any = {"append": log, "move_offsets": log_sources}.get(point or "")
        real = getattr(owner, point) if point else None

        def dies(*args: Any, **more: Any) -> Any:
            real(*args, **more)
            raise Killed(point)

        try:
            if point:
                setattr(owner, point, dies)
            kafka_ingest.accept_kafka(PROJECT, messages)
        except Killed:
            assert point
        finally:
            if point:
                setattr(owner, point, real)

    def step(self) -> None:
        """One round of one applier."""
        self.rng.choice(self.processes).step()

    def step_disturbed(self) -> None:
        """One round, in the middle of which the process dies, another one works, or a store changes."""
        process = self.rng.choice(self.processes)
        other = self.processes[1 - self.processes.index(process)]
        between = [other.step, other.step, other.step, self.push, self.lose_redis_tail, self.empty_redis, self.rebuild]
        what = self.rng.choice([self._die] * 5 + between)
        call, after = self.rng.randint(1, 40), self.rng.random() < 0.5
        self.story.append(f"({what.__name__} {'after' if after else 'before'} call {call})")
        process.doors.at(call, what, after=after)
        try:
            process.step()
        except Killed:
            self.processes[self.processes.index(process)] = self._process()
        finally:
            process.doors.nothing()

    def _die(self) -> None:
        raise Killed

    def move_clock(self) -> None:
        """On by seconds to days, or back a little."""
        seconds = self.rng.choice((1, 30, 600, 3600, 90_000, -5, -400))
        self.world.clock += seconds * oracle.SECOND

    def shoot(self) -> None:
        """Remember both stores as they are."""
        self._redis_shots = [*self._redis_shots[-2:], RedisShot(self._redis)]
        self.close()
        self._log_shots = [(LogShot(), len(self.ledger.rows))]

    def lose_redis_tail(self) -> None:
        """Redis as it was some time ago; no process notices."""
        if self._redis_shots:
            self.rng.choice(self._redis_shots).restore()

    def empty_redis(self) -> None:
        self._redis.flushall()

    def close(self) -> None:
        """Nothing is left beside the tables."""
        for shot, _ in self._log_shots:
            shot.drop()

    def restore_log(self) -> None:
        """PostgreSQL as it was: every process has lost its connection; what was acknowledged since is gone."""
        if self._log_shots:
            shot, length = self._log_shots[-1]
            shot.restore()
            self._timeline += 1
            self.ledger.forget_after(length)
            for process in self.processes:
                process.applier.forget()

    def define(self) -> None:
        """Another version of a group, to be active once it has caught up."""
        group = self.rng.choice(GROUPS)
        if self._versions[group.name] < 2:  # each of them is kept up for good
            self._define(group)

    def rebuild(self) -> None:
        call_command("rebuild_online", stdout=open("/dev/null", "w"))  # noqa: SIM115

    def heal(self) -> int:
        """Every entity compared with the log. -> how many differ."""
        different = 0
        for spec in selectors.group_specs(PROJECT):
            for version in spec.versions.values():
                places = [(version.code, bucket) for bucket in range(BUCKETS)]
                cursors = {n: c for n, c in enumerate(self.world.store.cursors(PROJECT, places)) if c is not None}
                found = heal.heal(self.world.store, spec, version, self._stream.users, cursors, self.world.clock)
                different += found.different
        return different

    def restart(self) -> None:
        self.processes[self.rng.randrange(2)] = self._process()

    def activate(self) -> None:
        self._runs = [run for run in self._runs if not activation.advance(run)]

    # and what must be true after it

    def check(self) -> None:
        """Everything is consumed, applied and active; every value is brute force's."""
        self._finish()
        reading = readers.Reading(self.ledger, self.world.clock, self.world.latest)
        entities = sorted({("nobody",), *((user,) for user in self._stream.users), *self.ledger.by_entity(("user_id",))})
        for group in GROUPS:
            head = log.head(PROJECT).position
            assert {(c.whole, c.position) for c in self.world.cursors(group.name) if c} == {(True, head)}, group.name
            readers.check_online(group, entities, reading, self.world.clock)
        assert self.heal() == 0, "the log says otherwise"

    def _finish(self) -> None:
        while (at := next_offset() or 0) < len(self._topic):
            batch = self._topic[at : at + 50]
            kafka_ingest.accept_kafka(PROJECT, [sent for sent, _ in batch])
            self.ledger.take((row for _, rows in batch for row in rows), self.world.ingested)
        end = time.monotonic() + 60
        applier = Process(self.world, 0).applier if self.rng.random() < 0.2 else self.rng.choice(self.processes).applier
        while applier.step() or not self._caught_up():
            assert time.monotonic() < end, "the appliers never come to rest"
        try:
            self.activate()
        except JStoreError as error:
            raise AssertionError(f"a version cannot be activated: {error}") from error
        assert self._runs == [], "what has caught up is active"

    def _caught_up(self) -> bool:
        """Every version is whole and as far as the log."""
        head = log.head(PROJECT).position
        codes = [v.code for spec in selectors.group_specs(PROJECT) for v in spec.versions.values()]
        places = [(code, bucket) for code in codes for bucket in range(BUCKETS)]
        found = self.world.store.cursors(PROJECT, places)
        return all(c is not None and c.whole and c.position == head for c in found)
