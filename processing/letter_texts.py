"""A letter's payload as people look at it: text to read and correct, or bytes in hexadecimal; and back."""

from __future__ import annotations

import json
from typing import Any

from core import strict_json
from core.errors import JStoreError
from core.rows import dump_row
from processing.dead_letters import is_text
from processing.models import DeadLetter

EDITABLE = 64 * 1024
"""Larger payloads are shown cut and replayed as they are: a browser's text field is no place for them."""
_DUMPED = 4096


def shown(letter: DeadLetter) -> str:
    """JSON on several lines where it is strict JSON; everything else as it came, bytes that are no UTF-8 as U+FFFD."""
    data = bytes(letter.payload)
    try:
        document = strict_json.parse(data) if len(data) <= EDITABLE else None
    except JStoreError:
        document = None
    return data.decode("utf-8", "replace") if document is None else json.dumps(document, ensure_ascii=False, indent=2)


def hex_lines(letter: DeadLetter) -> str:
    """The first 4 KiB as a hex dump, where they are no text that a page can show."""
    data = bytes(letter.payload)
    if is_text(letter) and not any(byte < 32 and byte not in b"\t\n\r" for byte in data[:EDITABLE]):
        return ""
    lines = []
    for at in range(0, min(len(data), _DUMPED), 16):
        part = data[at : at + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{at:06x}  {part.hex(' '):<47}  {letters}")
    return "\n".join(lines)


def corrected(letter: DeadLetter, text: str) -> Any:
    """The document of a corrected text; None where it says the same as the payload. Raises BadRequest where it is no JSON."""
    document = strict_json.parse(text.encode("utf-8"))
    try:
        before = strict_json.parse(bytes(letter.payload))
    except JStoreError:
        return document
    # compared as text: 1, 1.0 and true are equal in Python, and one of them may be the correction of another
    return None if dump_row(before) == dump_row(document) else document
