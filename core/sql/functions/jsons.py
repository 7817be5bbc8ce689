"""JSON in texts. What is not JSON to the letter (RFC 8259), has an object with one name twice, or nests deeper than 900, is NULL.

Spark's readers take single quotes, raw line feeds and anything behind the document; DuckDB's takes NaN and a comma before a
bracket. So each engine asks beside: DuckDB by looking at what stands outside of the texts, Spark by its strict reader of VARIANT,
which stops at the end of a value and is therefore asked twice, inside a list and inside an object.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.sql import pieces
from core.sql.casts import BadCast
from core.sql.functions.row import row
from core.sql.pieces import Sql, string
from core.sql.types import BIGINT, STRING, array

MOST_STEPS = 16
_DEPTH = 900
_PATH = re.compile(r"\$((?:\.[^.\[\]'\"\\*?$@()\s]+|\[[0-9]{1,6}\]|\['[^'\"\\*?\]\[]+'\])*)")
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+)\]|\['([^']+)'\]")
_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_HIGH = r"\x{10000}-\x{10ffff}"
_ODD_FLOAT = "[0-9]{8,}[.]|[0-9][eE]|(^|[^0-9])0[.]000"


def path(text: str) -> list[str | int]:
    """A literal path such as $.a.b[0] or $['a b'] -> its names and places. Raises BadCast."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise BadCast(f"a JSON path is $ and steps such as .name, [0] or ['a name'], not {text[:40]!r}")
    steps = [int(place) if place else (name or quoted) for name, place, quoted in _STEP.findall(found[1])]
    if len(steps) > MOST_STEPS:
        raise BadCast(f"a JSON path has at most {MOST_STEPS} steps")
    return steps


