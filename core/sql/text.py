"""First layer: what a text must be before a parser sees it. Bounds keep the parser's own recursion and time small."""

from __future__ import annotations

import re
import unicodedata

from core.errors import TooLarge
from core.sql.refusal import NOT_ALLOWED, Text

MAX_BYTES = 32 * 1024
MAX_DEPTH = 48
MAX_WORDS = 512  # each may nest; how deep they do is for the tree to say
MAX_SETS = 16
_NESTING = re.compile(r"\b(case|not)\b", re.IGNORECASE)
_SETS = re.compile(r"\b(union|intersect|except|minus)\b", re.IGNORECASE)
_SIGNS = re.compile(r"(?:[-+~!]\s*){16}")


def check_text(sql: str) -> Text:
    """The user's text in NFC -> Text. Raises TooLarge("too_large") or Invalid("sql_not_allowed")."""
    if len(sql) > MAX_BYTES or len(sql.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLarge("too_large", f"SQL has at most {MAX_BYTES} bytes")
    text = Text(sql)
    for place, char in enumerate(sql):
        if char in "\t\n\r":
            continue
        # Cc control, Cf bidi and zero width, Cs surrogate, Co private, Cn unassigned, Zl/Zp separators an editor does not show
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise text.refuse(NOT_ALLOWED, f"the character U+{ord(char):04X} is invisible or not assigned; take it out", place)
    if not unicodedata.is_normalized("NFC", sql):
        raise text.refuse(NOT_ALLOWED, "the text is not in Unicode normal form NFC; normalise it", _denormal(sql))
    if (hint := sql.find("/*+")) >= 0:
        raise text.refuse(NOT_ALLOWED, "hints are not allowed; leave them out", hint)
    if (deep := _too_deep(sql)) is not None:
        raise text.refuse(NOT_ALLOWED, f"parentheses nest deeper than {MAX_DEPTH}", deep)
    for pattern, most, what in ((_NESTING, MAX_WORDS, "CASE and NOT"), (_SETS, MAX_SETS, "set operations")):
        if len(pattern.findall(sql)) > most:
            raise text.refuse(NOT_ALLOWED, f"more than {most} {what}; say it in fewer")
    if signs := _SIGNS.search(sql):
        raise text.refuse(NOT_ALLOWED, "a long chain of signs; one is enough", signs.start())
    return text


def _denormal(sql: str) -> int:
    """Where the text first differs from its normal form."""
    normal = unicodedata.normalize("NFC", sql)
    return next((place for place, (a, b) in enumerate(zip(sql, normal, strict=False)) if a != b), 0)


def _too_deep(sql: str) -> int | None:
    depth = 0
    for place, char in enumerate(sql):
        if char in "([<":
            depth += char != "<"
            if depth > MAX_DEPTH:
                return place
        elif char in ")]":
            depth -= 1
    return None
