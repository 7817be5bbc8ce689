"""A process that dies at each point between a message and its value: after going on, every number is the oracle's.

c1 to c5 are points on the way into the log, r1 to r4 on the way out of it, s1 in a sweep. A
process dies by an exception that nobody catches, and the next one knows only what PostgreSQL and Redis know.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from backends.offline import log, log_reading, log_sources, tables
from backends.offline.pairs import BUCKETS
from backends.online.store import OnlineStore
from core.clock import MICRO
from processing import kafka_ingest, share
from processing import sweep as sweep_module
from processing.applier import Applier
from processing.models import DeadLetter
from tests import oracle
from tests.processing.test_kafka_ingest import message, next_offset
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, World, event

USERS = [f"u{n}" for n in range(8)]
OUTPUTS = {"total": ("sum", "amount"), "n": ("count",)}
GROUPS = {"all": (SUMS, None), "day": (SUMS, "1d"), "hour": (SUMS.replace(" FROM", ", COLLECT_LIST(amount) AS m FROM"), "1h")}


class Killed(BaseException):
    """Nobody catches it."""


@contextmanager
def dying(owner: Any, name: str, *, before: bool, call: int = 1) -> Iterator[list[str]]:
    """The process dies when it calls something for the n-th time, before or after that is done. -> its deaths."""
    real, calls, deaths = getattr(owner, name), itertools.count(1), list[str]()

    def wrapped(*args: Any, **more: Any) -> Any:
        dead = next(calls) == call
        if dead and before:
            raise Killed(name)
        answer = real(*args, **more)
        if dead:
            raise Killed(name)
        return answer

    setattr(owner, name, wrapped)
    try:
        yield deaths
    except Killed as death:
        deaths.append(str(death))
    finally:
        setattr(owner, name, real)


@contextmanager
def half_written() -> Iterator[list[str]]:
    """The process dies when Redis has taken some of the buckets of a batch and not the others."""
    real, deaths = OnlineStore.write, list[str]()

    def wrapped(self: OnlineStore, project: str, writes: Any) -> Any:
        real(self, project, writes[: len(writes) // 2])
        raise Killed("half")

    OnlineStore.write = wrapped  # type: ignore[method-assign]
    try:
        yield deaths
    except Killed as death:
        deaths.append(str(death))
    finally:
        OnlineStore.write = real  # type: ignore[method-assign]


Point = Callable[[], AbstractContextManager[list[str]]]
INTO: dict[str, Point] = {
    "c1 polled, not begun": lambda: dying(kafka_ingest, "judge_all", before=True),
    "c2 begun, nothing written": lambda: dying(log, "append", before=True),
    "c2 rows written, offsets not": lambda: dying(log, "append", before=False),
    "c3 not committed": lambda: dying(log_sources, "move_offsets", before=False),
    "c4 committed, broker not told": lambda: dying(kafka_ingest, "accept_kafka", before=False),
}
OUT_OF: dict[str, Point] = {
    "r1 read, not applied": lambda: dying(share, "compute_batch", before=True),
    "r1 one group applied, the next not": lambda: dying(share, "put", before=True, call=2),
    "r2 kept offline, not online": lambda: dying(tables, "record", before=False),
    "r2 some buckets and not the others": half_written,
    "r3 applied, forgotten": lambda: dying(OnlineStore, "write", before=False),
    "r4 applied and remembered": lambda: dying(share, "put", before=False),
    "s1 due entities taken, not written": lambda: dying(sweep_module, "build", before=True),
    "s1 swept, forgotten": lambda: dying(OnlineStore, "sweep", before=False),
}


class Road:
    """Random purchases of eight users, message by message, and what the oracle says of them."""

    def __init__(self, world: World) -> None:
        self.world, self.draw, self.offset = world, random.Random(11), 0
        self.topic: list[kafka_ingest.KafkaMessage] = []
        self.events: dict[str, list[dict[str, Any]]] = {user: [] for user in USERS}
        self.poison = 0
        for name, (sql, window) in GROUPS.items():
            world.define(name, sql, window=window, columns={"amount": "DOUBLE"})
        self.apply()

    def produce(self, count: int) -> None:
        """Some more messages: several rows, late ones, duplicates by id, poison."""
        for _ in range(count):
            if self.draw.random() < 0.1:
                self.topic.append(message(len(self.topic), b"\xff"))
                self.poison += 1
                continue
            rows = []
            for _ in range(self.draw.randrange(1, 4)):
                user, amount = self.draw.choice(USERS), float(self.draw.randrange(100))
                seconds = (self.world.clock - NOON) / MICRO - self.draw.choice([0, 1, 59, 3600, 90_000]) - self.draw.random()
                row = event(user, seconds, amount, event_id=f"{user}-{len(self.events[user])}")
                self.events[user].append({"us": oracle.from_iso(row["timestamp"]), "amount": amount})
                rows += [row, row] if self.draw.random() < 0.2 else [row]
            self.topic.append(message(len(self.topic), rows))

    def consume(self) -> None:
        """A new process: from where PostgreSQL says it must go on, in small batches."""
        while (at := next_offset() or 0) < len(self.topic):
            kafka_ingest.accept_kafka(PROJECT, self.topic[at : at + 7])

    def apply(self) -> None:
        """A new process, until nothing is left to do."""
        applier = Applier(self.world.store, range(BUCKETS), rhythm=ALWAYS)
        while applier.step():
            pass

    def check_log(self) -> None:
        rows = log_reading.read(PROJECT, 0, 10_000)
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) == sum(map(len, self.events.values()))
        assert DeadLetter.objects.filter(code="invalid_utf8").count() == self.poison
        assert next_offset() == len(self.topic)

    def check_values(self) -> None:
        clock = self.world.clock
        for name, (_, window) in GROUPS.items():
            for user in USERS:
                want = oracle.value(self.events[user], clock, window, OUTPUTS)
                status, as_of, got = self.world.read(name, user, clock)
                assert (as_of, status == "PRESENT") == (clock, want is not None), (name, user, status)
                assert want is None or all(oracle.same(got[output], want[output]) for output in want), (name, user, got, want)


@pytest.fixture
def road(world: World) -> Road:
    return Road(world)


def test_on_the_way_into_the_log(road: Road) -> None:
    for round_ in range(2):
        for name, point in INTO.items():
            road.produce(10)
            with point() as deaths:
                road.consume()
            assert deaths, f"{name}: not reached"
            if round_ == 0:
                road.consume()
                road.check_log()
    road.consume()
    road.check_log()
    assert kafka_ingest.accept_kafka(PROJECT, road.topic).stored == 0, "c5: told twice what it has is no news"
    road.apply()
    road.check_values()


@pytest.mark.parametrize("name", OUT_OF)
def test_on_the_way_out_of_it(road: Road, name: str) -> None:
    road.produce(15)
    road.consume()
    road.apply()
    for _ in range(2):
        if name.startswith("s1"):
            road.produce(15)
            road.consume()
            road.apply()
            road.world.clock += 3700 * MICRO  # windows move, entities come due, nothing arrives
        else:
            road.world.clock += 60 * MICRO
            road.produce(15)
            road.consume()
        with OUT_OF[name]() as deaths:
            road.apply()
        assert deaths
        road.produce(3)
        road.consume()
    road.apply()
    road.check_log()
    road.check_values()
