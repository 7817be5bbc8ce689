"""One round trip for records, cursors and the stamp."""

from backends.online.client import client
from backends.online.keys import cursor_key, record_key
from backends.online.reading import Shelf, fetch, read
from core.entity import bucket_of
from core.record import WHOLE, Cursor

CURSOR = Cursor(1, 9, 5, WHOLE, 1, 1)


def test_it_keeps_order_and_brings_the_cursors_of_the_buckets(redis):
    keys = ["u1", "ação/日本", "{brace}", "nobody"]
    places = [bucket_of(key, 16) for key in keys]
    for key, bucket in zip(keys[:3], places, strict=False):
        redis.set(record_key("default", bucket, "aaaaaaaaaa", key), key.encode())
    redis.set(cursor_key("default", places[0], "aaaaaaaaaa"), CURSOR.pack())
    wanted = [(code, bucket, key) for code in ("aaaaaaaaaa", "bbbbbbbbbb") for key, bucket in zip(keys, places, strict=True)]
    records, cursors = read(client(), "default", wanted)
    assert records == [b"u1", "ação/日本".encode(), b"{brace}", None, None, None, None, None]
    assert cursors.keys() == {(code, bucket) for code in ("aaaaaaaaaa", "bbbbbbbbbb") for bucket in places}
    assert cursors["aaaaaaaaaa", places[0]] == CURSOR
    assert cursors["bbbbbbbbbb", places[0]] is None
    assert read(client(), "default", []) == ([], {})


def test_it_brings_the_stamp_in_one_command(redis):
    redis.set("js:{default}:stamp", 77)
    before = redis.info("commandstats").get("cmdstat_mget", {"calls": 0})["calls"]
    shelves = [Shelf("default", "aaaaaaaaaa"), Shelf("default", "bbbbbbbbbb")]
    got = fetch(client(), "default", [(shelf, [(i, b"u%d" % i) for i in range(16)]) for shelf in shelves])
    assert (got.stamp, [len(records) for records in got.records], len(got.cursors)) == (77, [16, 16], 32)
    assert redis.info("commandstats")["cmdstat_mget"]["calls"] == before + 1
    assert fetch(client(), "other", []).stamp == 0
