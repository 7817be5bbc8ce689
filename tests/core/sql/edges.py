"""Edge values of every kind, and calls of every function over them."""

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa

from core.sql.functions.row import Function
from tests.core.sql.documents import ADDRESSES, DOCUMENTS

ROWS = 600
TEXTS = [
    None, "", " ", "a", "abc", "ABC", " abc ", "aXbXc", "não ação", "ß", "日本語", "😀x", "é", "a,b,,c", "1", "-12", " 42 ",
    "1.5", "2.675",
    "1e3", "abc\n", "%", "_", "a%b", "\t", "x" * 40, "ΟΔΟΣ Σ", "İ", "ﬁﬂ ᾈ", "true", "no", "2024-02-29", "2024-02-30",
    "2024-01-01 00:00:00",
    "2024-12-31T23:59:59.999999Z", "2024-01-01T10:00:00+02:00", "2024-01-01 24:00:00", "2024-01-01 10:00:00+19:00",
    "2024-1-1", "0001-01-01",
    "9223372036854775808", "NaN", "Infinity", "0x10", "1d", "-", "1.",
]  # fmt: skip
POOLS: dict[str, list[Any]] = {
    "string": TEXTS,
    "integer": [None, 0, 1, -1, 2, 3, -3, 7, 10, 100, -100, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63)],
    "double": [
        None, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 2.675, 1e-5, 1e15 + 0.3, 1e16, 1e17, -1e18, 2.0**63, 1e300,
        -1e308, 5e-324,
        0.1, 33.333333333,
    ],
    "boolean": [None, True, False],
    "date": [None, *(dt.date(*d) for d in ((1970, 1, 1), (2024, 2, 29), (2023, 2, 28), (2024, 12, 31), (2021, 1, 3),
    (2262, 1, 1)))],
    "timestamp": [
        None, dt.datetime(1970, 1, 1), dt.datetime(2024, 2, 29, 23, 59, 59, 999999), dt.datetime(2000, 1, 1, 0, 0, 0, 1),
        dt.datetime(2024, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 3, 31, 1, 30), dt.datetime(2024, 3, 10, 2, 30),
        dt.datetime(2024, 11, 3, 1, 30), dt.datetime(2024, 10, 27, 2, 30), dt.datetime(2018, 11, 4, 0, 30),
        dt.datetime(2018, 2, 17, 23, 30), dt.datetime(2262, 1, 1),
    ],
    "decimal": [None, *map(Decimal, ("0.00", "1.25", "-1.25", "2.675", "99999999.999", "-0.005", "0.005", "0.500", "-0.500",
    "1.000"))],
    "array": [None, [], ["a"], ["b", "a", "b"], ["a", None, "b"], [None], ["", "é", "a"]],
    "numbers": [None, [], [1.5], [3.0, 1.0, 3.0], [1.0, None, -0.0, 0.0], [None]],
    "integers": [None, [], [1], [3, 1, 3], [2**63 - 1, None, -(2**63)], [None], [0, 2**53 + 1]],
    "nested": [None, [], [["a"], ["b", None]], [["a"], None], [[]], [[None], [], ["é", ""]]],
    "map": [None, {}, {"a": 1}, {"b": None, "a": 2**53 + 1}, {"": 0, "é": -1}],
    "json": DOCUMENTS,
    "url": ADDRESSES,
}  # fmt: skip
TYPES = {
    "string": "STRING", "integer": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP",
    "decimal": "DECIMAL(12,3)", "array": "ARRAY<STRING>", "numbers": "ARRAY<DOUBLE>", "integers": "ARRAY<BIGINT>",
    "nested": "ARRAY<ARRAY<STRING>>", "map": "MAP<STRING,BIGINT>", "json": "STRING", "url": "STRING",
}  # fmt: skip
COLUMNS = {f"{kind}_{place}": text for kind, text in TYPES.items() for place in range(6)}
_ARROW = {
    "string": pa.string(), "integer": pa.int64(), "double": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "decimal": pa.decimal128(12, 3), "array": pa.list_(pa.string()),
    "numbers": pa.list_(pa.float64()), "integers": pa.list_(pa.int64()), "nested": pa.list_(pa.list_(pa.string())),
    "map": pa.map_(pa.string(), pa.int64()), "json": pa.string(), "url": pa.string(),
}  # fmt: skip
_ANY = ("string", "integer", "double", "boolean", "date", "timestamp", "decimal")
_KINDS = {
    "any": _ANY, "same": _ANY, "number": ("integer", "double", "decimal"), "numbers": ("integer", "double", "decimal"),
    "double": ("double", "integer"), "array": ("array", "numbers"), "arrays": ("array", "numbers"), "strings": ("array",),
    "lists": ("nested",), "item": ("string", "double"),
}  # fmt: skip
_LITERALS = {
    "LIKE": ["'%a%'", "'_'", "'a\\\\%b'"], "ILIKE": ["'%A%'", "'N%Ã%'"], "RLIKE": ["'[a-c]+'", "'^\\\\d+$'"], "REGEXP": ["'.'"],
    "REGEXP_LIKE": ["'b|X'"], "REGEXP_EXTRACT": ["'([a-z])([A-Z])?'"], "REGEXP_REPLACE": ["'[aeiou]'"],
    "REGEXP_COUNT": ["'[a-z]'"], "REGEXP_SUBSTR": ["'[b-z]X?'"], "REGEXP_INSTR": ["'[b-z]X?'", "'$'", "'^a'", "'x|ç'"],
    "REGEXP_EXTRACT_ALL": ["'[a-z]'"], "DATE_FORMAT": ["'yyyy-MM-dd HH:mm:ss'", "'EEE, dd MMM'"],
    "FROM_UNIXTIME": ["'yyyy-MM-dd HH:mm:ss'", "'EEE'"], "TO_DATE": ["'yyyy-MM-dd'", "'ddMMyyyy'"],
    "TO_TIMESTAMP": ["'yyyy-MM-dd HH:mm:ss'", "'HH:mm dd.MM.yyyy'"], "UNIX_TIMESTAMP": ["'yyyy-MM-dd'"],
    "TO_UNIX_TIMESTAMP": ["'yyyy-MM-dd'"], "GET_JSON_OBJECT": ["'$.a'", "'$'", "'$.a.b[1]'", "'$[0]'", "'$.\u00e9'", "'$.a.c'"],
    "FROM_UTC_TIMESTAMP": ["'America/Sao_Paulo'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'"],
    "TO_UTC_TIMESTAMP": ["'America/Sao_Paulo'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'"],
    "BTRIM": ["'ax '", "'é'"], "LTRIM": ["'ax '", "'日'"], "RTRIM": ["'xc '"], "SUBSTRING_INDEX": ["','", "'b'", "'X'"],
    "PARSE_URL": ["'q'"], "TRY_PARSE_URL": ["'q'"],
}  # fmt: skip
# functions whose texts or lists are of a kind of their own
_JSON, _URL = {"string": ("json", "string")}, {"string": ("url", "string")}
_GIVEN = {
    "GET_JSON_OBJECT": _JSON, "JSON_ARRAY_LENGTH": _JSON, "JSON_OBJECT_KEYS": _JSON, "PARSE_URL": _URL, "TRY_PARSE_URL": _URL,
    "MAP_FROM_ARRAYS": {"array": ("integers", "array")},
}  # fmt: skip


