"""The table of functions: a name that is not in it does not exist. `TABLE` maps a name to its rows, one for each number of
arguments.

A function is here only when the differential test (tests/core/sql/test_parity.py) shows the same result on DuckDB and Spark.
"""

from __future__ import annotations

from core.sql.functions import conditional, lists, numbers, patterns, texts, times
from core.sql.functions.described import MERGES, TALLIED, WHOLE, WINDOW
from core.sql.functions.row import Function

TABLE: dict[str, list[Function]] = {}
for _row in (*conditional.ROWS, *numbers.ROWS, *texts.ROWS, *patterns.ROWS, *times.ROWS, *lists.ROWS):
    TABLE.setdefault(_row.name, []).append(_row)

AGGREGATE_NAMES = frozenset(one.name for one in (*MERGES, *TALLIED, *WHOLE))
WINDOW_NAMES = frozenset(one.name for one in WINDOW)
