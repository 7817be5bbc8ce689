"""Online features as an Arrow stream."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from core.clock import EPOCH, now_us
from tests.serving import world
from tests.serving.wsgi import call

ARROW = "application/vnd.apache.arrow.stream"
TYPES = {
    "total": "DOUBLE",
    "n": "BIGINT",
    "price": "DECIMAL(10,2)",
    "day": "DATE",
    "at": "TIMESTAMP",
    "tags": "ARRAY<STRING>",
    "open": None,
}


def _ask(app, key, body, query=""):
    reply = call(app, "POST", "/api/v1/online-features", json.dumps(body).encode(), query=query, key=key, HTTP_ACCEPT=ARROW)
    assert (reply.status, reply.headers["content-type"]) == (200, ARROW)
    with pa.ipc.open_stream(reply.body) as stream:
        return stream.read_all()


def test_every_type_is_its_own(redis, hot, django, key):
    spec = world.publish(world.group("typed", world.version(outputs=TYPES, defaults={"price": "0.50", "n": 0})))
    world.put_cursors(redis, spec)
    now = now_us()
    row = [1.5, None, Decimal("12.50"), date(2026, 11, 24), datetime(2026, 11, 24, 1, 2, 3, 4), ["a", "ü"], None]
    world.put(redis, spec, ["u1"], world.run(spec, row, now))
    for app in (hot, django):
        table = _ask(app, key, {"features": ["typed"], "entities": {"user_id": ["nobody", "u1"]}})
        assert table.column("user_id").to_pylist() == ["nobody", "u1"]
        assert table.column("typed:total").to_pylist() == [None, 1.5]
        assert table.column("typed:n").to_pylist() == [0, None]
        assert table.column("typed:n__status").to_pylist() == ["NOT_FOUND", "NULL"]
        assert table.column("typed:price").to_pylist() == [Decimal("0.50"), Decimal("12.50")]
        assert table.column("typed:day").to_pylist() == [None, date(2026, 11, 24)]
        assert table.column("typed:at").to_pylist()[1].replace(tzinfo=UTC) == datetime(2026, 11, 24, 1, 2, 3, 4, UTC)
        assert table.column("typed:tags").to_pylist() == [None, ["a", "ü"]]
        assert table.column("typed:open").to_pylist() == [None, None]
        assert table.column("typed:total__event_time").to_pylist() == [None, EPOCH + timedelta(microseconds=now)]
        assert json.loads(table.schema.metadata[b"versions"]) == [1] * 7


def test_compact_leaves_out_what_says_nothing(redis, hot, key):
    spec = world.publish(world.group("plain"))
    world.put_cursors(redis, spec)
    world.put(redis, spec, ["u1"], world.run(spec, [1.5, None], now_us()))
    table = _ask(hot, key, {"features": ["plain"], "entities": {"user_id": ["u1"]}}, "compact=1")
    assert table.column_names == ["user_id", "plain:total", "plain:n", "plain:n__status", "plain:n__event_time"]
    none = _ask(hot, key, {"features": ["plain"], "entities": {"user_id": []}})
    assert none.num_rows == 0
    assert none.schema.field("plain:n").type == pa.int64()


def test_a_feature_asked_twice_is_one_column_and_of_two_versions_two(redis, hot, key):
    world.publish(world.group("plain", world.version(), world.version(2, status="backfilled")))
    refs = ["plain", "plain:n", "plain@1:n", "plain@2:n"]
    table = _ask(hot, key, {"features": refs, "entities": {"user_id": ["u1"]}}, "compact=1")
    assert [name for name in table.column_names if "__" not in name] == ["user_id", "plain:total", "plain:n", "plain@2:n"]
    assert json.loads(table.schema.metadata[b"versions"]) == [1, 1, 2]
