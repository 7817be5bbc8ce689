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

TABLE: dict[str, list[Function]] = {}
_PARTS = (
    conditional, numbers, whole_numbers, texts, codes, patterns, urls, times, moves, zones, lists, maps, jsons,
)  # fmt: skip
for _row in (row for part in _PARTS for row in part.ROWS):
    TABLE.setdefault(_row.name, []).append(_row)

AGGREGATE_NAMES = frozenset(one.name for one in (*MERGES, *TALLIED, *WHOLE))
LAMBDA_NAMES = frozenset(one.name for one in lambdas.ROWS)
WINDOW_NAMES = frozenset(one.name for one in WINDOW)
