"""Functions that choose among their arguments."""

from __future__ import annotations

from core.sql.functions.row import first, row, second
from core.sql.types import BOOLEAN, DOUBLE

ROWS = [
    *row("COALESCE IFNULL NVL", "same same*", first, "COALESCE({all})", note="the first that is not NULL"),
    *row("NULLIF", "same same", first, "NULLIF({0}, {1})", note="NULL where both are equal"),
    *row(
        "NVL2",
        "any same same",
        second,
        "CASE WHEN {0} IS NOT NULL THEN {1} ELSE {2} END",
        note="the second where the first is not NULL",
    ),
    *row("IFF", "boolean same same", second, "CASE WHEN {0} THEN {1} ELSE {2} END", note="IF under another name"),
    *row("GREATEST", "same same same*", first, "GREATEST({all})", note="NULLs are skipped"),
    *row("LEAST", "same same same*", first, "LEAST({all})", note="NULLs are skipped"),
    *row("ISNULL", "any", BOOLEAN, "({0} IS NULL)", note="IS NULL"),
    *row("ISNOTNULL", "any", BOOLEAN, "({0} IS NOT NULL)", note="IS NOT NULL"),
    *row("EQUAL_NULL", "same same", BOOLEAN, "({0} IS NOT DISTINCT FROM {1})", "({0} <=> {1})", "equal, and NULL equals NULL"),
    *row(
        "NANVL", "double double", DOUBLE, "CASE WHEN ISNAN({0}) THEN {1} ELSE {0} END", note="the second where the first is NaN"
    ),
]
