"""Senders, two appliers, a Redis that is emptied, and purge after purge, all at once: every number is brute force's."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections

from backends.offline import evaluate, log_reading, purging
from backends.offline.pairs import BUCKETS
from core.clock import MICRO, now_us
from core.errors import Unavailable
from core.spec import GroupSpec
from processing import purge
from processing.applier import Applier
from processing.rhythm import Rhythm
from serving import lookup
from tests import oracle
from tests.processing.world import PROJECT, SUMS

SECONDS, LONGEST = 8.0, 90.0  # at least, and at most until enough has happened
DAY = 86_400 * MICRO
USERS = [f"u{n}" for n in range(6)]
OUTPUTS = {"total": ("sum", "amount"), "n": ("count",)}
QUICK = Rhythm(registry=0.2, refresh=0.5, sweep=1, beat=0.5, drop=5)


class Sender:
    """Rows over three days, a third of them corrections and tombstones of earlier ones; what was accepted, in order."""

    def __init__(self, world: Any, seed: int) -> None:
        self.world, self.draw, self.accepted, self.refused = world, random.Random(seed), list[dict[str, Any]](), 0
        self.revisions: dict[str, int] = {}
        self._numbers = itertools.count()

    def send(self, rows: list[dict[str, Any]]) -> None:
        """Rows, of which some may be refused."""
        done = self.world.push([_sent(row) for row in rows])
        beyond = {index for index, code, _ in done.rejected if code == "beyond_retention"}
        assert len(beyond) == len(done.rejected)
        self.refused += len(beyond)
        self.accepted += [row for index, row in enumerate(rows) if index not in beyond]
        time.sleep(0.01)

    def next(self) -> dict[str, Any]:
        """A row that was not sent yet."""
        draw = self.draw
        again = draw.choice(list(self.revisions)) if self.revisions and draw.random() < 0.3 else None
        row = {"us": now_us() - draw.randrange(3 * DAY), "user": draw.choice(USERS), "amount": float(draw.randrange(100))}
        row["event_id"] = again or f"e{next(self._numbers)}"
        row["revision"] = self.revisions[row["event_id"]] = self.revisions.get(row["event_id"], -1) + 1
        row["deleted"] = again is not None and draw.random() < 0.3
        return row


def _sent(row: dict[str, Any]) -> dict[str, Any]:
    if row["deleted"]:
        return {name: row[name] for name in ("event_id", "revision", "deleted")}
    named = {name: row[name] for name in ("event_id", "revision", "amount")}
    return {**named, "user_id": row["user"], "timestamp": oracle.iso(row["us"])}


@pytest.fixture
def crowd():
    """Starts what runs beside the test until it ends; what goes wrong there fails the test."""
    ended, threads, wrong = threading.Event(), list[threading.Thread](), list[BaseException]()

    def start(step: Callable[[], object]) -> None:
        def run() -> None:
            try:
                while not ended.is_set():
                    step()
            except BaseException as error:
                wrong.append(error)
            finally:
                connections.close_all()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    def end() -> None:
        ended.set()
        for thread in threads:
            thread.join(60)
        if wrong:
            raise wrong[0]

    yield start, end
    ended.set()
    for thread in threads:
        thread.join(60)


def test_every_number_is_right(world, redis, monkeypatch, crowd):
    start, end = crowd
    world.clock = None
    monkeypatch.setattr(purging, "CHUNK", 25)
    spec = world.define("g", SUMS, columns={"amount": "DOUBLE"})
    seed = random.randrange(10**6)
    print("seed", seed)
    sender, draw = Sender(world, seed), random.Random(seed)
    once = {"user": "still", "amount": 1.0, "revision": 0, "deleted": False}  # nobody corrects them
    sender.send([{**once, "us": now_us() - draw.randrange(3 * DAY), "event_id": f"s{n}"} for n in range(500)])
    world.settle()
    start(lambda: sender.send([sender.next() for _ in range(draw.randrange(1, 30))]))
    for _ in range(2):
        applier = Applier(world.store, range(BUCKETS), rhythm=QUICK)
        start(applier.step)
    asked: list[None] = []
    start(lambda: asked.append(_is_still(spec)))
    begun, gone = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < SECONDS or (
        passed < LONGEST and (gone < 500 or sender.refused < 10 or len(asked) < 10)
    ):
        before = now_us() - purge.MARGIN - draw.randrange(3 * DAY)
        gone += purge.purge(PROJECT, before, "test", lambda text: None, 0)
        if draw.random() < 0.1:
            redis.flushall()
    end()
    world.settle()
    events = oracle.live(sender.accepted)
    for user in (*USERS, "still"):
        want = oracle.value([e for e in events if e["user"] == user], now_us(), None, OUTPUTS)
        assert world.read("g", user, now_us())[2] == _ask(spec, user) == want, user
    print(f"{len(sender.accepted)} rows, {gone} purged, {sender.refused} too late, {len(asked)} past values")
    assert len(log_reading.read(PROJECT, 0, 10**6)) == len(sender.accepted) - gone
    assert (gone > 500, sender.refused > 9, len(asked) > 9) == (True,) * 3


def _is_still(spec: GroupSpec) -> None:
    """What nobody changes is the same at every moment, in the log and online."""
    assert _ask(spec, "still") == {"total": 500.0, "n": 500}
    with suppress(Unavailable):  # emptied
        _is_still_online()


def _is_still_online() -> None:
    for cell in lookup.values(PROJECT, "g", {"user_id": "still"})["values"].values():
        assert cell["value"] in (500, None), cell


def _ask(spec: GroupSpec, user: str) -> dict[str, Any] | None:
    return evaluate.value_at(spec, 1, user, now_us()).values
