"""The shapes in which rows come: one row, a list, {"events": [..]}, {"feature_group", "data": [..], "transformation"}, NDJSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import strict_json
from core.errors import Invalid, TooLarge

MOST_ROWS = 10_000


@dataclass(frozen=True)
class Envelope:
    """Rows (or, for lines that are no JSON, the Malformed) with the group they are addressed to and an inline transformation."""

    rows: Sequence[Any]
    address: str | None = None
    transformation: str | None = None
    raw: Sequence[bytes] | None = None

    def text_of(self, item: int) -> bytes | None:
        """A row's bytes as they came, where it had bytes of its own."""
        return None if self.raw is None else self.raw[item]


def open_document(document: Any, text: bytes | None = None) -> Envelope:
    """A parsed JSON document -> its rows. An envelope is one only where `events` or `data` is a list. `text`: its bytes.

    Raises Invalid for a document that is neither object nor list and for a group or SQL that is no text, TooLarge beyond 10,000
    rows.
    """
    if is_row(document):
        return Envelope([document], raw=None if text is None else [text])
    if isinstance(document, list):
        return _limited(Envelope(document))
    if not isinstance(document, dict):
        raise Invalid("not_an_object", "the body is a row, a list of rows, or an object with the list `events` or `data`")
    if isinstance(document.get("events"), list):
        return _limited(Envelope(document["events"]))
    return _limited(Envelope(document["data"], _text(document, "feature_group"), _text(document, "transformation")))


def is_row(document: Any) -> bool:
    """Whether a parsed document is itself one row: an object that is no envelope."""
    return type(document) is dict and type(document.get("events")) is not list and type(document.get("data")) is not list


def open_lines(body: bytes) -> Envelope:
    """NDJSON: a row a line; a line that is no JSON is refused by its index, beside the others."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    return _limited(Envelope(strict_json.parse_many(lines), raw=lines))


def _text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid("unknown_group" if name == "feature_group" else "sql_syntax", f"{name} is text", pointer=f"/{name}")
    return value


def _limited(envelope: Envelope) -> Envelope:
    if len(envelope.rows) > MOST_ROWS:
        raise TooLarge("too_large", f"a push has at most {MOST_ROWS} rows, this one has {len(envelope.rows)}")
    return envelope
