"""Texts as other texts: encodings, parts by a mark, capitals of words."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.functions.letters import lower, upper
from core.sql.functions.row import Render, row
from core.sql.pieces import Sql
from core.sql.types import BIGINT, BOOLEAN, STRING


def _index(args: Sequence[Sql], dialect: str) -> str:
    """SUBSTRING_INDEX: what stands before the n-th mark from the left, or behind it from the right."""
    text, mark, count = args[0].text, args[1].text, int(args[2].literal or 0)
    if not args[1].literal or count == 0:
        return f"CASE WHEN {text} IS NOT NULL THEN '' END"
    if dialect == "spark":
        return f"SUBSTRING_INDEX({text}, {mark}, {count})"
    place = f"1:{count}" if count > 0 else f"GREATEST(LEN(z.p) - {-count - 1}, 1):LEN(z.p)"
    inside = f"CASE WHEN z.p IS NOT NULL THEN COALESCE(ARRAY_TO_STRING(z.p[{place}], {mark}), '') END"
    return pieces.let({"p": f"STRING_SPLIT({text}, {mark})"}, inside, dialect)


def _overlay(args: Sequence[Sql], dialect: str) -> str:
    """OVERLAY(text, other, place, length), of places from 1."""
    text, other, place = (arg.text for arg in args[:3])
    count = args[3].text if len(args) > 3 else "LENGTH(z.o)"
    names = {"t": text, "o": other, "p": place, "c": count if len(args) > 3 else "0"}
    count = "z.c" if len(args) > 3 else count
    inside = (
        f"CASE WHEN z.p BETWEEN 1 AND 1000000 AND {count} BETWEEN 0 AND 1000000 THEN"
        f" SUBSTRING(z.t, 1, CAST(z.p AS INT) - 1) || z.o || SUBSTRING(z.t, CAST(z.p + {count} AS INT)) END"
    )
    return pieces.let(names, inside, dialect)


def _trimmed(duckdb: str, spark: str) -> Render:
    """TRIM of the letters of a literal text."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        how = spark if dialect == "spark" else duckdb
        return how.format(args[0].text, args[1].text)

    return render


def _initcap(args: Sequence[Sql], dialect: str) -> str:
    """The first letter of each word a capital, the others small; words are parted by spaces."""
    if dialect == "spark":
        small = lower(args, dialect)
        word, joined = "CONCAT(UPPER(LEFT(w, 1)), SUBSTRING(w, 2))", "ARRAY_JOIN(TRANSFORM(SPLIT({}, ' '), w -> {}), ' ')"
        return joined.format(small, word)
    first = upper([Sql("LEFT(w, 1)", STRING)], dialect)
    parts = f"STRING_SPLIT({lower(args, dialect)}, ' ')"
    made = f"ARRAY_TO_STRING(LIST_TRANSFORM({parts}, lambda w: {first} || SUBSTRING(w, 2)), ' ')"
    return f"CASE WHEN {args[0].text} IS NOT NULL THEN {made} END"


def _in_set(args: Sequence[Sql], dialect: str) -> str:
    one, several = args[0].text, args[1].text
    if dialect == "spark":
        return f"CAST(FIND_IN_SET({one}, {several}) AS BIGINT)"
    found = f"COALESCE(LIST_POSITION(STRING_SPLIT({several}, ','), {one}), 0)"
    return (
        f"CAST(CASE WHEN {one} IS NOT NULL AND {several} IS NOT NULL THEN CASE WHEN CONTAINS({one}, ',') THEN 0 ELSE {found} END"
        " END AS BIGINT)"
    )


