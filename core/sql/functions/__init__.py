"""The table of functions: a name that is not in it does not exist. `TABLE` maps a name to its rows, one for each number of arguments.

A function is here only when the differential test (tests/core/sql/test_parity.py) shows the same result on DuckDB and Spark.
"""

from __future__ import annotations

from core.sql.functions import conditional, lists, numbers, patterns, texts, times
from core.sql.functions.row import Function

TABLE: dict[str, list[Function]] = {}
for _row in (*conditional.ROWS, *numbers.ROWS, *texts.ROWS, *patterns.ROWS, *times.ROWS, *lists.ROWS):
    TABLE.setdefault(_row.name, []).append(_row)

AGGREGATE_NAMES = frozenset(
    ["COUNT", "COUNT_IF", "SUM", "AVG", "MEAN", "MIN", "MAX", "STDDEV", "STDDEV_SAMP", "STD", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP", "BOOL_AND", "EVERY", "BOOL_OR", "SOME", "FIRST", "FIRST_VALUE", "ANY_VALUE", "LAST", "LAST_VALUE", "MAX_BY", "MIN_BY"]
)
WINDOW_NAMES = frozenset(["ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD", "NTH_VALUE"])
