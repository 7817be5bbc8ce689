"""Writes of values are refused unless Redis holds what the writer believes, and a refused write leaves nothing."""

from __future__ import annotations

import pytest

from backends.online.client import client
from backends.online.keys import cursor_key, due_key, record_key, tiles_key
from backends.online.store import BucketWrite, EntityState, EntityWrite, OnlineStore
from core.record import WHOLE, Cursor

START = Cursor(10, 100, 5, WHOLE, 7, 1)
NEXT = Cursor(10, 101, 6, WHOLE, 7, 1)
RECORD, LATER = b"0123456789abcdef-values", b"0123456789abcdeF-values"


@pytest.fixture
def store(redis):
    return OnlineStore(client())


def put(store, *entities, fence=START.fence, cursor=NEXT, bucket=3):
    return store.write("p", [BucketWrite("c", bucket, fence, cursor, entities)])


def everything(redis):
    return {key: redis.type(key) for key in redis.keys("*")}


def state(store, key="u"):
    return store.gather("p", "c", [(3, key)], [None])[0]


@pytest.fixture
def begun(store):
    """The cursor of bucket 3 stands at START, one entity is there with two tiles and is due at 50."""
    assert put(store, EntityWrite("u", RECORD, 50, {1: b"one", 2: b"two"}), fence=b"", cursor=START) == [True]
    return store


def test_a_write_sets_record_tiles_due_time_and_the_cursor(begun, redis):
    assert state(begun) == EntityState(RECORD, {1: b"one", 2: b"two"})
    assert begun.due("p", [("c", 3)], 50, 10) == [["u"]]
    assert begun.cursors("p", [("c", 3), ("c", 4)]) == [START, None]
    keys = [kind("p", 3, "c", "u") for kind in (record_key, tiles_key)] + [kind("p", 3, "c") for kind in (due_key, cursor_key)]
    assert set(everything(redis)) == {key.encode() for key in keys}
    assert all(key.startswith("js:{p.3}:c:") for key in keys), "one slot of a cluster"


@pytest.mark.parametrize(
    "believed",
    [
        b"",
        Cursor(11, 100, 0, WHOLE, 7, 1).fence,
        Cursor(10, 99, 0, WHOLE, 7, 1).fence,
        Cursor(10, 101, 0, WHOLE, 7, 1).fence,
    ],
)
def test_another_epoch_or_position_is_refused_and_nothing_written(begun, redis, believed):
    before = {key: redis.dump(key) for key in redis.keys("*")}
    change = (EntityWrite("u", LATER, None, {1: b"x"}, (2,)), EntityWrite("new", LATER, 9, {1: b"x"}))
    assert put(begun, *change, fence=believed) == [False]
    assert {key: redis.dump(key) for key in redis.keys("*")} == before


def test_what_is_only_told_to_readers_is_no_part_of_the_fence(begun):
    assert put(begun, fence=Cursor(10, 100, 999, 0, 1, 9).fence) == [True]


def test_a_first_write_is_refused_where_somebody_has_begun(begun):
    assert put(begun, fence=b"", cursor=Cursor(99, 0, 0, WHOLE, 7, 1)) == [False]
    assert begun.cursors("p", [("c", 3)]) == [START]


def test_each_bucket_is_taken_or_refused_for_itself(begun):
    other = EntityWrite("v", RECORD, None)
    writes = [BucketWrite("c", 3, b"wrong", NEXT, (other,)), BucketWrite("c", 4, b"", START, (other,))]
    assert begun.write("p", writes) == [False, True]
    assert [s.record for s in begun.gather("p", "c", [(3, "v"), (4, "v")], [(), ()])] == [None, RECORD]


def test_tiles_are_set_deleted_and_begun_afresh(begun):
    put(begun, EntityWrite("u", LATER, None, {3: b"three"}, (1, 7)))
    assert state(begun) == EntityState(LATER, {2: b"two", 3: b"three"})
    assert begun.due("p", [("c", 3)], 99, 10) == [[]]
    put(begun, EntityWrite("u", RECORD, 7, {9: b"nine"}, fresh=True), fence=NEXT.fence)
    assert state(begun) == EntityState(RECORD, {9: b"nine"})


def test_an_entity_that_is_gone_leaves_nothing(begun, redis):
    put(begun, EntityWrite("u", b"", None, fresh=True))
    assert list(everything(redis)) == [cursor_key("p", 3, "c").encode()]


@pytest.mark.parametrize("key", ["é", "a b", "{x}", "*", "a\r\nb", "\x01", "x" * 512])
def test_entities_are_any_text(store, key):
    put(store, EntityWrite(key, RECORD, 1, {1: b"t"}), fence=b"")
    assert state(store, key) == EntityState(RECORD, {1: b"t"})
    assert store.due("p", [("c", 3)], 1, 10) == [[key]]


class TestSweep:
    def sweep(self, store, *entities, epoch=10):
        return store.sweep("p", "c", {3: epoch}, {3: entities})[0]

    def test_it_replaces_what_is_still_as_it_was_read_and_keeps_the_cursor(self, begun):
        swept = EntityWrite("u", LATER, 70, {5: b"five"}, (1,), expected=RECORD[:16])
        assert self.sweep(begun, swept) == [True]
        assert state(begun) == EntityState(LATER, {2: b"two", 5: b"five"})
        assert (begun.due("p", [("c", 3)], 69, 10), begun.due("p", [("c", 3)], 70, 10)) == ([[]], [["u"]])
        assert begun.cursors("p", [("c", 3)]) == [START]

    def test_it_is_refused_where_the_record_changed_and_the_others_go_on(self, begun):
        put(begun, EntityWrite("v", RECORD, 50))
        changed = EntityWrite("u", LATER, None, {5: b"five"}, (1,), expected=b"another state of")
        assert self.sweep(begun, changed, EntityWrite("v", LATER, None, expected=RECORD[:16])) == [False, True]
        assert state(begun) == EntityState(RECORD, {1: b"one", 2: b"two"})
        assert begun.due("p", [("c", 3)], 50, 10) == [["u"]], "it stays due for whoever comes next"
        assert state(begun, "v").record == LATER

    def test_it_is_refused_in_another_epoch(self, begun):
        assert self.sweep(begun, EntityWrite("u", LATER, None, expected=RECORD[:16]), epoch=11) == [False]
        assert state(begun).record == RECORD


def test_due_entities_come_oldest_first_and_not_all_at_once(store):
    put(store, *(EntityWrite(f"u{t}", RECORD, t) for t in (30, 10, 20, 40)), fence=b"")
    assert store.due("p", [("c", 3), ("c", 4)], 30, 2) == [["u10", "u20"], []]


def test_a_flushed_server_has_its_scripts_loaded_again(begun, redis):
    redis.script_flush()
    assert put(begun, EntityWrite("u", LATER, None)) == [True]


def test_drop_deletes_the_named_buckets_of_one_version_and_nothing_else(store, redis):
    for project, code, bucket in (("p", "c", 3), ("p", "c", 4), ("p", "d", 3), ("q", "c", 3)):
        entities = [EntityWrite(f"u{n}", RECORD, 1, {1: b"t"}) for n in range(3)]
        assert store.write(project, [BucketWrite(code, bucket, b"", START, entities)]) == [True]
    assert store.drop("p", [3, 5], "c") == 6
    assert {key[: len(b"js:{p.4}:c")] for key in redis.keys("*")} == {b"js:{p.4}:c", b"js:{p.3}:d", b"js:{q.3}:c"}