def _spark_path(args: Sequence[Sql]) -> str:
    steps = path(str(args[1].literal))
    return string("$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps), "spark")


def _duckdb_path(args: Sequence[Sql]) -> str:
    steps = path(str(args[1].literal))
    return string("$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in steps), "duckdb")


def _valid_spark() -> str:
    strict = [
        f"try_parse_json(CONCAT({before}, z.j, {after})) IS NOT NULL" for before, after in (("'['", "']'"), ("'{\"j\":'", "'}'"))
    ]
    # half of a pair of UTF-16 is no letter
    pairs = r"regexp_replace(regexp_replace(z.j, '\\\\\\\\', ''), '\\\\u[dD][89abAB]..\\\\u[dD][c-fC-F]..', '')"
    return " AND ".join([*strict, rf"NOT {pairs} RLIKE '\\\\u[dD][89a-fA-F]'"])


def _valid_duckdb() -> str:
    outside = f"REGEXP_REPLACE(z.j, '{_TEXT}', '\"\"', 'g')"
    lenient = f"NOT REGEXP_MATCHES({outside}, '[nN][aA][nN]|[iI][nN][fF]|,\\s*[\\]}}]')"
    names = f"LEN(REGEXP_EXTRACT_ALL({{}}, '{_TEXT}\\s*:'))"
    again = "COALESCE(CAST(CAST(CAST(CAST(z.j AS JSON) AS VARIANT) AS JSON) AS VARCHAR), '')"
    once = f"{names.format('z.j')} = {names.format(again)}"
    step = "CASE WHEN b IN ('[', '{') THEN 1 ELSE -1 END"
    brackets = f"LIST_TRANSFORM(REGEXP_EXTRACT_ALL({outside}, '[\\[\\]{{}}]'), lambda b: {step})"
    deep = "LIST_REDUCE({}, lambda a, b: (a // 1000000 + b) * 1000000 + GREATEST(a % 1000000, a // 1000000 + b), 0) % 1000000"
    many = f"LENGTH(z.j) - LENGTH(TRANSLATE(z.j, '[{{', '')) > {_DEPTH}"
    flat = f"NOT CASE WHEN {many} THEN {deep.format(brackets)} > {_DEPTH} ELSE FALSE END"
    return f"CASE WHEN JSON_VALID(z.j) THEN CASE WHEN {lenient} AND {flat} THEN {once} ELSE FALSE END ELSE FALSE END"


def _over(args: Sequence[Sql], body: str, dialect: str) -> str:
    """`body` over the document z.j, where it is one."""
    valid = _valid_spark() if dialect == "spark" else _valid_duckdb()
    return pieces.let({"j": args[0].text}, f"CASE WHEN {valid} THEN {body} END", dialect)


def _spelled(text: str) -> str:
    """DuckDB's text of JSON with its numbers spelled as Java spells a double: 1.0E7 and 1.0E-4, not 10000000.0 and 0.0001."""
    whole = "SPLIT_PART(LTRIM(n, '-'), 'e', 1)"
    exponent = "CAST(COALESCE(NULLIF(SPLIT_PART(n, 'e', 2), ''), '0') AS BIGINT)"
    # i: the digits before the point, d: all digits, from the first that is not 0
    names = {
        "n": "n",
        "i": f"LENGTH(SPLIT_PART({whole}, '.', 1))",
        "c": f"REPLACE({whole}, '.', '')",
        "e": exponent,
    }
    digits = "LTRIM(z.c, '0')"
    power = f"z.i - 1 + z.e - (LENGTH(z.c) - LENGTH({digits}))"
    mantissa = f"LEFT({digits}, 1) || '.' || COALESCE(NULLIF(RTRIM(SUBSTRING({digits}, 2), '0'), ''), '0')"
    sign = "CASE WHEN STARTS_WITH(z.n, '-') THEN '-' ELSE '' END"
    java = pieces.let(names, f"{sign} || {mantissa} || 'E' || CAST({power} AS VARCHAR)", "duckdb")
    value = "TRY_CAST(n AS DOUBLE)"
    infinite = "CASE WHEN STARTS_WITH(n, '-') THEN '\"-Infinity\"' ELSE '\"Infinity\"' END"
    number = (
        f"CASE WHEN NOT REGEXP_FULL_MATCH(n, '-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?') OR NOT REGEXP_MATCHES(n, '[.eE]') THEN n"
        f" WHEN {value} IS NULL OR ISINF({value}) THEN {infinite} WHEN {value} = 0 THEN CASE WHEN STARTS_WITH(n, '-') THEN '-0.0'"
        f" ELSE '0.0' END WHEN ABS({value}) >= 0.001 AND ABS({value}) < 1e7 THEN n ELSE {java} END"
    )
    tokens = f"REGEXP_EXTRACT_ALL(t, '{_TEXT}|-?[0-9][0-9.eE+-]*|[^\"0-9-]+')"
    slow = f"ARRAY_TO_STRING(LIST_TRANSFORM({tokens}, lambda n: {number}), '')"
    numbers = f"LIST_TRANSFORM([{text}], lambda t: CASE WHEN REGEXP_MATCHES(t, '{_ODD_FLOAT}') THEN {slow} ELSE t END)[1]"
    return _in_halves(numbers)


def _in_halves(text: str) -> str:
    """Spark writes the letters beyond 16 bits that stand in JSON as two escapes."""
    over = "UNICODE(c) - 65536"
    halves = f"PRINTF('\\u%04X\\u%04X', 55296 + (({over}) >> 10), 56320 + (({over}) & 1023))"
    letters = f"REGEXP_EXTRACT_ALL(t, '[{_HIGH}]|[^{_HIGH}]+')"
    slow = f"ARRAY_TO_STRING(LIST_TRANSFORM({letters}, lambda c: CASE WHEN UNICODE(c) > 65535 THEN {halves} ELSE c END), '')"
    return f"LIST_TRANSFORM([{text}], lambda t: CASE WHEN REGEXP_MATCHES(t, '[{_HIGH}]') THEN {slow} ELSE t END)[1]"


def _get(args: Sequence[Sql], dialect: str) -> str:
    if dialect == "spark":
        return _over(args, f"get_json_object(z.j, {_spark_path(args)})", dialect)
    way = _duckdb_path(args)
    plain = f"JSON_EXTRACT_STRING(z.j, {way})"
    steps = path(str(args[1].literal))
    null = "'null'" if not steps or isinstance(steps[-1], int) else "NULL"  # so Spark has it, where no name leads to it
    kind = f"JSON_TYPE(z.j, {way})"
    return _over(args, f"CASE {kind} WHEN 'VARCHAR' THEN {plain} WHEN 'NULL' THEN {null} ELSE {_spelled(plain)} END", dialect)


def _length(args: Sequence[Sql], dialect: str) -> str:
    if dialect == "spark":
        return _over(args, "CAST(json_array_length(z.j) AS BIGINT)", dialect)
    return _over(args, "CASE WHEN JSON_TYPE(z.j) = 'ARRAY' THEN CAST(JSON_ARRAY_LENGTH(z.j) AS BIGINT) END", dialect)


def _keys(args: Sequence[Sql], dialect: str) -> str:
    if dialect == "spark":
        return _over(args, "json_object_keys(z.j)", dialect)
    return _over(args, "CASE WHEN JSON_TYPE(z.j) = 'OBJECT' THEN JSON_KEYS(z.j) END", dialect)


ROWS = [
    *row(
        "GET_JSON_OBJECT",
        "string ''",
        STRING,
        _get,
        note="by a literal path: $.a.b[0]; a text as it is, a list or object as JSON",
    ),
    *row("JSON_ARRAY_LENGTH", "string", BIGINT, _length, note="NULL of what is no list"),
    *row("JSON_OBJECT_KEYS", "string", array(STRING), _keys, note="as written; NULL of what is no object"),
]
