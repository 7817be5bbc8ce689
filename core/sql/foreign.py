"""Functions by the names that other databases give them -> what is written here."""

from __future__ import annotations

from core.sql.functions import AGGREGATE_NAMES, LAMBDA_NAMES, TABLE, WINDOW_NAMES
from core.sql.refusal import near

# The first word of each is in the function table, or is no function at all.
MEANT = {
    "AGE": "DATEDIFF, or TIMESTAMPDIFF",
    "APPROX_DISTINCT": "APPROX_COUNT_DISTINCT",
    "APPROX_QUANTILES": "PERCENTILE",
    "ARG_MAX": "MAX_BY",
    "ARG_MIN": "MIN_BY",
    "ARGMAX": "MAX_BY",
    "ARGMIN": "MIN_BY",
    "ARRAY_LENGTH": "SIZE",
    "ARRAY_LEN": "SIZE",
    "AVERAGE": "AVG",
    "COUNTD": "COUNT(DISTINCT x)",
    "COUNTDISTINCT": "COUNT(DISTINCT x)",
    "COUNT_DISTINCT": "COUNT(DISTINCT x)",
    "COUNTIF": "COUNT_IF",
    "DATETIME_DIFF": "TIMESTAMPDIFF",
    "DATETIME_TRUNC": "DATE_TRUNC",
    "DOW": "DAYOFWEEK",
    "EPOCH": "UNIX_TIMESTAMP",
    "FORMAT_DATE": "DATE_FORMAT",
    "FORMAT_TIMESTAMP": "DATE_FORMAT",
    "FROM_JSON": "GET_JSON_OBJECT",
    "GETDATE": "current_timestamp",
    "GROUP_CONCAT": "STRING_AGG",
    "GET_JSON": "GET_JSON_OBJECT",
    "JSON_EXTRACT": "GET_JSON_OBJECT",
    "JSON_EXTRACT_SCALAR": "GET_JSON_OBJECT",
    "JSON_EXTRACT_STRING": "GET_JSON_OBJECT",
    "JSON_VALUE": "GET_JSON_OBJECT",
    "LOGICAL_AND": "BOOL_AND",
    "LOGICAL_OR": "BOOL_OR",
    "QUANTILE": "PERCENTILE",
    "QUANTILE_CONT": "PERCENTILE",
    "REGEXP_MATCHES": "RLIKE",
    "SAFE_CAST": "TRY_CAST",
    "SAFE_DIVIDE": "x / y, for x / 0 is NULL",
    "SPLIT_TO_ARRAY": "SPLIT",
    "STARTS_WITH": "STARTSWITH",
    "ENDS_WITH": "ENDSWITH",
    "STRING_TO_ARRAY": "SPLIT",
    "STRPOS": "LOCATE",
    "SYSDATE": "current_timestamp",
    "TIMESTAMP_DIFF": "TIMESTAMPDIFF",
    "TIMESTAMP_TRUNC": "DATE_TRUNC",
    "TO_CHAR": "DATE_FORMAT",
    "TRY_TO_NUMBER": "TRY_CAST(x AS DOUBLE)",
    "TRY_TO_DATE": "TO_DATE",
    "UNIQ": "COUNT(DISTINCT x)",
    "UNIQEXACT": "COUNT(DISTINCT x)",
    "WINDOW": "DATE_TRUNC('HOUR', timestamp)",
}
_ROWS = "a list stays one value here: ARRAY_CONTAINS, SIZE and ELEMENT_AT read it"
_NEVER = {
    "EXPLODE": _ROWS,
    "EXPLODE_OUTER": _ROWS,
    "POSEXPLODE": _ROWS,
    "UNNEST": _ROWS,
    "SEQUENCE": "rows and lists are not made up here: they come from the events",
    "GENERATE_SERIES": "rows and lists are not made up here: they come from the events",
    "RANGE": "rows and lists are not made up here: they come from the events",
    "REPEAT": "texts that grow are not made up here",
    "SPACE": "texts that grow are not made up here",
}
_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "RLIKE", "DATE_PART", "DECODE", "STRUCT")
KNOWN = (*TABLE, *LAMBDA_NAMES, *AGGREGATE_NAMES, *WINDOW_NAMES, *_SPECIAL)


def suggestion(name: str) -> str:
    """What a refusal of a function's name says behind it: the name it has here, the nearest one, or why there is none."""
    if name in _NEVER:
        return f": {_NEVER[name]}"
    if name in MEANT and _is_there(MEANT[name]):
        return f" (did you mean {MEANT[name]}?)"
    return near(name, KNOWN) or "; docs/sql.md lists those that are"


def _is_there(words: str) -> bool:
    """Whether the function that the words begin with, if they do, is in the table."""
    name = words.split("(")[0].split(",")[0].split(" ")[0]
    return not name.isupper() or name in KNOWN
