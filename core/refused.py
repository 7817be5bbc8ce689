"""An error of the tree as one entry of a problem document's `errors`."""

from __future__ import annotations

from typing import Any

from core.errors import JStoreError


def finding_of(error: JStoreError) -> dict[str, Any]:
    """-> {pointer, code, detail, line?, column?}."""
    found: dict[str, Any] = {"pointer": error.pointer or "", "code": error.code, "detail": error.detail}
    if error.line is not None:
        found |= {"line": error.line, "column": error.column}
    return found
