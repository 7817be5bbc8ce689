"""docs/sql.md: the tables are those of the code, the example is taken, what is said to be refused is refused."""

import re

import pytest

from core.errors import Invalid
from core.sql import compile_sql
from core.sql.foreign import KNOWN
from core.sql.functions import AGGREGATE_NAMES, LAMBDA_NAMES, TABLE, WINDOW_NAMES
from core.sql.reference import MARK, written
from tests.docs.pages import blocks, read, rows, section

PAGE = "docs/sql.md"
CALL = re.compile(r"`([A-Z][A-Z0-9_]*)\(")


def test_the_tables_are_up_to_date():
    assert written(read(PAGE)) == read(PAGE), "run `make sql-docs`"


def test_every_function_is_there_by_name():
    told = set(CALL.findall(read(PAGE).partition(MARK)[2]))
    assert told == {*TABLE, *LAMBDA_NAMES, *AGGREGATE_NAMES, *WINDOW_NAMES}
    assert len(told) >= 230


def test_functions_of_the_text_are_in_the_tables():
    head = read(PAGE).partition(MARK)[0].replace(section(PAGE, "What is refused"), "")
    assert set(CALL.findall(head)) <= {*KNOWN, "STRING"}


def test_the_example_is_taken():
    (example,) = (block for block in blocks(PAGE) if block.language == "sql")
    assert compile_sql(example.text, ("user_id",), "timestamp").path == "tiles"


REFUSED = [name for cells in rows(section(PAGE, "What is refused")) for name in re.findall(r"`([A-Z][A-Z0-9_]*)`", cells[0])]


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in ("LIMIT", "OFFSET")])
def test_what_is_said_to_be_refused_is(name):
    for arguments in ("kind", "kind, kind", "kind, 2", "kind, 'a'", "kind, 2, 3"):
        with pytest.raises(Invalid):
            compile_sql(
                f"SELECT user_id, {name}({arguments}) AS a FROM input_data", ("user_id",), "timestamp", {"kind": "STRING"}
            )
