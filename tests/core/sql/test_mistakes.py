"""A hundred likely mistakes and more: each is answered with its code and place, the words around it, and what to write."""

import pytest

from core.errors import Invalid
from core.sql import compile_sql
from core.sql.aggregate_calls import NAMES
from core.sql.foreign import KNOWN, MEANT
from tests.core.sql.misnomers import MISNOMERS
from tests.core.sql.mistakes import MISTAKES
from tests.core.sql.mistypings import MISTYPINGS

ALL = [*MISTAKES, *MISNOMERS, *MISTYPINGS]
HARMLESS = (
    "SELECT user_id, SUM(x) AS s FROM input_data GROUP BY user_id;",
    "SELECT user_id, SUM(x) AS s FROM input_data GROUP BY user_id ;; -- done",
    "-- what it is\nSELECT user_id, SUM(x) AS s /* all of it */ FROM input_data GROUP BY user_id",
    "SELECT\u00a0user_id, SUM(x) AS s, FROM input_data GROUP BY user_id,",
    "SELECT user_id, SUM(x) AS s FROM `input_data` WHERE kind == 'a' AND kind != \"b\" GROUP BY 1",
)


@pytest.mark.parametrize(("sql", "code", "column", "words"), ALL, ids=[sql[:60] for sql, *_ in ALL])
def test_the_answer_helps(sql, code, column, words):
    with pytest.raises(Invalid) as caught:
        compile_sql(sql, ("user_id",), "timestamp")
    error = caught.value
    assert (error.code, error.column) == (code, column), error.detail
    assert words in error.detail
    (found,) = error.errors
    assert found["near"] in sql
    assert (found["line"], found["column"]) == (error.line, error.column)
    assert "sqlglot" not in error.detail
    assert "Token" not in error.detail


def test_there_are_a_hundred():
    assert len(ALL) >= 100


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_is_harmless_is_taken(sql):
    assert compile_sql(sql, ("user_id",), "timestamp").path == "tiles"


def test_what_foreign_functions_are_called_here_is_there():
    there = [meant.split("(")[0].split(",")[0].split(" ")[0] for meant in MEANT.values()]
    named = [name for name in there if name.isupper() and not name.startswith("GET_JSON")]
    assert set(named) <= {*KNOWN, *NAMES}
    assert not set(MEANT) & set(KNOWN)


def test_the_words_around_are_whole_and_of_one_line():
    with pytest.raises(Invalid) as caught:
        compile_sql(
            "SELECT user_id,\n  SUMM(purchases_of_this_user) AS total,\n  1 AS x\nFROM input_data GROUP BY user_id",
            ("user_id",),
            "timestamp",
        )
    assert caught.value.errors[0]["near"] == "SUMM(purchases_of_this_user) AS"
    assert (caught.value.line, caught.value.column) == (2, 3)
