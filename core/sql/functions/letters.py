"""UPPER and LOWER with one answer on both engines, for every code point.

DuckDB maps letter by letter and knows fewer letters than Spark, so letters with several capitals (ß, ligatures, Greek with
iota) and the newest ones are exchanged beforehand. Spark writes a final sigma by its place in the word; here every Σ becomes σ.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.pieces import Sql, string

_SEVERAL = (
    "ßŉǰΐΰևẖẗẘẙẚὐὒὔὖᾲᾳᾴᾶᾷᾼῂῃῄῆῇῌῒΐῖῗῢΰῤῦῧῲῳῴῶῷῼﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ"
    + "\u1fd3\u1fe3"  # equal to two above in NFC
    + "".join(map(chr, range(0x1F80, 0x1FB0)))
)  # fmt: skip
# letters newer than DuckDB's table of Unicode, small and capital
_NEW_SMALL = "\u019b\u0264\u1c8a\ua7cd\ua7db" + "".join(map(chr, range(0x10D70, 0x10D86)))
_NEW_CAPITAL = "\ua7dc\ua7cb\u1c89\ua7cc\ua7da" + "".join(map(chr, range(0x10D50, 0x10D66)))


def upper(args: Sequence[Sql], dialect: str) -> str:
    """UPPER(text)."""
    text = args[0].text
    if dialect == "spark":
        return f"UPPER({text})"
    exchanged = f"TRANSLATE({text}, {string(_NEW_SMALL, dialect)}, {string(_NEW_CAPITAL, dialect)})"
    for letter in _SEVERAL:
        exchanged = f"REPLACE({exchanged}, '{letter}', '{letter.upper()}')"
    rare = f"REGEXP_MATCHES({text}, '[{_SEVERAL}{_NEW_SMALL}]')"
    return f"CASE WHEN {rare} THEN UPPER({exchanged}) ELSE UPPER({text}) END"


def lower(args: Sequence[Sql], dialect: str) -> str:
    """LOWER(text)."""
    text = args[0].text
    if dialect == "spark":
        return f"LOWER(REPLACE({text}, 'Σ', 'σ'))"
    exchanged = f"TRANSLATE(REPLACE({text}, 'İ', 'i\u0307'), {string(_NEW_CAPITAL, dialect)}, {string(_NEW_SMALL, dialect)})"
    return f"LOWER({exchanged})"
