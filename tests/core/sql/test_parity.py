"""Every function and operator over edge values: DuckDB and Spark give the same values, of the same types as inferred."""

import itertools
import math

import pytest

from core import types
from core.errors import Invalid
from core.sql import compile_sql
from core.sql.functions import TABLE
from tests.core.sql import edges
from tests.core.sql.forms import FORMS
from tests.core.sql.operators import operators
from tests.engines import engine_of

CHUNK = 60  # calls in one statement: Spark pays by the statement


def accepted(expressions):
    """The expressions that check over the typed columns, in chunks."""
    found = []
    for expression in expressions:
        try:
            compile_sql(f"SELECT user_id, {expression} AS a FROM input_data", ("user_id",), "timestamp", edges.COLUMNS)
        except Invalid:
            continue
        found.append(expression)
    return [found[start : start + CHUNK] for start in range(0, len(found), CHUNK)]


CALLS = list(itertools.chain.from_iterable(edges.calls(function) for rows in TABLE.values() for function in rows))
CHUNKS = accepted([*CALLS, *operators(), *FORMS])


def alike(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(map(alike, a.values(), b.values()))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("chunk", CHUNKS, ids=lambda chunk: chunk[0].encode("ascii", "replace").decode()[:40])
def test_both_engines_give_the_same(chunk):
    outputs = ", ".join(f"{expression} AS o{place}" for place, expression in enumerate(chunk))
    compiled = compile_sql(f"SELECT user_id, {outputs} FROM input_data", ("user_id",), "timestamp", edges.COLUMNS)
    table = edges.input_data(compiled.input_columns)
    answers = []
    for name in ("duckdb", "spark"):
        answer = engine_of(name).run(compiled.row(name, edges.COLUMNS), {"input_data": table}, deadline_s=300)
        answers.append(answer.sort_by("__run"))
    ours, theirs = answers
    inferred = compiled.output_types(edges.COLUMNS)
    wrong = []
    for place, expression in enumerate(chunk):
        name = f"o{place}"
        kinds = {str(types.from_arrow(answer.schema.field(name).type, hugeint=False)) for answer in answers} | {inferred[name]}
        if len(kinds) > 1:
            wrong.append((expression, kinds))
        for row, (a, b) in enumerate(zip(ours[name].to_pylist(), theirs[name].to_pylist(), strict=True)):
            if not alike(a, b):
                given = {column: table[column][row].as_py() for column in compiled.input_columns if column in expression}
                wrong.append((expression, given, a, b))
                break
    assert not wrong


def test_every_function_is_tried():
    tried = {call.split("(")[0] for chunk in CHUNKS for call in chunk}
    assert set(TABLE) <= tried | {"PI", "E"}
    assert sum(map(len, CHUNKS)) > 1_200
    assert set(FORMS) <= {form for chunk in CHUNKS for form in chunk}
