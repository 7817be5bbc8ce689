"""Buckets made from the log: killed in the middle, stolen by another process, begun again; never double, never half."""

from __future__ import annotations

import pytest

from backends.offline import log
from backends.offline.pairs import BUCKETS
from core.record import REBUILDING, WHOLE, Cursor
from core.spec import GroupSpec
from features import selectors
from processing import load, share
from processing.load import loading
from processing.share import Work
from tests.processing.world import NOON, PROJECT, SUMS, World, event

USERS = [f"u{n}" for n in range(60)]
KINDS = {
    "tiles": SUMS,
    "row": "SELECT user_id, amount AS total, 1 AS n FROM input_data",
    "recompute": SUMS.replace(" FROM", ", COLLECT_LIST(amount) AS kinds FROM"),
}


@pytest.fixture
def filled(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Sixty users with two purchases each, in the log before there is a group; three of them are a chunk."""
    monkeypatch.setattr(load, "_CHUNK", 3)
    world.push([event(user, -seconds, float(n)) for n, user in enumerate(USERS) for seconds in (100, 50)])
    return world


def check(world: World, name: str = "g") -> None:
    assert all(cursor is not None and cursor.whole and cursor.position == 120 for cursor in world.cursors(name))
    for n, user in enumerate(USERS):
        status, _, values = world.read(name, user, NOON)
        assert (status, values["total"], values["n"]) == ("PRESENT", 2.0 * n, 2), user


def begin(world: World, spec: GroupSpec) -> Work:
    """A load of all buckets by somebody else."""
    before = dict(enumerate(world.cursors(spec.name)))
    return loading(world.store, spec, spec.versions[1], before, log.head(PROJECT))


def end(work: Work) -> dict[int, Cursor]:
    """Run it to its end. -> the cursors of the buckets that it loaded."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


@pytest.mark.parametrize("window", [None, "1d"])
@pytest.mark.parametrize("kind", ["tiles", "recompute"])
def test_a_group_made_later_has_what_was_before_it(filled, kind, window):
    filled.define("g", KINDS[kind], window=window)
    filled.settle()
    check(filled)


def test_a_load_that_was_killed_begins_again_and_counts_nothing_twice(filled):
    spec = filled.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    work = begin(filled, spec)
    for _ in range(8):
        next(work)
    del work  # the process died
    states = {cursor.state for cursor in filled.cursors("g") if cursor is not None}
    assert states == {REBUILDING, WHOLE}, "readers are told so of what is left, and what was done stays"
    done = {bucket: cursor.epoch for bucket, cursor in enumerate(filled.cursors("g")) if cursor is not None and cursor.whole}
    filled.settle()
    check(filled)
    assert {bucket: filled.cursors("g")[bucket].epoch for bucket in done} == done


def test_who_opens_the_bucket_later_has_it_and_the_first_is_refused(filled):
    spec = filled.define("g", SUMS, window="1d", columns={"amount": "DOUBLE"})
    first = begin(filled, spec)
    for _ in range(4):
        next(first)
    second = begin(filled, spec)
    next(second)
    assert end(first) == {}, "not one bucket is its own any more"
    assert all(cursor.state == REBUILDING for cursor in filled.cursors("g"))
    assert len(end(second)) == BUCKETS
    check(filled)


def test_the_round_that_ends_a_load_says_how_fresh_its_buckets_are(filled, monkeypatch):
    monkeypatch.setattr(share, "LOAD_SECONDS", 0)
    filled.define("g", SUMS, columns={"amount": "DOUBLE"})
    rounds = 1
    while filled.applier.step():
        filled.clock += 1_000_000
        rounds += 1
    assert rounds > BUCKETS
    assert {c.equal_at for c in filled.cursors("g")} == {filled.clock}, "and not as of its begin"


def test_what_comes_during_a_load_is_applied_after_it(filled):
    spec = filled.define("g", SUMS, columns={"amount": "DOUBLE"})
    work = begin(filled, spec)
    next(work)
    filled.push([event(user, -10, 1000.0) for user in USERS])
    filled.clock += 60 * 10**6
    end(work)
    assert {(c.position, c.equal_at) for c in filled.cursors("g")} == {(120, NOON)}, "as far as the log was then, and no further"
    filled.settle()
    assert filled.read("g", "u7", filled.clock)[2] == {"total": 1014.0, "n": 3}


def test_the_epoch_rises_with_every_load_even_within_a_second(filled):
    filled.define("g", SUMS)
    filled.settle()
    (first,) = {cursor.epoch for cursor in filled.cursors("g")}
    spec = selectors.group_spec(PROJECT, "g")
    before = dict(enumerate(filled.cursors("g")))
    load.load(filled.store, spec, spec.versions[1], before, log.head(PROJECT))
    (second,) = {cursor.epoch for cursor in filled.cursors("g")}
    assert second > first
    check(filled)


def test_an_entity_of_many_events_is_a_chunk_of_its_own(world, monkeypatch):
    monkeypatch.setattr(load, "_EVENTS", 10)
    asked = []
    monkeypatch.setattr(load, "rebuild", lambda made, keys, *rest: asked.append(list(keys)) or [])
    sizes = {"a": 4, "b": 4, "c": 4, "d": 30, "e": 1}
    rows = [event(key, -n, 1.0) for key, size in sizes.items() for n in range(size)]
    monkeypatch.setattr("backends.offline.pairs.BUCKETS", 1)
    world.push(rows)
    world.define("g", SUMS)
    world.settle()
    assert [part for part in asked if part] == [["a", "b"], ["c"], ["d"], ["e"]]


def test_a_log_of_nothing_is_loaded_too(world):
    world.define("g", SUMS)
    world.settle()
    assert all(cursor.whole and cursor.position == 0 for cursor in world.cursors("g"))
    assert world.read("g", "u", NOON)[0] == "NOT_FOUND"
