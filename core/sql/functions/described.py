"""Aggregates and window functions as rows for people: what they take, give and mean. How they are rendered is
core.sql.aggregate_calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """One function that is no scalar. `kind` is "merges" (an aggregate of the tile path), "tallied" (the same, of up to
    core.sql.tallies.MOST distinct values, as everything with DISTINCT is), "whole" (an aggregate that needs the events
    themselves) or "window"."""

    name: str
    kind: str
    takes: str
    gives: str
    note: str = ""


def _rows(kind: str, text: str) -> list[Described]:
    rows = []
    for line in text.strip().splitlines():
        names, takes, gives, note = (part.strip() for part in line.split("|"))
        rows += [Described(name, kind, takes, gives, note) for name in names.split()]
    return rows


MERGES = _rows(
    "merges",
    """
    COUNT | * or any | BIGINT | rows, or rows where no argument is NULL; COUNT(DISTINCT x) counts distinct values
    COUNT_IF | boolean | BIGINT | rows where it is true
    SUM TRY_SUM | number | BIGINT, DECIMAL or DOUBLE | exact for BIGINT and DECIMAL; NULL beyond 64 bits; NULL of nothing
    AVG TRY_AVG MEAN | number | DOUBLE | the exact sum divided by the count
    MIN MAX | ordered | its type | NaN is the largest
    STDDEV STDDEV_SAMP STD VARIANCE VAR_SAMP | number | DOUBLE | of a sample: NULL below two values
    STDDEV_POP VAR_POP | number | DOUBLE | of the population
    CORR COVAR_POP COVAR_SAMP | number, number | DOUBLE | over the pairs without NULL
    REGR_COUNT | number, number | BIGINT | the pairs without NULL
    REGR_SLOPE REGR_INTERCEPT REGR_R2 | number, number | DOUBLE | the line nearest to the first by the second
    REGR_AVGX REGR_AVGY REGR_SXX REGR_SXY REGR_SYY | number, number | DOUBLE | means; sums of products about them
    BIT_AND BIT_OR BIT_XOR | integer | BIGINT | bit by bit
    SKEWNESS KURTOSIS | number | DOUBLE | of the population; KURTOSIS less 3; NULL where all values are one
    BOOL_AND EVERY | boolean | BOOLEAN | all that are not NULL
    BOOL_OR SOME | boolean | BOOLEAN | one at least
    MAX_BY MIN_BY | any, ordered | its type | the value where the other is largest, smallest; ties by event time and position
    FIRST FIRST_VALUE ANY_VALUE LAST LAST_VALUE | any | its type | by event time and position; IGNORE NULLS is allowed
    """,
)
TALLIED = _rows(
    "tallied",
    """
    APPROX_COUNT_DISTINCT | any | BIGINT | exact, as COUNT(DISTINCT x)
    PERCENTILE PERCENTILE_CONT | number, 0..1 | DOUBLE | exact, linear between the nearest two
    MEDIAN | number | DOUBLE | PERCENTILE at 0.5
    PERCENTILE_DISC PERCENTILE_APPROX APPROX_PERCENTILE | number, 0..1 | its type | exact, one of the values
    MODE | ordered | its type | the most frequent, the smallest of several
    APPROX_TOP_K | ordered, count | ARRAY<STRUCT<item, count>> | exact: the most frequent (5), NULL too; ties by value
    COLLECT_SET | ordered | ARRAY | distinct, ascending
    """,
)
WHOLE = _rows(
    "whole",
    """
    COLLECT_LIST ARRAY_AGG | any | ARRAY | in the order of the events, NULLs left out; ARRAY_AGG(DISTINCT x) is COLLECT_SET
    STRING_AGG LISTAGG | string, '' | STRING | in the order of the events
    """,
)
WINDOW = _rows(
    "window",
    """
    ROW_NUMBER | | BIGINT | ties by event time and position
    RANK DENSE_RANK | | BIGINT | the same where ORDER BY is equal, with and without gaps
    PERCENT_RANK CUME_DIST | | DOUBLE | the share of the rows before, and up to this one
    NTILE | count | BIGINT | which of so many parts
    LAG LEAD | any, count, default | its type | IGNORE NULLS is allowed
    NTH_VALUE | any, count | its type | of the frame
    """,
)
