"""Request bodies: strict JSON and nothing else, for every API view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from core import strict_json
from core.errors import TooLarge

MOST_BYTES = 16 * 1024 * 1024


class StrictJSONParser(BaseParser):
    """`application/json` -> Python values by core.strict_json. Raises Malformed (400) and TooLarge (413)."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The parsed body."""
        return strict_json.parse(read_body(stream))


def read_body(stream: IO[bytes], most: int = MOST_BYTES) -> bytes:
    """The whole body; raises TooLarge beyond `most` bytes without reading further."""
    body = stream.read(most + 1)
    if len(body) > most:
        raise TooLarge("too_large", f"a body has at most {most} bytes")
    return body
