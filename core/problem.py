"""Errors as RFC 9457 problem documents (application/problem+json)."""

from __future__ import annotations

from typing import Any

from core.errors import JStoreError
from core.refused import finding_of

CONTENT_TYPE = "application/problem+json"


def problem(error: JStoreError, instance: str, request_id: str) -> dict[str, Any]:
    """-> the document: type, title, status, code, detail, instance, request_id, errors."""
    return {
        "type": f"/docs#error-{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "instance": instance,
        "request_id": request_id,
        "errors": [dict(e) for e in error.errors] or [finding_of(error)],
    }
