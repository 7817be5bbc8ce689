"""The table of functions: a name that is not in it does not exist. `TABLE` maps a name to its rows, one for each number of
arguments.

A function is here only when the differential test (tests/core/sql/test_parity.py) shows the same result on DuckDB and Spark.
"""

from __future__ import annotations

from core.sql.functions import (
    codes,
    conditional,
    jsons,
    lambdas,
    lists,
    maps,
    moves,
    numbers,
    patterns,
    texts,
    times,
    urls,
    whole_numbers,
    zones,
)
from core.sql.functions.described import MERGES, TALLIED, WHOLE, WINDOW
from core.sql.functions.row import Function

# What the table is made of, by the headings of its documentation.
PARTS: dict[str, list[Function]] = {
    "Choosing": conditional.ROWS,
    "Numbers": [*numbers.ROWS, *whole_numbers.ROWS],
    "Texts": [*texts.ROWS, *codes.ROWS, *urls.ROWS],
    "Patterns": patterns.ROWS,
    "Dates and times": [*times.ROWS, *moves.ROWS, *zones.ROWS],
    "Lists": lists.ROWS,
    "Maps and structs": maps.ROWS,
    "JSON": jsons.ROWS,
}
TABLE: dict[str, list[Function]] = {}
for _row in (row for part in PARTS.values() for row in part):
    TABLE.setdefault(_row.name, []).append(_row)

AGGREGATE_NAMES = frozenset(one.name for one in (*MERGES, *TALLIED, *WHOLE))
LAMBDA_NAMES = frozenset(one.name for one in lambdas.ROWS)
WINDOW_NAMES = frozenset(one.name for one in WINDOW)
