"""Text that is searched: without case and accents, so that "ticket medio" finds "Ticket Médio" on every database."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def fold(text: str) -> str:
    """Casefolded, accents left out, blanks brought together."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def mark(kind: str, value: str) -> str:
    """One searchable mark, e.g. of a tag: `\\ntag=red\\n`. Values hold no line break, so a mark is never part of another."""
    return f"\n{kind}={value}\n"


def marks(**kinds: Iterable[str]) -> str:
    """All marks of a row in one text, to be asked with `contains`."""
    return "".join(mark(kind, value) for kind, values in kinds.items() for value in values)
