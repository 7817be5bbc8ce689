"""Events of four kinds for the corpus, as they come: NULLs, edge values, letters beyond ASCII, many equal times."""

import datetime as dt
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from core import types
from core.sql import Compiled

Row = dict[str, Any]
START = dt.datetime(2026, 1, 10, 22, 0)
NOW = dt.datetime(2026, 1, 31, 12, 0)  # the t of every run, for queries that read the clock


@dataclass(frozen=True)
class World:
    """One kind of event: its keys, time column, columns with their types and the values they take."""

    keys: tuple[str, ...]
    time: str
    types: dict[str, str]
    choices: dict[str, list[Any]]

    def rows(self, seed: int, runs: int = 10, most: int = 14) -> list[Row]:
        """Shuffled rows of `runs` runs. Some are empty; three entities, so that runs share one; many times are equal."""
        rng, rows = random.Random(seed), []
        for run in range(runs):
            key = {name: f"{name[0]}{(run // (place + 1)) % 3}" for place, name in enumerate(self.keys)}
            for _ in range(rng.choice([0, 1, 2, *range(3, most)])):
                hours, rest = (
                    rng.choice([0, 0, 0.25, 0.5, 1, 2, 5, 23, 24, 26, 100, 167, 168, 400]),
                    rng.choice([0, 0, 1, 59_000_001]),
                )
                time = START + dt.timedelta(hours=hours, microseconds=rest)
                values = {name: rng.choice(self.choices[name]) for name in self.types}
                rows.append({"__run": run, **key, self.time: time, **values, "__pos": len(rows) + 1})
        rng.shuffle(rows)
        return rows


def table(rows: Sequence[Row], compiled: Compiled, column_types: dict[str, str]) -> pa.Table:
    """Rows -> input_data with the columns that the SQL reads."""
    fields = [("__run", pa.int64()), *((key, pa.string()) for key in compiled.keys), (compiled.time_column, pa.timestamp("us"))]
    fields += [(name, types.arrow_type(types.parse_type(column_types[name]))) for name in compiled.input_columns]
    fields += [("__pos", pa.int64())] + ([("__now", pa.timestamp("us"))] if compiled.clocked else [])
    names = [name for name, _ in fields]
    return pa.Table.from_pylist(
        [{name: NOW if name == "__now" else row.get(name) for name in names} for row in rows], pa.schema(fields)
    )


def _texts(*documents: Any) -> list[str]:
    return [json.dumps(one, ensure_ascii=False) for one in documents]


_MONEY = [None, 0.0, -0.0, 0.01, 1.0, 3.5, 9.99, 10.0, 49.9, 100.0, 101.5, 250.0, -20.0, 1e15]
_PLACES = [None, "BR", "US", "DE", "日本", ""]
_JSON = [
    None, "", "{", "null", "[]", '{"score": 1e999}', '{"a":1} x',
    *_texts(
        {"score": 0.5, "channel": "mobile", "is3ds": True, "geo": {"city": "São Paulo"}, "items": [{"sku": "A-1", "qty": 2}]},
        {"score": 7, "channel": None, "geo": {"city": "Zürich \"x\""}, "items": [{"sku": 1}, {"qty": 3.5}]},
        {"score": "9.25", "channel": "web", "is3ds": False, "geo": None, "items": []},
    ),
]  # fmt: skip
_BODIES = [
    None, "{}", "not json",
    *_texts({"value": 3, "label": "ação", "tags": ["a", "b"]}, {"value": "12", "label": "x", "tags": []},
    {"value": 2.9, "label": ""}),
]  # fmt: skip

