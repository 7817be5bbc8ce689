"""What can go wrong, one class per kind, made from the server's problem+json (RFC 9457) answers.

Catch `JStoreError` for everything, or a subclass for one kind. `code` is the stable word to branch on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FieldError = Mapping[str, Any]


class JStoreError(Exception):
    """Base of every error of this package.

    code: stable machine word ("sql_syntax", "feature_not_found", "unreachable", …).
    status: HTTP status, or None where there was no answer.
    errors: one mapping per fault: `pointer`, `code`, `detail` and, for SQL, `line` and `column`.
    request_id: the server's name for the request, to be quoted when asking for help.
    partial: for `send_events`, what earlier batches of the same call already achieved, else None.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        errors: Sequence[FieldError] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.errors = tuple(errors)
        self.request_id = request_id
        self.partial: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        head = f"{self.status} {self.code}" if self.status else self.code
        parts = [f"{head}: {self.detail}"]
        parts += [line for line in map(_fault_line, self.errors) if self.detail not in line]
        if self.request_id:
            parts.append(f"(request {self.request_id})")
        return "\n  ".join(parts[:-1]) + " " + parts[-1] if self.request_id else "\n  ".join(parts)


class BadRequest(JStoreError):
    """400: the server could not read the request."""


class Unauthorized(JStoreError):
    """401: no API key, or one that is wrong, revoked or expired."""


class Forbidden(JStoreError):
    """403: the key lacks the scope."""


class NotFound(JStoreError):
    """404: no feature of that name."""


class Conflict(JStoreError):
    """409: not possible in the present state, e.g. values of a draft."""


class PreconditionFailed(JStoreError):
    """412: somebody else changed it in between."""


class TooLarge(JStoreError):
    """413: more rows or bytes than one request may hold."""


class UnsupportedMedia(JStoreError):
    """415: the server does not read that content type."""


class Invalid(JStoreError):
    """422: readable, but wrong; `errors` says where."""


class RateLimited(JStoreError):
    """429: too many requests, and still so after the retries. `retry_after`: seconds, or None."""

    retry_after: float | None = None


class Unavailable(JStoreError):
    """No usable answer: 502, 503, 504, no connection, or no answer in time (`code` "unreachable" or "timeout")."""


class KafkaFailed(JStoreError):
    """Kafka is not configured properly, not reachable, or did not confirm the events."""


class NotEncodable(JStoreError, ValueError):
    """An event holds something that JSON or the server cannot take; nothing of its batch was sent."""


BY_STATUS = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    413: TooLarge,
    415: UnsupportedMedia,
    422: Invalid,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def from_problem(status: int, document: Mapping[str, Any], request_id: str | None = None) -> JStoreError:
    """The error for an HTTP status and its problem document (which may lack any member)."""
    kind = BY_STATUS.get(status, JStoreError)
    faults = document.get("errors")
    return kind(
        str(document.get("code") or f"http_{status}"),
        str(document.get("detail") or document.get("title") or "no reason given"),
        status=status,
        errors=[fault for fault in faults if isinstance(fault, Mapping)] if isinstance(faults, list) else (),
        request_id=document.get("request_id") or request_id,
    )


def _fault_line(fault: FieldError) -> str:
    place = fault.get("pointer") or ""
    if fault.get("line") is not None:
        place = f"{place} line {fault['line']} column {fault.get('column')}".strip()
    detail = fault.get("detail") or fault.get("code") or ""
    return f"{place}: {detail}" if place else str(detail)
