"""One small world of events for the SQL tests: purchases with NULLs, equal times, edges of 64 bits and of doubles."""

import datetime as dt
import math
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from core import types
from core.sql import Compiled

KEYS, TIME = ("user_id",), "timestamp"
TYPES = {
    "amount": "DOUBLE", "kind": "STRING", "n": "BIGINT", "price": "DECIMAL(10,2)", "ok": "BOOLEAN", "tags": "ARRAY<STRING>",
    "item": "STRUCT<sku:STRING,qty:BIGINT>",
}  # fmt: skip
_CHOICES: dict[str, list[Any]] = {
    "amount": [None, 0.0, -0.0, 1.5, 2.5, -3.25, 100.0, 1e17, 7.0],
    "kind": [None, "a", "b", "B", "é", ""],
    "n": [None, 1, 2, 3, -5, 2**62, 2**53 + 1],
    "price": [None, Decimal("1.25"), Decimal("-99.99"), Decimal("0.00")],
    "ok": [None, True, False],
    "tags": [None, [], ["a"], ["b", "a", None]],
    "item": [None, {"sku": "x", "qty": 1}, {"sku": None, "qty": 5}],
}


def events(seed: int, runs: int = 8, most: int = 12) -> list[dict[str, Any]]:
    """Shuffled rows of `runs` runs; some runs are empty, many times are equal."""
    rng, rows = random.Random(seed), []
    for run in range(runs):
        for _ in range(rng.randint(0, most)):
            hours, micros = rng.choice([0, 0, 1, 5, 30, 31, 55]), rng.choice([0, 1])
            row = {name: rng.choice(values) for name, values in _CHOICES.items()}
            time = dt.datetime(2026, 1, 1) + dt.timedelta(hours=hours, microseconds=micros)
            rows.append({"__run": run, "user_id": f"u{run % 3}", TIME: time, "__pos": len(rows) + 1, **row})
    rng.shuffle(rows)
    return rows


def table(rows: Sequence[dict[str, Any]], compiled: Compiled, column_types: dict[str, str] | None = None) -> pa.Table:
    """Rows -> input_data with the columns that the SQL reads."""
    known = column_types or TYPES
    fields = [("__run", pa.int64()), *((key, pa.string()) for key in compiled.keys), (compiled.time_column, pa.timestamp("us"))]
    fields += [(name, types.arrow_type(types.parse_type(known[name]))) for name in compiled.input_columns]
    schema = pa.schema([*fields, ("__pos", pa.int64())])
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)


def sorted_rows(answer: pa.Table, drop: Sequence[str] = ()) -> list[dict[str, Any]]:
    """An answer's rows in an order of their own, some columns left out."""
    rows = [{name: value for name, value in row.items() if name not in drop} for row in answer.to_pylist()]
    return sorted(rows, key=lambda row: (row["__run"], repr(row)))


def alike(a: Any, b: Any) -> bool:
    """Equal, doubles within rounding; -0.0 is 0.0, True is not 1."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    return type(a) is type(b) and a == b