def input_data(columns: tuple[str, ...]) -> pa.Table:
    """ROWS rows where the first two columns of a kind meet in every pair, as far as the rows reach, and the others by chance."""
    data: dict[str, Any] = {
        "__run": pa.array(range(ROWS), pa.int64()),
        "user_id": pa.array(["u"] * ROWS),
        "timestamp": pa.array([dt.datetime(2024, 1, 1)] * ROWS, pa.timestamp("us")),
    }
    rng = random.Random(5)
    for name in columns:
        kind, place = name.rsplit("_", 1)
        pool = POOLS[kind]
        if int(place) == 0:
            values = [pool[row % len(pool)] for row in range(ROWS)]
        elif int(place) == 1 and len(pool) ** 2 <= ROWS:
            values = [pool[row // len(pool) % len(pool)] for row in range(ROWS)]
        else:
            values = [rng.choice(pool) for _ in range(ROWS)]
        data[name] = pa.array(values, _ARROW[kind])
    return pa.table({**data, "__pos": pa.array(range(ROWS), pa.int64())})


def calls(function: Function) -> Iterator[str]:
    """Calls of one row of the table over every kind of argument it takes."""
    takes, more = [kind.rstrip("*") for kind in function.takes], (function.takes or ("",))[-1]
    longer = [*takes, *takes[-2:]] if more.endswith("**") else [*takes, takes[-1]] if more.endswith("*") else takes
    for form in [takes] if longer == takes else [takes, longer]:
        choices = [
            _literals(function, kind, place) or list(_GIVEN.get(function.name, {}).get(kind) or _KINDS.get(kind, (kind,)))
            for place, kind in enumerate(form)
        ]
        for combination in itertools.product(*choices):
            if _fits(function, form, combination):
                seen: dict[str, int] = {}
                yield f"{function.name}({', '.join(_argument(one, seen) for one in combination)})"


def _literals(function: Function, kind: str, place: int) -> list[str]:
    if kind.startswith("'"):
        words = kind.strip("'").split("|")
        if words != [""]:
            return [f"'{word}'" for word in words]
        if function.name in ("MAP", "NAMED_STRUCT"):
            return [f"'n{place}'"]
        first = place <= 1 and kind not in function.takes[:place]
        return _LITERALS.get(function.name, ["'X'", "', '"]) if first or function.name.endswith("PARSE_URL") else ["'!'"]
    if kind == "flag":
        return ["TRUE", "FALSE"]
    if ".." in kind:
        low, high = map(int, kind.split(".."))
        return sorted({str(value) for value in (max(low, -2), -1, 1, 2, 3, min(high, 63)) if low <= value <= high})
    return []


def _fits(function: Function, form: list[str], combination: tuple[str, ...]) -> bool:
    together = {one for one, kind in zip(combination, form, strict=True) if kind in ("same", "numbers", "arrays")}
    if "item" in form:
        return combination in (("array", "string"), ("numbers", "double"))
    return len(together) < 2 or together <= {"integer", "double"}


def _argument(one: str, seen: dict[str, int]) -> str:
    if one not in TYPES:
        return one
    seen[one] = seen.get(one, -1) + 1
    return f"{one}_{seen[one]}"
