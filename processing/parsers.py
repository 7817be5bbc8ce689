"""Bodies of events are handed on as they came: their bytes are hashed, and a line that is no JSON is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser


class RawParser(BaseParser):
    """A JSON body as its stream."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The stream itself."""
        return stream


class RawLinesParser(RawParser):
    """The same for NDJSON."""

    media_type = "application/x-ndjson"
