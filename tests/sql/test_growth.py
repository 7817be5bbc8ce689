"""Texts that would take the parser or the renderer exponentially long are refused within a moment of CPU."""

import time

import pytest

from core.errors import JStoreError
from core.sql import compile_sql

BOMBS = {
    "joins without ON": "SELECT a.user_id, 1 AS x FROM input_data a " + "LEFT JOIN b " * 40,
    "joins of one name": "SELECT a.user_id, 1 AS x FROM input_data a " + "LEFT SEMI JOIN b c " * 60,
    "types in types": "SELECT user_id, " + "struct(" * 45 + "1" + ")" * 45 + " AS x FROM input_data",
    "places of places": "SELECT user_id, " + "a[" * 45 + "1" + "]" * 45 + " AS x FROM input_data",
    "calls in calls": "SELECT user_id, " + "UPPER(" * 45 + "a" + ")" * 45 + " AS x FROM input_data",
    "many calls in calls": "SELECT "
    + ", ".join("UPPER(" * 9 + "a" + ")" * 9 + f" AS x{place}" for place in range(200))
    + " FROM input_data",
}


@pytest.mark.parametrize("sql", BOMBS.values(), ids=BOMBS)
def test_what_would_grow_exponentially_is_refused_at_once(sql):
    began = time.process_time()
    with pytest.raises(JStoreError):
        compile_sql(sql, ("user_id",), "timestamp")
    assert time.process_time() - began < 2
