"""The one tree of errors. Core and the rooms below the apps raise these; `core.problem` turns them into documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class JStoreError(Exception):
    """An error a caller can act on: a stable `code`, a plain `detail`, and where in the input it stands.

    `pointer` is a JSON pointer into the request, `line` and `column` count from 1 in the user's SQL text,
    `errors` holds further findings of the same shape ({pointer, code, detail, line?, column?}).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Error"

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        pointer: str | None = None,
        line: int | None = None,
        column: int | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.line = line
        self.column = column
        self.errors = tuple(errors)


class BadRequest(JStoreError):
    """The request cannot be read at all."""

    status = 400
    title = "Bad request"


class Unauthorized(JStoreError):
    """No key, or one that is unknown, expired or revoked."""

    status = 401
    title = "Unauthorized"


class Forbidden(JStoreError):
    """The key is good but may not do this."""

    status = 403
    title = "Forbidden"


class NotFound(JStoreError):
    """Nothing of that name."""

    status = 404
    title = "Not found"


class Conflict(JStoreError):
    """The state of the thing does not allow it now."""

    status = 409
    title = "Conflict"


class PreconditionFailed(JStoreError):
    """The If-Match of the request is stale."""

    status = 412
    title = "Precondition failed"


class TooLarge(JStoreError):
    """Larger than the documented limit."""

    status = 413
    title = "Too large"


class UnsupportedMedia(JStoreError):
    """A content type that is not read here."""

    status = 415
    title = "Unsupported media type"


class Invalid(JStoreError):
    """Valid JSON with wrong content."""

    status = 422
    title = "Invalid"


class TooManyRequests(JStoreError):
    """The key's rate is used up; `retry_after` is in seconds."""

    status = 429
    title = "Too many requests"

    def __init__(self, code: str, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class Unavailable(JStoreError):
    """A store is down; the same request may work later."""

    status = 503
    title = "Unavailable"
