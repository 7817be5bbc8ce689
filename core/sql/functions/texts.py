"""Functions of text. Places count characters (code points) from 1; text is compared by its bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.sql.casts import BadCast
from core.sql.functions.letters import lower, upper
from core.sql.functions.row import Render, row
from core.sql.pieces import Sql, string
from core.sql.types import BIGINT, BOOLEAN, STRING, Type, array

_MOST = 4294967295  # the farthest place that DuckDB looks at


def _near(text: str) -> str:
    """A BIGINT kept within 32 bits, which is what Spark's functions of text take."""
    return f"CASE WHEN {text} < -2147483647 THEN -2147483647 WHEN {text} > 2147483647 THEN 2147483647 ELSE {text} END"


def _i32(text: str) -> str:
    return f"CAST({_near(text)} AS INT)"


def _substring(args: Sequence[Sql], dialect: str) -> str:
    text = args[0].text
    if dialect == "spark":
        return f"SUBSTRING({', '.join([text, *(_i32(arg.text) for arg in args[1:])])})"
    # the start counts from the end where negative, 0 is 1; what falls before the text is cut off, not shifted
    start = f"({_near(args[1].text)})"
    begin = f"CASE WHEN {start} > 0 THEN {start} - 1 WHEN {start} < 0 THEN LENGTH({text}) + {start} ELSE 0 END"
    if len(args) == 2:
        return f"CASE WHEN {args[1].text} IS NOT NULL THEN SUBSTRING({text}, GREATEST({begin}, 0) + 1) END"
    count = f"GREATEST({begin} + ({_near(args[2].text)}) - GREATEST({begin}, 0), 0)"
    present = f"{args[1].text} IS NOT NULL AND {args[2].text} IS NOT NULL"
    return f"CASE WHEN {present} THEN SUBSTRING({text}, GREATEST({begin}, 0) + 1, {count}) END"


