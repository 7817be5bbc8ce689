"""What every engine promises behind the one door."""

import datetime as dt
import threading
from decimal import Decimal

import pyarrow as pa
import pytest

from backends.engine.base import Engine, EngineFailed
from core.sql import compile_sql
from tests.engines import ENGINES, engine_of

SCHEMA = pa.schema(
    [
        ("__run", pa.int64()),
        ("user_id", pa.string()),
        ("timestamp", pa.timestamp("us")),
        ("amount", pa.float64()),
        ("kind", pa.string()),
        ("price", pa.decimal128(10, 2)),
        ("tags", pa.list_(pa.string())),
        ("__pos", pa.int64()),
    ]
)
TYPES = {"amount": "DOUBLE", "kind": "STRING", "price": "DECIMAL(10,2)", "tags": "ARRAY<STRING>"}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return engine_of(request.param)


def events() -> pa.Table:
    noon = dt.datetime(2026, 1, 2, 12, 0, 0, 1)
    rows = [
        (1, "ana", noon, 2.5, "a", Decimal("1.10"), ["x", None], 1),
        (1, "ana", noon, None, None, None, None, 2),
        (2, "joão", noon, -1.0, "b", Decimal("-0.01"), [], 3),
    ]
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def test_it_gives_rows_in_the_types_of_the_door(engine: Engine) -> None:
    text = "SELECT user_id, kind, amount, price, tags, timestamp AS at, DATE(timestamp) AS day, amount > 0 AS up FROM input_data"
    compiled = compile_sql(text, ("user_id",), "timestamp")
    answer = engine.run(compiled.row(engine.dialect, TYPES), {"input_data": events()}).sort_by("__run")
    assert answer.schema.types == [
        pa.int64(), pa.string(), pa.float64(), pa.decimal128(10, 2), pa.list_(pa.string()), pa.timestamp("us"),
        pa.date32(), pa.bool_(), pa.int64(), pa.int64(),
    ]  # fmt: skip
    last = answer.to_pylist()[-1]
    assert last == {
        "__run": 2, "kind": "b", "amount": -1.0, "price": Decimal("-0.01"), "tags": [],
        "at": dt.datetime(2026, 1, 2, 12, 0, 0, 1),
        "day": dt.date(2026, 1, 2), "up": False, "__overflow": 0, "__non_finite": 0,
    }  # fmt: skip


def test_a_zoned_time_is_taken_as_the_same_moment(engine: Engine) -> None:
    zoned = events().set_column(2, "timestamp", events()["timestamp"].cast(pa.timestamp("us", "UTC")))
    compiled = compile_sql("SELECT user_id, MAX(timestamp) AS at FROM input_data GROUP BY user_id", ("user_id",), "timestamp")
    answer = engine.run(compiled.general(engine.dialect, {}), {"input_data": zoned})
    assert answer["at"].to_pylist() == [dt.datetime(2026, 1, 2, 12, 0, 0, 1)] * 2


def test_it_describes_what_it_would_give(engine: Engine) -> None:
    outputs = "SUM(amount) AS s, COUNT(*) AS n, MAX(kind) AS k, SUM(price) AS p, MAX(timestamp) AS at"
    compiled = compile_sql(f"SELECT user_id, {outputs} FROM input_data GROUP BY user_id", ("user_id",), "timestamp")
    schema = engine.describe(compiled.general(engine.dialect, TYPES), {"input_data": SCHEMA})
    assert schema == engine.run(compiled.general(engine.dialect, TYPES), {"input_data": events()}).schema
    kinds = [pa.float64(), pa.int64(), pa.string(), pa.decimal128(20, 2), pa.timestamp("us"), pa.int64(), pa.int64()]
    assert schema.types == [pa.int64(), *kinds]
    partials = engine.describe(compiled.partial(engine.dialect, TYPES), {"input_data": SCHEMA})
    finished = engine.describe(compiled.finish(engine.dialect, TYPES), {"partials": partials})
    assert finished.names == [*partials.names, "__exists", "__over", "s", "n", "k", "p", "at", "__overflow", "__non_finite"]
    assert finished.types[-7:] == kinds


def test_no_rows_give_no_rows(engine: Engine) -> None:
    compiled = compile_sql("SELECT user_id, SUM(amount) AS s FROM input_data GROUP BY user_id", ("user_id",), "timestamp")
    assert engine.run(compiled.general(engine.dialect, TYPES), {"input_data": SCHEMA.empty_table()}).num_rows == 0


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM input_data", "SELECT 1 AS a FROM elsewhere", "SELECT 1 AS a; SELECT 2 AS a"]
)
def test_a_text_that_cannot_run_is_an_error_of_kind_sql(engine: Engine, sql: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        engine.run(sql, {"input_data": events()})
    assert caught.value.kind == "sql"


def test_a_query_ends_at_its_deadline_and_the_next_one_runs(engine: Engine) -> None:
    endless = "SELECT COUNT(*) AS n FROM range(10000000) AS a CROSS JOIN range(10000000) AS b"
    with pytest.raises(EngineFailed) as caught:
        engine.run(endless, {}, deadline_s=1)
    assert caught.value.kind == "timeout"
    assert engine.run("SELECT 1 AS a", {}, deadline_s=120)["a"].to_pylist() == [1]


def test_threads_do_not_see_each_others_tables(engine: Engine) -> None:
    wrong: list[object] = []

    def ask(value: int) -> None:
        table = pa.table({"v": [value]})
        for _ in range(3):
            answer = engine.run("SELECT v FROM input_data", {"input_data": table}, deadline_s=120)["v"].to_pylist()
            if answer != [value]:
                wrong.append((value, answer))

    threads = [threading.Thread(target=ask, args=(value,)) for value in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_text_is_what_was_written(engine, monkeypatch):
    """Spark would put the environment of its driver, and its settings, in the place of such words."""
    monkeypatch.setenv("JSTORE_TEST_CANARY", "secret")
    written = ["${env:JSTORE_TEST_CANARY}", "${env:PATH}", "${system:user.home}", "${spark.app.name}", "${spark:spark.master}"]
    outputs = ", ".join(f"'{text}' AS o{place}" for place, text in enumerate(written))
    compiled = compile_sql(f"SELECT user_id, {outputs} FROM input_data", ("user_id",), "timestamp", {})
    table = pa.table(
        {"__run": [0], "user_id": ["u"], "timestamp": pa.array([dt.datetime(2026, 1, 1)], pa.timestamp("us")), "__pos": [1]}
    )
    (row,) = engine.run(compiled.row(engine.dialect, {}), {"input_data": table}).to_pylist()
    assert [row[f"o{place}"] for place in range(len(written))] == written