def _from(args: Sequence[Sql], dialect: str) -> str:
    """LOCATE(part, text, start): 0 where it is not found from there on."""
    part, text, start = (arg.text for arg in args)
    if dialect == "spark":
        near = "CASE WHEN z.s > 2147483647 THEN 2147483647 ELSE z.s END"
        inside = (
            f"CASE WHEN z.s >= 1 THEN LOCATE(z.p, z.t, CAST({near} AS INT)) WHEN z.s < 1 AND z.t >= z.p IS NOT NULL THEN 0 END"
        )
        return f"CAST({pieces.let({'p': part, 't': text, 's': start}, inside, dialect)} AS BIGINT)"
    found = "INSTR(SUBSTRING(z.t, z.s), z.p)"
    inside = (
        "CASE WHEN z.p IS NULL OR z.t IS NULL THEN NULL WHEN z.p = '' AND z.s >= 1 THEN 1"
        " WHEN z.s < 1 OR z.s > LENGTH(z.t) + 1 THEN 0"
        f" WHEN {found} > 0 THEN {found} + z.s - 1 WHEN z.s IS NOT NULL THEN 0 END"
    )
    return f"CAST({pieces.let({'p': part, 't': text, 's': start}, inside, dialect)} AS BIGINT)"


_URL = "REPLACE(REPLACE(REPLACE(URL_ENCODE({0}), '%20', '+'), '~', '%7E'), '%2A', '*')"
ROWS = [
    *row("BASE64", "string", STRING, "TO_BASE64(ENCODE({0}))", "BASE64(CAST({0} AS BINARY))", "of UTF-8"),
    *row("HEX", "string", STRING, "HEX({0})", "HEX({0})", "of UTF-8, capital letters"),
    *row("BIT_LENGTH", "string", BIGINT, "CAST(BIT_LENGTH({0}) AS BIGINT)", "CAST(BIT_LENGTH({0}) AS BIGINT)", "of UTF-8"),
    *row("URL_ENCODE", "string", STRING, _URL, "URL_ENCODE({0})", "as a form of a page: a space is +"),
    *row("SUBSTRING_INDEX", "string '' -1000..1000", STRING, _index, note="before the n-th mark, or behind it from the end"),
    *row("OVERLAY", "string string integer", STRING, _overlay, note="the second text in the place of as many letters"),
    *row("OVERLAY", "string string integer integer", STRING, _overlay, note="the second text in the place of so many letters"),
    *row(
        "BTRIM",
        "string ''",
        STRING,
        _trimmed("TRIM({0}, {1})", "BTRIM({0}, {1})"),
        note="these letters; also TRIM(BOTH … FROM x)",
    ),
    *row("LTRIM", "'' string", STRING, _trimmed("LTRIM({1}, {0})", "LTRIM({0}, {1})"), note="these letters; or LEADING … FROM x"),
    *row(
        "RTRIM", "'' string", STRING, _trimmed("RTRIM({1}, {0})", "RTRIM({0}, {1})"), note="these letters; or TRAILING … FROM x"
    ),
    *row("INITCAP", "string", STRING, _initcap, note="words are parted by spaces"),
    *row("FIND_IN_SET", "string string", BIGINT, _in_set, note="the place in a list parted by commas, 0 where it is not"),
    *row("LOCATE POSITION CHARINDEX", "string string integer", BIGINT, _from, note="from a place on, 0 where it is not found"),
    *row(
        "REPLACE",
        "string string",
        STRING,
        "CASE WHEN {1} = '' THEN {0} ELSE REPLACE({0}, {1}, '') END",
        "REPLACE({0}, {1}, '')",
        "without it",
    ),
    *row("LUHN_CHECK", "string", BOOLEAN, lambda args, dialect: _luhn(args, dialect), "LUHN_CHECK({0})", "of digits"),
]


def _luhn(args: Sequence[Sql], dialect: str) -> str:
    digit = "CAST(d AS INTEGER) * CASE WHEN i % 2 = 0 THEN 2 ELSE 1 END"
    each = f"LIST_TRANSFORM(LIST_REVERSE(STRING_SPLIT(z.t, '')), lambda d, i: ({digit}) // 10 + ({digit}) % 10)"
    inside = f"CASE WHEN REGEXP_FULL_MATCH(z.t, '[0-9]+') THEN LIST_SUM({each}) % 10 = 0 WHEN z.t IS NOT NULL THEN FALSE END"
    return pieces.let({"t": args[0].text}, inside, dialect)