def _end(word: str) -> Render:
    """LEFT and RIGHT; a count below 0 is 0."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        count = args[1].text
        if dialect == "spark":
            return f"{word}({args[0].text}, {_i32(count)})"
        return f"{word}({args[0].text}, CASE WHEN {count} < 0 THEN 0 WHEN {count} > {_MOST} THEN {_MOST} ELSE {count} END)"

    return render


def _pad(word: str) -> Render:
    def render(args: Sequence[Sql], dialect: str) -> str:
        del dialect
        return f"{word}({args[0].text}, {args[1].literal}, {args[2].text if len(args) > 2 else chr(39) + ' ' + chr(39)})"

    return render


_MEANS_ITSELF = re.compile(r"\\([^A-Za-z0-9])|\[([^\\\]^])\]|([^\\\[\](){}*+?^$|.])", re.DOTALL)


def _separator(written: str) -> str:
    """The text that a separator stands for. Spark reads a pattern there: one that is a text with `\\.` or `[.]` for what would be
    a sign is that text, and one sign alone, as '.' or '|', is taken for itself, since no one means Spark's reading of it.

    Raises BadCast for other patterns.
    """
    if len(written) < 2:
        return written
    parts = list(_MEANS_ITSELF.finditer(written))
    if sum(len(part[0]) for part in parts) < len(written):
        raise BadCast(
            f"SPLIT takes a text, not the pattern {written[:40]!r}: write \\\\ before a sign that is meant as it is,"
            " or use REGEXP_EXTRACT_ALL"
        )
    return "".join(part[1] or part[2] or part[3] for part in parts)


def _pieces(args: Sequence[Sql], dialect: str) -> str:
    """SPLIT by a text that is no pattern."""
    separator = _separator(str(args[1].literal))
    if dialect == "duckdb":
        made = f"STRING_SPLIT({args[0].text}, {string(separator, dialect)})"
        return made if separator else f"CASE WHEN {args[0].text} = '' THEN [''] ELSE {made} END"
    quoted = "".join(c if c.isalnum() or c in " _-,;:/=<>!@#%&~'\"" else f"\\{c}" for c in separator)
    return f"SPLIT({args[0].text}, {string(quoted, dialect)})"


def _strings(args: Sequence[Sql]) -> Type:
    del args
    return array(STRING)


def _split_part(args: Sequence[Sql], dialect: str) -> str:
    del dialect
    return f"SPLIT_PART({args[0].text}, {args[1].text}, {args[2].literal})"


ROWS = [
    *row("UPPER UCASE", "string", STRING, upper, note="capital letters"),
    *row("LOWER LCASE", "string", STRING, lower, note="every Σ becomes σ"),
    *row("LENGTH LEN CHAR_LENGTH CHARACTER_LENGTH", "string", BIGINT, "CAST(LENGTH({0}) AS BIGINT)", note="characters"),
    *row("OCTET_LENGTH", "string", BIGINT, "CAST(STRLEN({0}) AS BIGINT)", "CAST(OCTET_LENGTH({0}) AS BIGINT)", "bytes of UTF-8"),
    *row("TRIM BTRIM", "string", STRING, "TRIM({0}, ' ')", "TRIM({0})", "spaces only"),
    *row("LTRIM", "string", STRING, "LTRIM({0}, ' ')", "LTRIM({0})", note="without spaces in front"),
    *row("RTRIM", "string", STRING, "RTRIM({0}, ' ')", "RTRIM({0})", note="without spaces behind"),
    *row(
        "CONCAT",
        "string string*",
        STRING,
        lambda a, d: f"({' || '.join(x.text for x in a)})",
        note="NULL where one is; also a || b",
    ),
    *row("CONCAT_WS", "string string*", STRING, "CONCAT_WS({all})", note="NULLs are left out"),
    *row(
        "SUBSTRING SUBSTR MID",
        "string integer",
        STRING,
        _substring,
        note="from a place on, from the end where negative; so many characters where they are said",
    ),
    *row(
        "SUBSTRING SUBSTR MID",
        "string integer integer",
        STRING,
        _substring,
        note="from a place on, from the end where negative; so many characters where they are said",
    ),
    *row("LEFT", "string integer", STRING, _end("LEFT"), note="so many characters from the start"),
    *row("RIGHT", "string integer", STRING, _end("RIGHT"), note="so many characters from the end"),
    *row(
        "REPLACE",
        "string string string",
        STRING,
        "CASE WHEN {1} = '' THEN {0} ELSE REPLACE({0}, {1}, {2}) END",
        "REPLACE({0}, {1}, {2})",
        note="every occurrence",
    ),
    *row(
        "TRANSLATE",
        "string string string",
        STRING,
        "TRANSLATE({0}, {1}, {2})",
        note="each character of the second text by the one at its place in the third",
    ),
    *row(
        "REVERSE",
        "string",
        STRING,
        "ARRAY_TO_STRING(LIST_REVERSE(STRING_SPLIT({0}, '')), '')",
        "REVERSE({0})",
        note="from the end to the start",
    ),
    *row(
        "INSTR",
        "string string",
        BIGINT,
        "CAST(INSTR({0}, {1}) AS BIGINT)",
        note="the place of the second text in the first, 0 where it is not",
    ),
    *row(
        "LOCATE POSITION CHARINDEX",
        "string string",
        BIGINT,
        "CAST(INSTR({1}, {0}) AS BIGINT)",
        "CAST(LOCATE({0}, {1}) AS BIGINT)",
        note="the place of the first text in the second, 0 where it is not",
    ),
    *row(
        "STARTSWITH",
        "string string",
        BOOLEAN,
        "STARTS_WITH({0}, {1})",
        "STARTSWITH({0}, {1})",
        note="whether the first text begins with the second",
    ),
    *row(
        "ENDSWITH",
        "string string",
        BOOLEAN,
        "ENDS_WITH({0}, {1})",
        "ENDSWITH({0}, {1})",
        note="whether the first text ends with the second",
    ),
    *row("CONTAINS", "string string", BOOLEAN, "CONTAINS({0}, {1})", note="whether the second text stands in the first"),
    *row("LPAD", "string 0..1000", STRING, _pad("LPAD"), note="filled from the left, or cut, to a length"),
    *row("LPAD", "string 0..1000 ''", STRING, _pad("LPAD"), note="filled from the left, or cut, to a length"),
    *row("RPAD", "string 0..1000", STRING, _pad("RPAD"), note="filled from the right, or cut, to a length"),
    *row("RPAD", "string 0..1000 ''", STRING, _pad("RPAD"), note="filled from the right, or cut, to a length"),
    *row("SPLIT", "string ''", _strings, _pieces, note="by a text; of patterns those that are one, as `\\\\.` and `[.]`"),
    *row("SPLIT_PART", "string '' 1..1000", STRING, _split_part, note="the n-th part, '' beyond the last"),
    *row(
        "ASCII",
        "string",
        BIGINT,
        "CAST(CASE WHEN {0} = '' THEN 0 ELSE UNICODE({0}) END AS BIGINT)",
        "CAST(ASCII({0}) AS BIGINT)",
        note="the code of the first character, 0 of none",
    ),
    *row("MD5", "string", STRING, "MD5({0})", note="of UTF-8, in hexadecimal digits"),
    *row("SHA1 SHA", "string", STRING, "SHA1({0})", note="of UTF-8, in hexadecimal digits"),
    *row("SHA2", "string 256..256", STRING, "SHA256({0})", "SHA2({0}, 256)", note="SHA-256 of UTF-8, in hexadecimal digits"),
]
