"""Outputs that are the time since the first or last event: their spellings, and that both engines count as the reader does."""

import datetime as dt
import random

import pyarrow as pa
import pytest

from core.codec import to_us
from core.errors import Invalid
from core.since import Since
from core.sql import compile_sql
from tests.engines import ENGINES, engine_of

G = " FROM input_data GROUP BY user_id"
SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000


def compiled(expression):
    return compile_sql(f"SELECT user_id, {expression} AS f{G}", ("user_id",), "timestamp")


@pytest.mark.parametrize(
    ("expression", "form"),
    [
        ("TIMESTAMPDIFF(SECOND, MAX(timestamp), current_timestamp)", Since(1, SECOND)),
        ("timestampdiff(minute, MIN(timestamp), now())", Since(1, MINUTE)),
        ("DATEDIFF(HOUR, MAX(timestamp), current_timestamp())", Since(1, HOUR)),
        ("DATE_DIFF(DAY, MAX(timestamp), now())", Since(1, DAY)),
        ("TIMESTAMPDIFF(DAY, current_timestamp, MAX(timestamp))", Since(1, DAY, -1)),
        ("DATEDIFF(current_timestamp, MAX(timestamp))", Since(DAY, 1)),
        ("DATEDIFF(current_date, MAX(timestamp))", Since(DAY, 1)),
        ("DATEDIFF(DATE(now()), TO_DATE(MIN(timestamp)))", Since(DAY, 1)),
        ("DATEDIFF(CAST(MIN(timestamp) AS DATE), CURRENT_DATE())", Since(DAY, 1, -1)),
        ("UNIX_TIMESTAMP(current_timestamp) - UNIX_TIMESTAMP(MAX(timestamp))", Since(SECOND, 1)),
        ("(UNIX_TIMESTAMP() - UNIX_SECONDS(MAX(timestamp))) DIV 3600", Since(SECOND, 3600)),
        ("TIMESTAMPDIFF(HOUR, (MAX(timestamp) FILTER (WHERE kind = 'a')), current_timestamp)", Since(1, HOUR)),
        ("TIMESTAMPDIFF(HOUR, MAX(CASE WHEN kind = 'a' THEN timestamp END), current_timestamp)", Since(1, HOUR)),
        ("MAX(timestamp) AS last, TIMESTAMPDIFF(HOUR, last, current_timestamp)", Since(1, HOUR)),
    ],
)
def test_spellings(expression, form):
    found = compiled(expression)
    assert found.forms == {"f": form}
    assert found.output_types({"kind": "STRING"})["f"] == "BIGINT"
    assert (found.path, found.clocked) == ("tiles", False)
    assert found.lineage["f"] == (("kind", "timestamp") if "kind" in expression else ("timestamp",))
    again = compile_sql(found.sql, ("user_id",), "timestamp")
    assert (again.forms, again.sql) == (found.forms, found.sql)