WORLDS = {
    "payments": World(
        ("user_id",),
        "timestamp",
        {
            "amount": "DOUBLE", "currency": "STRING", "merchant": "STRING", "category": "STRING", "country": "STRING",
            "status": "STRING", "card": "STRING", "ip": "STRING", "device": "STRING", "lat": "DOUBLE", "lon": "DOUBLE",
            "online": "BOOLEAN", "fee": "DECIMAL(10,2)", "points": "BIGINT", "payload": "STRING", "tags": "ARRAY<STRING>",
            "note": "STRING",
        },
        {
            "amount": _MONEY,
            "currency": [None, "USD", "EUR", "BRL", "usd"],
            "merchant": [None, "Amazon", " amazon", "Café São João", "ÉCLAIR", "a-z", ""],
            "category": [None, "food", "travel", "Food ", "games", "ação"],
            "country": _PLACES,
            "status": [None, "approved", "approved", "declined", "error", ""],
            "card": [None, "4111111111111111", "5500000000000004", "34", ""],
            "ip": [None, "10.0.0.1", "10.0.0.2", "192.168.1.77", "::1"],
            "device": [None, "d1", "d2", "D2", "😀"],
            "lat": [None, -23.55, -23.56, 40.7128, 0.0, -0.0, 90.0],
            "lon": [None, -46.63, -46.64, -74.006, 0.0, 180.0],
            "online": [None, True, False],
            "fee": [None, Decimal("0.00"), Decimal("1.25"), Decimal("-3.10"), Decimal("99999999.99")],
            "points": [None, 0, 1, 100, -50, 250, 2**53 + 1, 2**62],
            "payload": _JSON,
            "tags": [None, [], ["vip"], ["new", "vip", None], ["é", "a", "a"]],
            "note": [None, "", "Refund please!!", "café", "CAFÉ não", "日本語 text", "ﬁn's \\ \"q\"", "x"],
        },
    ),
    "clicks": World(
        ("user_id",),
        "event_time",
        {
            "event": "STRING", "page": "STRING", "referrer": "STRING", "query": "STRING", "session_id": "STRING",
            "dwell_ms": "BIGINT", "ua": "STRING", "props": "MAP<STRING,STRING>", "body": "STRING", "variant": "STRING",
            "scroll": "DOUBLE", "logged_in": "BOOLEAN",
        },
        {
            "event": [None, "view", "view", "click", "search", "add_to_cart", "purchase", "impression", "signup", "bot"],
            "page": [None, "/", "/shop/shoes/42", "/shop/ação?utm_source=mail", "/help", "", "/shop/shoes/7"],
            "referrer": [None, "https://www.google.com/search?q=x", "http://news.example/ü", "", "direct"],
            "query": [None, "how to  return?", "tênis azul", "SHOES", "", " a b c ", "what is 42?"],
            "session_id": [None, "s1", "s1", "s2", "s3", "é"],
            "dwell_ms": [None, 0, 1, 250, 999, 60_000, 3_600_000],
            "ua": [None, "Mozilla/5.0 (iPhone) Mobile", "Chrome/119.0 Windows", "Android 14 Chrome/120", ""],
            "props": [None, {}, {"plan": "pro", "beta": "yes"}, {"plan": None, "lang": "pt"}, {"price": "9.5",
            "qty": "2"}, {"qty": "x"}],
            "body": _BODIES,
            "variant": [None, "A", "B"],
            "scroll": [None, 0.0, 0.5, 0.9, 1.0],
            "logged_in": [None, True, False],
        },
    ),
    "orders": World(
        ("customer_id", "store_id"),
        "created_at",
        {
            "order_id": "STRING", "total": "DECIMAL(12,2)", "discount": "DOUBLE", "coupon": "STRING",
            "items": "ARRAY<STRUCT<sku:STRING,qty:BIGINT,price:DOUBLE>>", "skus": "ARRAY<STRING>", "quantities": "ARRAY<BIGINT>",
            "address": "STRUCT<city:STRING,zip:STRING,country:STRING>", "email": "STRING", "status": "STRING",
            "shipped_at": "TIMESTAMP", "due": "DATE", "returned": "BOOLEAN", "rating": "BIGINT",
        },
        {
            "order_id": [None, "o1", "o2", "o3", "ö4"],
            "total": [None, Decimal("0.00"), Decimal("19.99"), Decimal("75.50"), Decimal("-5.00"), Decimal("1234567.89")],
            "discount": [None, 0.0, 0.1, 0.5, 1.0, 1.5],
            "coupon": [None, "", "  ", "save10", "GRÁTIS"],
            "items": [
                None, [], [{"sku": "A-1", "qty": 2, "price": 9.5}],
                [{"sku": None, "qty": None, "price": 20.0}, {"sku": "Z-9", "qty": 5, "price": None}, {"sku": "b",
                "qty": 1, "price": 12.25}],
            ],
            "skus": [None, [], ["A-1"], ["Z-9", "A-1"], ["b", None, "b", "é"], ["A-1", "c", "d", "e", "f", "g"]],
            "quantities": [None, [], [1], [2, 3], [None, 5]],
            "address": [None, {"city": "São Paulo", "zip": "01000", "country": "br"}, {"city": None, "zip": "10115",
            "country": "de"}],
            "email": [None, "a@gmail.com", "Maria+x@Example.org", " joão@yahoo.com.br ", "broken", "a@b@c"],
            "status": [None, "paid", "shipped", "cancelled"],
            "shipped_at": [None, dt.datetime(2026, 1, 11, 8), dt.datetime(2026, 2, 1, 23, 59, 59, 999999)],
            "due": [None, dt.date(2026, 1, 12), dt.date(2026, 2, 28), dt.date(2024, 2, 29)],
            "returned": [None, True, False],
            "rating": [None, 1, 3, 5],
        },
    ),
    "sensors": World(
        ("device_id",),
        "ts",
        {
            "temperature": "DOUBLE", "humidity": "DOUBLE", "battery": "BIGINT", "state": "STRING", "firmware": "STRING",
            "readings": "ARRAY<DOUBLE>", "error_code": "STRING", "uptime_s": "BIGINT",
            "position": "STRUCT<lat:DOUBLE,lon:DOUBLE>",
            "labels": "MAP<STRING,STRING>", "raw": "STRING",
        },
        {
            "temperature": [None, 21.5, 30.0, 30.5, 31.25, -4.0, -0.0, 22.5],
            "humidity": [None, 0.0, 0.45, 0.85, 1.0],
            "battery": [None, 0, 5, 55, 100, -1],
            "state": [None, "ok", "ok", "error", "idle", "ß"],
            "firmware": [None, "1.2.3", "2.0", "10.0.1-rc", ""],
            "readings": [None, [], [21.0, 22.5], [None, 31.0, -1.5], [35.0]],
            "error_code": [None, "E101", "E2", "W300", "42"],
            "uptime_s": [None, 0, 7, 3600, 86_400, 2**40 + 5],
            "position": [None, {"lat": -23.5, "lon": -46.6}, {"lat": None, "lon": 1.0}, {"lat": -23.6, "lon": -46.5}],
            "labels": [None, {}, {"site": "fábrica"}, {"site": "A", "line": "3"}],
            "raw": [None, '{"volt": 3.3, "mode": "eco"}', '{"volt": "x"}', '{"volt": 12, "mode": null}', "{bad", "3"],
        },
    ),
}  # fmt: skip
