"""What expressions mean, on the engine of the first command; test_parity.py shows that the other one means the same."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from core import types
from core.sql import compile_sql
from tests.engines import engine_of

AT = dt.datetime(2024, 2, 29, 23, 59, 59, 999999)
ROW = {
    "i": 7, "z": 0, "big": 2**63 - 1, "low": -(2**63), "d": 2.675, "p": Decimal("1.25"), "s": " não ", "w": "17.9",
    "no": None, "t": True,
    "a": ["b", None, "a"], "day": dt.date(2024, 2, 29), "e": "",
}  # fmt: skip
TYPES = {
    "i": "BIGINT", "z": "BIGINT", "big": "BIGINT", "low": "BIGINT", "d": "DOUBLE", "p": "DECIMAL(10,2)", "s": "STRING",
    "w": "STRING",
    "no": "DOUBLE", "t": "BOOLEAN", "a": "ARRAY<STRING>", "day": "DATE", "e": "STRING",
}  # fmt: skip
MEANINGS = [
    # numbers
    ("i / 2", 3.5), ("i / z", None), ("i % z", None), ("i DIV 2", 3), ("-i DIV 2", -3), ("-i % 3", -1), ("i DIV z", None),
    ("low % -1", 0), ("low DIV -1", None), ("big + 1", None), ("-low", None), ("ABS(low)", None), ("big * 2", None),
    ("big - 1", 2**63 - 2),
    ("i * 1.5", 10.5), ("p * 1.5", Decimal("1.875")), ("p + 1", Decimal("2.25")), ("p / 2", 0.625), ("1.5", 1.5),
    ("i > 6.5", True),
    ("ROUND(d, 2)", 2.68), ("ROUND(-d, 2)", -2.68), ("ROUND(2.5)", 3.0), ("ROUND(p, 1)", Decimal("1.3")), ("FLOOR(-2.5)", -3),
    ("CEIL(2.1)", 3), ("SQRT(-1)", None), ("LN(0)", None), ("LOG(2, 8)", pytest.approx(3)), ("EXP(1000)", None),
    ("POWER(2, 10)", 1024.0),
    ("PMOD(-7, 3)", 2), ("SIGN(-2)", -1.0), ("GREATEST(i, no)", 7.0),
    # casts
    ("CAST(d AS INT)", 2), ("CAST(-2.9 AS BIGINT)", -2), ("CAST(w AS INT)", None), ("CAST(w AS DOUBLE)", 17.9),
    ("CAST(s AS INT)", None),
    ("CAST(big AS INT)", None), ("CAST(300 AS TINYINT)", None), ("CAST('1e3' AS BIGINT)", None), ("CAST(' 12 ' AS BIGINT)", 12),
    ("CAST('NaN' AS DOUBLE)", None), ("CAST(d AS DECIMAL(10,2))", Decimal("2.68")), ("CAST(t AS INT)", 1),
    ("CAST(i AS STRING)", "7"),
    ("CAST('2024-02-30' AS DATE)", None), ("CAST('yes' AS BOOLEAN)", True), ("CAST(timestamp AS DATE)", dt.date(2024, 2, 29)),
    ("CAST('2024-01-01T10:00:00+02:00' AS TIMESTAMP)", dt.datetime(2024, 1, 1, 8)), ("CAST(timestamp AS BIGINT)", 1709251199),
    # logic
    ("no IS NULL", True), ("no = 1", None), ("no <=> NULL", True), ("t AND no IS NULL", True), ("i IN (1, 7)", True),
    ("i NOT IN (1, 2)", True),
    ("CASE WHEN i > 5 THEN 'big' ELSE 'small' END", "big"), ("CASE i WHEN 7 THEN 1 END", 1),
    ("IF(z = 0, 'none', 'some')", "none"),
    ("COALESCE(no, 1)", 1.0), ("NULLIF(i, 7)", None), ("i BETWEEN 7 AND 8", True), ("NVL(no, 0)", 0.0), ("t IS NOT TRUE", False),
    # texts
    ("UPPER(s)", " NÃO "), ("LENGTH(s)", 5), ("TRIM(s)", "não"), ("SUBSTRING('abcde', 2, 3)", "bcd"),
    ("SUBSTRING('abcde', -2)", "de"),
    ("'a' || i_s", "a7"), ("CONCAT('a', NULL)", None), ("CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
    ("REPLACE('aaa', 'a', 'b')", "bbb"),
    ("INSTR('hello', 'l')", 3), ("LOCATE('z', 'hello')", 0), ("SPLIT('a.b.c', '.')", ["a", "b", "c"]),
    ("SPLIT('a.b.c', '\\\\.')", ["a", "b", "c"]), ("SPLIT('a.b.c', '[.]')", ["a", "b", "c"]),
    ("SPLIT('a||b', '\\\\|\\\\|')", ["a", "b"]), ("SPLIT('a, b', ', ')", ["a", "b"]),
    ("SPLIT_PART('a-b', '-', 2)", "b"),
    ("LPAD('7', 3, '0')", "007"), ("s LIKE '%ã%'", True), ("'50%' LIKE '50\\\\%'", True), ("'ABC' ILIKE 'ab_'", True),
    ("'a1b22' RLIKE '[0-9]{2}'", True), ("REGEXP_EXTRACT('k=v', '(\\\\w)=(\\\\w)', 2)", "v"),
    ("REGEXP_REPLACE('a1b2', '\\\\d', '#')", "a#b#"),
    ("UPPER('straße')", "STRASSE"), ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"), ("LENGTH(e)", 0),
    # times
    ("YEAR(timestamp)", 2024), ("HOUR(timestamp)", 23), ("DAYOFWEEK(timestamp)", 5), ("WEEKDAY(timestamp)", 3),
    ("WEEKOFYEAR(timestamp)", 9),
    ("EXTRACT(MONTH FROM day)", 2), ("DATE_TRUNC('hour', timestamp)", dt.datetime(2024, 2, 29, 23)),
    ("DATE_ADD(day, 1)", dt.date(2024, 3, 1)),
    ("ADD_MONTHS(day, 12)", dt.date(2025, 2, 28)), ("DATEDIFF(day, '2024-01-01')", 59),
    ("LAST_DAY('2024-02-01')", dt.date(2024, 2, 29)),
    ("timestamp + INTERVAL 1 DAY", dt.datetime(2024, 3, 1, 23, 59, 59, 999999)), ("UNIX_MICROS(timestamp) % 1000000", 999999),
    ("timestamp >= '2024-02-29'", True), ("day = '2024-02-29'", True),
    ("DATE_FORMAT(timestamp, 'yyyy-MM-dd HH:mm')", "2024-02-29 23:59"),
    ("TIMESTAMPDIFF(HOUR, day, timestamp)", 23), ("TIMESTAMP_SECONDS(0)", dt.datetime(1970, 1, 1)),
    # lists
    ("SIZE(a)", 3), ("ARRAY_CONTAINS(a, 'a')", True), ("ARRAY_CONTAINS(a, 'z')", None),
    ("ARRAY_SORT(a)", ["a", "b", None]), ("a[0]", "b"),
    ("ELEMENT_AT(a, -1)", "a"), ("a[9]", None), ("ARRAY_JOIN(a, ',')", "b,a"), ("ARRAY_MAX(a)", "b"),
    ("ARRAY(1.5, EXP(1000))", [1.5, None]),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), MEANINGS, ids=[e for e, _ in MEANINGS])
def test_what_it_means(expression, value):
    expression = expression.replace("i_s", "CAST(i AS STRING)")
    compiled = compile_sql(f"SELECT user_id, {expression} AS a FROM input_data", ("user_id",), "timestamp", TYPES)
    row = {"__run": 1, "user_id": "u", "timestamp": AT, "__pos": 1, **ROW}
    fields = [("__run", pa.int64()), ("user_id", pa.string()), ("timestamp", pa.timestamp("us"))]
    fields += [(name, types.arrow_type(types.parse_type(TYPES[name]))) for name in compiled.input_columns]
    schema = pa.schema([*fields, ("__pos", pa.int64())])
    table = pa.Table.from_pylist([{name: row[name] for name in schema.names}], schema=schema)
    found = engine_of("duckdb").run(compiled.row("duckdb", TYPES), {"input_data": table})["a"].to_pylist()[0]
    assert (found, type(found)) == (value, type(found) if isinstance(value, type(pytest.approx(1))) else type(value))