def test_a_form_beside_a_comparison_is_recomputed():
    found = compiled(
        "COUNT(*) FILTER (WHERE timestamp > now() - INTERVAL 1 HOUR) AS n, TIMESTAMPDIFF(HOUR, MAX(timestamp), now())"
    )
    assert (found.path, found.clocked, list(found.forms)) == ("recompute", True, ["f"])


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("TIMESTAMPDIFF(HOUR, FIRST(timestamp), now())", "f counts from MAX or MIN of the time column"),
        ("TIMESTAMPDIFF(HOUR, MAX(seen), now())", "f counts from MAX or MIN of the time column"),
        ("TIMESTAMPDIFF(HOUR, MAX(timestamp) - INTERVAL 1 HOUR, now())", "f counts from MAX or MIN of the time column"),
        ("DATEDIFF(now(), '2026-01-01')", "f counts from MAX or MIN of the time column"),
        ("TIMESTAMPDIFF(MONTH, MAX(timestamp), now())", "be an output of its own"),
        ("TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) + 1", "be an output of its own"),
        ("COALESCE(TIMESTAMPDIFF(HOUR, MAX(timestamp), now()), 0)", "be an output of its own"),
        ("now() - MAX(timestamp)", "be an output of its own"),
        ("(UNIX_TIMESTAMP(now()) - UNIX_TIMESTAMP(MAX(timestamp))) / 3600", "be an output of its own"),
        ("TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) AS age, age * 2", "age is made when it is read"),
        ("SUM(Age) AS s, TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) AS age, MAX(x)", "Age is made when it is read"),
    ],
)
def test_refusals(expression, words):
    with pytest.raises(Invalid) as caught:
        compiled(expression)
    assert caught.value.code == "sql_not_allowed"
    assert words in caught.value.detail, caught.value.detail
    assert caught.value.line == 1
    assert caught.value.column


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT user_id, TIMESTAMPDIFF(HOUR, timestamp, current_timestamp) AS f FROM input_data",
        "SELECT user_id, COUNT(*) AS n" + G + " HAVING TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) < 3",
        "SELECT user_id, TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) AS f" + G + " HAVING f < 3",
        "WITH t AS (SELECT user_id, TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) AS f" + G + ") SELECT user_id, f FROM t",
    ],
)
def test_other_places_are_refused(sql):
    with pytest.raises(Invalid, match="sql_not_allowed"):
        compile_sql(sql, ("user_id",), "timestamp")


COUNTED = {
    "TIMESTAMPDIFF(SECOND, a, b)": Since(1, SECOND),
    "TIMESTAMPDIFF(MINUTE, a, b)": Since(1, MINUTE),
    "TIMESTAMPDIFF(HOUR, a, b)": Since(1, HOUR),
    "DATEDIFF(DAY, a, b)": Since(1, DAY),
    "TIMESTAMPDIFF(HOUR, b, a)": Since(1, HOUR, -1),
    "DATEDIFF(b, a)": Since(DAY, 1),
    "UNIX_TIMESTAMP(b) - UNIX_TIMESTAMP(a)": Since(SECOND, 1),
    "(UNIX_TIMESTAMP(b) - UNIX_TIMESTAMP(a)) DIV 60": Since(SECOND, 60),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_count_alike(engine):
    """The same calls between two columns, which the engines run, against what the reader makes of two moments."""
    print(f"seed {(seed := 20261124)}")
    rng = random.Random(seed)
    outputs = [f"f{place}" for place in range(len(COUNTED))]
    listed = ", ".join(f"{text} AS {name}" for text, name in zip(COUNTED, outputs, strict=True))
    sql = compile_sql(f"SELECT user_id, {listed} FROM input_data", ("user_id",), "timestamp")
    base, rows = dt.datetime(2026, 1, 1), []
    for run in range(300):
        a = base + dt.timedelta(microseconds=rng.randrange(10 * DAY))
        near = rng.choice([0, 1, SECOND, MINUTE, HOUR, DAY, rng.randrange(400 * DAY)]) + rng.choice([0, -1, 1])
        b = a + dt.timedelta(microseconds=max(0, near))
        rows.append({"__run": run, "user_id": "u", "timestamp": base, "a": a, "b": b, "__pos": run})
    kinds = {"a": "TIMESTAMP", "b": "TIMESTAMP"}
    time = pa.timestamp("us")
    schema = pa.schema(
        [("__run", pa.int64()), ("user_id", pa.string()), ("timestamp", time), ("a", time), ("b", time), ("__pos", pa.int64())]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    door = engine_of(engine)
    answer = door.run(sql.row(engine, kinds), {"input_data": table}, deadline_s=120).to_pylist()
    assert len(answer) == len(rows)
    for got in answer:
        row = rows[got["__run"]]
        for (text, form), name in zip(COUNTED.items(), outputs, strict=True):
            assert got[name] == form.units(to_us(row["a"]), to_us(row["b"])), (text, row)
