"""Types for columns that no event has shown yet."""

import time

import pytest

from core.errors import Invalid
from core.sql import compile_sql
from core.sql.provisional import provisional_types

KEYS, TIME = ("user_id",), "timestamp"


def chosen(outputs: str, known: dict[str, str | None]) -> dict[str, str]:
    compiled = compile_sql(f"SELECT user_id, {outputs} FROM input_data", KEYS, TIME)
    return provisional_types(compiled, KEYS, TIME, known)


def test_a_known_type_stays_and_an_open_one_is_the_first_that_checks():
    assert chosen("x AS a, UPPER(y) AS b, z + i AS c", {"x": None, "y": None, "z": None, "i": "BIGINT"}) == {
        "x": "DOUBLE", "y": "STRING", "z": "DOUBLE", "i": "BIGINT",
    }  # fmt: skip


def test_a_column_whose_fields_are_read_is_a_struct():
    found = chosen("item.qty * 2 AS a, UPPER(item.sku) AS b", {"item": None})
    assert found == {"item": "STRUCT<`qty`:DOUBLE,`sku`:STRING>"}
    compiled = compile_sql("SELECT user_id, item.qty * 2 AS a FROM input_data", KEYS, TIME)
    assert compiled.fields == {"item": ("qty",)}
    assert "struct_extract" in compiled.general("duckdb", chosen("item.qty * 2 AS a", {"item": None}))


def test_what_checks_under_no_types_is_refused():
    with pytest.raises(Invalid, match="sql_types"):
        chosen("UPPER(x) AS a, SQRT(x) AS b", {"x": None})
    with pytest.raises(Invalid, match="sql_types"):
        chosen("x + y AS a", {"x": None, "y": "STRING"})


def test_the_search_is_bounded_by_what_it_would_cost():
    """Each of these columns is no number, no text, ... until the last kind that is tried; nobody waits long for the answer."""
    start = time.process_time()
    with pytest.raises(Invalid, match="declare them") as caught:
        chosen(", ".join(f"ARRAY_CONTAINS(c{n}, 1.5) AS s{n}" for n in range(400)), {f"c{n}": None for n in range(400)})
    assert caught.value.code == "sql_types"
    assert time.process_time() - start < 15
    many = {f"c{n}": None for n in range(400)}
    assert set(chosen(", ".join(f"c{n} + 1 AS s{n}" for n in range(400)), many).values()) == {"DOUBLE"}
