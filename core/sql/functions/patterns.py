"""LIKE, RLIKE and the REGEXP functions; patterns are literals (see core.sql.regex)."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import regex
from core.sql.casts import BadCast
from core.sql.functions.letters import lower
from core.sql.functions.row import Render, row
from core.sql.pieces import Sql, string
from core.sql.types import BIGINT, BOOLEAN, STRING, array


def _pattern(args: Sequence[Sql], dialect: str) -> str:
    return string(regex.common_pattern(str(args[1].literal)), dialect)


def _like(fold: bool) -> Render:
    def render(args: Sequence[Sql], dialect: str) -> str:
        escape = str(args[2].literal) if len(args) > 2 else "\\"
        pattern, text = str(args[1].literal), args[0].text
        if fold:
            if set(pattern) & set("ΣςİŒ"):
                raise BadCast("this letter has several small forms; use RLIKE")
            pattern, text = pattern.lower(), lower(args, dialect)
        if len(escape) != 1 or escape in "%_":
            raise BadCast("ESCAPE takes one character")
        return f"({text} LIKE {string(regex.like(pattern, escape), dialect)} ESCAPE '!')"

    return render


def _rlike(args: Sequence[Sql], dialect: str) -> str:
    return (
        f"REGEXP_MATCHES({args[0].text}, {_pattern(args, dialect)})"
        if dialect == "duckdb"
        else f"({args[0].text} RLIKE {_pattern(args, dialect)})"
    )


def _extract(args: Sequence[Sql], dialect: str) -> str:
    group = args[2].literal if len(args) > 2 else 1
    if int(group or 0) > regex.groups_of(regex.common_pattern(str(args[1].literal)).replace(r"\z", r"\Z")):
        raise BadCast(f"the pattern has no group {group}")
    return f"REGEXP_EXTRACT({args[0].text}, {_pattern(args, dialect)}, {group})"


def _replace(args: Sequence[Sql], dialect: str) -> str:
    groups = regex.groups_of(regex.common_pattern(str(args[1].literal)).replace(r"\z", r"\Z"))
    duckdb, spark = regex.replacement(str(args[2].literal), groups)
    if dialect == "spark":
        return f"REGEXP_REPLACE({args[0].text}, {_pattern(args, dialect)}, {string(spark, dialect)})"
    return f"REGEXP_REPLACE({args[0].text}, {_pattern(args, dialect)}, {string(duckdb, dialect)}, 'g')"


def _count(args: Sequence[Sql], dialect: str) -> str:
    if dialect == "spark":
        return f"CAST(REGEXP_COUNT({args[0].text}, {_pattern(args, dialect)}) AS BIGINT)"
    return f"CAST(LEN(REGEXP_EXTRACT_ALL({args[0].text}, {_pattern(args, dialect)})) AS BIGINT)"


def _found(args: Sequence[Sql], dialect: str) -> str:
    pattern = _pattern(args, dialect)
    if dialect == "spark":
        return f"REGEXP_SUBSTR({args[0].text}, {pattern})"
    return f"CASE WHEN REGEXP_MATCHES({args[0].text}, {pattern}) THEN REGEXP_EXTRACT({args[0].text}, {pattern}) END"


def _place(args: Sequence[Sql], dialect: str) -> str:
    """In characters; Spark's own counts in halves of UTF-16."""
    before = string(f"^([\\x{{0}}-\\x{{10ffff}}]*?)(?:{regex.common_pattern(str(args[1].literal))})", dialect)
    inside = f"LENGTH(REGEXP_EXTRACT({args[0].text}, {before}, 1)) + 1"
    found = _rlike(args, dialect)
    return f"CAST(CASE WHEN {found} THEN {inside} WHEN NOT {found} THEN 0 END AS BIGINT)"


def _all(args: Sequence[Sql], dialect: str) -> str:
    return f"REGEXP_EXTRACT_ALL({args[0].text}, {_pattern(args, dialect)}, 0)"


ROWS = [
    *row("LIKE", "string ''", BOOLEAN, _like(False), note="the escape is \\"),
    *row("LIKE", "string '' ''", BOOLEAN, _like(False), note="with ESCAPE"),
    *row("ILIKE", "string ''", BOOLEAN, _like(True), note="LIKE over small letters"),
    *row("ILIKE", "string '' ''", BOOLEAN, _like(True), note="with ESCAPE"),
    *row("RLIKE REGEXP REGEXP_LIKE", "string ''", BOOLEAN, _rlike, note="the pattern is found somewhere"),
    *row("REGEXP_EXTRACT", "string ''", STRING, _extract, note="group 1 of the first match, '' where there is none"),
    *row("REGEXP_EXTRACT", "string '' 0..9", STRING, _extract, note="a group of the first match"),
    *row("REGEXP_REPLACE", "string '' ''", STRING, _replace, note="every match; $1 stands for group 1"),
    *row("REGEXP_COUNT", "string ''", BIGINT, _count, note="how many matches"),
    *row("REGEXP_SUBSTR", "string ''", STRING, _found, note="the first match, NULL where there is none"),
    *row("REGEXP_INSTR", "string ''", BIGINT, _place, note="the place of the first match, 0 where there is none"),
    *row("REGEXP_EXTRACT_ALL", "string '' 0..0", array(STRING), _all, note="every match"),
]
