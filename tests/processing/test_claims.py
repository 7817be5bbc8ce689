"""Two processes whose buckets overlap do not load the same bucket at once, and nobody waits for one that is gone or hangs."""

from __future__ import annotations

import threading
import time

import psycopg2
import pytest
from django.db import connections

from backends.offline.pairs import BUCKETS
from core.record import REBUILDING, Cursor
from processing import claims
from processing.claims import Claims
from tests.processing.world import PROJECT, SUMS, event

ALL = range(BUCKETS)


@pytest.fixture
def other(world):
    """Another process's connection to the same database."""
    given = connections["default"].get_connection_params()
    connection = psycopg2.connect(
        **{name: given[name] for name in ("dbname", "user", "password", "host", "port") if name in given}
    )
    connection.autocommit = True
    yield connection
    connection.close()


def taken_by(other, code, buckets):
    with other.cursor() as c:
        for bucket in buckets:
            c.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [claims._CLASS, f"{PROJECT}.{code}.{bucket}"])
            assert c.fetchone() == (True,)


def test_what_another_process_loads_is_left_to_it_until_it_is_gone(world, other):
    world.define("g", SUMS)
    world.push([event(f"u{n}", -5, 1.0) for n in range(60)])
    taken_by(other, world.code("g"), range(4))
    world.settle()
    whole = [bucket for bucket, cursor in enumerate(world.cursors("g")) if cursor is not None and cursor.whole]
    assert whole == list(range(4, BUCKETS))
    other.close()
    wait_for(world)


def wait_for(world):
    end = time.monotonic() + 20
    while not all(cursor is not None and cursor.whole for cursor in world.cursors("g")):
        assert time.monotonic() < end
        world.settle()


def test_a_claim_that_stands_still_is_passed_over(world, other, monkeypatch):
    taken_by(other, "c", [1])
    mine = Claims(PROJECT)
    assert mine.take("c", {0: None, 1: None}) == {0}
    monkeypatch.setattr(claims, "DEAD_SECONDS", -1.0)  # whatever was seen there before has stood long enough
    moved = Cursor(1, 7, 0, REBUILDING, 0, 0)
    assert mine.take("c", {0: None, 1: moved}) == {0}, "it goes on"
    assert mine.take("c", {0: None, 1: moved}) == {0, 1}
    mine.release("c", [0, 0, 0])


def test_it_is_let_go_after_a_load(world, other):
    world.define("g", SUMS)
    world.push([event("u", -5, 1.0)])
    world.settle()
    taken_by(other, world.code("g"), ALL)


def test_a_rebuild_waits_for_whoever_loads(world, other):
    taken_by(other, "c", [3])
    threading.Timer(0.5, other.close).start()
    began = time.monotonic()
    assert claims.wait(PROJECT, "c", ALL)
    assert time.monotonic() - began > 0.4
    claims.release(PROJECT, "c", ALL)


def test_a_rebuild_does_not_wait_for_ever(world, other):
    taken_by(other, "c", [3])
    assert not claims.wait(PROJECT, "c", ALL, seconds=0.2)
    claims.release(PROJECT, "c", ALL)
