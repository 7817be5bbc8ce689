"""`current_timestamp`: where it may stand, when V changes by it, and the refusals with their places."""

import pytest

from core.errors import Invalid
from core.sql import compile_sql

G = " FROM input_data GROUP BY user_id"
S = 1_000_000


def compiled(sql):
    return compile_sql(sql, ("user_id",), "timestamp")


def where(condition):
    return compiled(f"SELECT user_id, COUNT(*) AS n FROM input_data WHERE {condition} GROUP BY user_id")


@pytest.mark.parametrize(
    ("condition", "offsets"),
    [
        ("timestamp > current_timestamp - INTERVAL 7 SECONDS", (7 * S,)),
        ("timestamp >= current_timestamp() - INTERVAL '7' SECOND", (7 * S + 1,)),
        ("timestamp < now() - INTERVAL '7 seconds'", (7 * S + 1,)),
        ("timestamp <= now() - INTERVAL 7 SECOND", (7 * S,)),
        ("timestamp = now() - INTERVAL 7 SECONDS", (7 * S, 7 * S + 1)),
        ("timestamp <> now() - INTERVAL 7 SECONDS", (7 * S, 7 * S + 1)),
        ("timestamp <=> now() - INTERVAL 7 SECONDS", (7 * S, 7 * S + 1)),
        ("current_timestamp - INTERVAL 7 SECONDS < timestamp", (7 * S,)),
        ("current_timestamp - INTERVAL 7 SECONDS <= timestamp", (7 * S + 1,)),
        ("timestamp + INTERVAL 7 SECONDS > current_timestamp", (7 * S,)),
        ("INTERVAL 5 SECONDS + timestamp >= current_timestamp - INTERVAL 2 SECONDS", (7 * S + 1,)),
        ("(timestamp - INTERVAL 1 SECOND) > (current_timestamp - INTERVAL 1 DAY + INTERVAL 1 HOUR)", (82_799 * S,)),
        ("timestamp BETWEEN now() - INTERVAL 2 WEEKS AND now() - INTERVAL 1 MINUTE", (60 * S, 14 * 86_400 * S + 1)),
        ("timestamp NOT BETWEEN now() - INTERVAL 3 SECONDS AND now()", (3 * S + 1,)),
        ("now() BETWEEN timestamp AND timestamp + INTERVAL 9 SECONDS", (9 * S + 1,)),
        ("timestamp < current_timestamp", (1,)),
        ("timestamp <= current_timestamp", ()),  # always so: an event counts from its time on
        ("timestamp > current_timestamp + INTERVAL 1 DAY", ()),  # never so
        ("timestamp > now() - INTERVAL 1 HOUR OR timestamp > now() - INTERVAL 1 MINUTE", (60 * S, 3600 * S)),
    ],
)
def test_when_a_comparison_changes(condition, offsets):
    found = where(condition)
    assert found.offsets == offsets
    assert found.clocked
    assert found.path == "recompute"
    assert "current_timestamp" in found.path_reason


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT user_id, SUM(x) FILTER (WHERE timestamp > now() - INTERVAL 1 SECOND) AS s" + G,
        "SELECT user_id, SUM(CASE WHEN timestamp > now() - INTERVAL 1 SECOND THEN x END) AS s" + G,
        "SELECT user_id, SUM(x) AS s" + G + " HAVING MAX(timestamp) > now() - INTERVAL 1 SECOND",
        "SELECT user_id, SUM(x) AS s, MIN(timestamp) AS first" + G + " HAVING first + INTERVAL 1 SECOND > now()",
        "SELECT user_id, MAX(CASE WHEN x > 0 THEN timestamp END) > now() - INTERVAL 1 SECOND AS recent" + G,
        "SELECT user_id, x FROM input_data WHERE timestamp > now() - INTERVAL 1 SECOND",
        "SELECT user_id, MAX(t) > now() - INTERVAL 1 SECOND AS recent FROM (SELECT user_id, timestamp AS t FROM input_data) AS r"
        " GROUP BY user_id",
        "SELECT a.user_id, COUNT(*) AS n FROM input_data a JOIN input_data b ON a.user_id = b.user_id"
        " AND b.timestamp > now() - INTERVAL 1 SECOND GROUP BY a.user_id",
        "SELECT user_id, x FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) = 1"
        " AND timestamp > now() - INTERVAL 1 SECOND",
    ],
)
def test_where_the_clock_may_be_compared(sql):
    found = compiled(sql)
    assert found.offsets == (S,)
    assert found.path == "recompute"
    # what is stored is read again and means the same
    again = compiled(found.sql)
    assert again.offsets == found.offsets
    assert again.sql == found.sql


def test_other_sql_carries_no_clock():
    found = compiled("SELECT user_id, SUM(x) AS s FROM input_data WHERE timestamp > '2026-01-01' GROUP BY user_id")
    assert (found.clocked, found.offsets, found.path) == (False, (), "tiles")
    assert "__now" not in found.general("duckdb", {"x": "DOUBLE"})


@pytest.mark.parametrize(
    ("sql", "column", "words"),
    [
        ("SELECT user_id, current_timestamp AS t FROM input_data", 38, "compared with the time column"),
        ("SELECT user_id, NOW() AS t FROM input_data", 17, "compared with the time column"),
        ("SELECT user_id, x FROM input_data WHERE seen > now() - INTERVAL 1 DAY", 41, "with the time column, with MAX or MIN"),
        ("SELECT user_id, x FROM input_data WHERE DATE(timestamp) = current_date()", 59, "current_date has no"),
        ("SELECT user_id, x FROM input_data WHERE timestamp > now() - INTERVAL 1 MONTH", 53, "say the distance"),
        ("SELECT user_id, x FROM input_data WHERE timestamp + INTERVAL 1 YEAR > now()", 41, "with the time column"),
        ("SELECT user_id, x FROM input_data WHERE timestamp > now() - 3600", 53, "moved by INTERVAL and a constant"),
        ("SELECT user_id, x FROM input_data WHERE timestamp > now() - INTERVAL 40000 DAYS", 41, "at most 36,500 days"),
        ("SELECT user_id, x FROM input_data WHERE now() > now() - INTERVAL 1 DAY", 41, "compared with itself"),
        ("SELECT user_id, x FROM input_data WHERE timestamp > current_timestamp(3)", 53, "compared with the time column"),
        ("SELECT user_id, x FROM input_data WHERE timestamp IN (now())", 55, "compared with the time column"),
        ("SELECT user_id, x FROM input_data WHERE UNIX_TIMESTAMP(now()) > 5", 56, "compared with the time column"),
        ("SELECT user_id, COUNT(*) AS n" + G + " HAVING FIRST(timestamp) > now() - INTERVAL 1 DAY", 71, "with MAX or MIN"),
        ("SELECT user_id, x FROM input_data WHERE timestamp > now() - INTERVAL 1.5 HOURS", None, "whole number"),
    ],
)
def test_other_places_are_refused_with_a_hint(sql, column, words):
    with pytest.raises(Invalid) as caught:
        compiled(sql)
    assert caught.value.code == "sql_not_allowed"
    assert caught.value.line == 1
    assert column is None or caught.value.column == column, caught.value.column
    assert words in caught.value.detail, caught.value.detail
