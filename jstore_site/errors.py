"""Errors to HTTP: one table from exception to core error, one way to write the problem document (RFC 9457).

`handler` is REST framework's exception handler; `answer` serves Django's own errors through the middleware.
"""

from typing import Any

import orjson
from django.core import exceptions as django_errors
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from pymongo.errors import ConnectionFailure
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rest_framework import exceptions as rest
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core import errors
from core.problem import CONTENT_TYPE, problem


class MethodNotAllowed(errors.JStoreError):
    """The path is right, the verb is not."""

    status = 405
    title = "Method not allowed"


class NotAcceptable(errors.JStoreError):
    """None of the formats asked for can be given."""

    status = 406
    title = "Not acceptable"


class Internal(errors.JStoreError):
    """A fault of JStore's; the log has it under the request id."""

    status = 500
    title = "Internal error"


_BY_STATUS: dict[int, tuple[type[errors.JStoreError], str, str]] = {
    400: (errors.BadRequest, "bad_request", "the request cannot be read"),
    401: (errors.Unauthorized, "unauthorized", "an API key or a session is needed"),
    403: (errors.Forbidden, "forbidden", "not allowed"),
    404: (errors.NotFound, "not_found", "nothing at this address"),
    405: (MethodNotAllowed, "method_not_allowed", "this address does not take this method"),
    406: (NotAcceptable, "not_acceptable", "none of the formats asked for can be given"),
    409: (errors.Conflict, "conflict", "the state does not allow it"),
    412: (errors.PreconditionFailed, "precondition_failed", "the resource has changed since it was read"),
    413: (errors.TooLarge, "too_large", "the request is larger than the limit"),
    415: (errors.UnsupportedMedia, "unsupported_media_type", "this content type is not read here"),
    422: (errors.Invalid, "invalid", "the content is not valid"),
    429: (errors.TooManyRequests, "too_many_requests", "too many requests"),
    503: (errors.Unavailable, "store_unavailable", "a store does not answer; try again"),
}

_STORE_DOWN = (OperationalError, InterfaceError, RedisConnectionError, RedisTimeoutError, ConnectionFailure)
# What content that no check foresaw can raise deep inside: still the caller's content, never a 500.
_BAD_CONTENT = (DataError, RecursionError, UnicodeError)


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: a problem document, or None for a fault that is ours."""
    error = from_exception(exc)
    if error is None:
        return None
    set_rollback()
    request = context["request"]
    response = Response(_document(error, request), status=error.status, content_type=CONTENT_TYPE, headers=_headers(error))
    if isinstance(exc, rest.APIException):
        for name, value in (("WWW-Authenticate", getattr(exc, "auth_header", None)), ("Retry-After", _wait(exc))):
            if value:
                response[name] = value
    return response


def answer(error: errors.JStoreError, request: HttpRequest) -> HttpResponse:
    """The problem document as a plain Django response."""
    body = orjson.dumps(_document(error, request))
    return HttpResponse(body, status=error.status, content_type=CONTENT_TYPE, headers=_headers(error))


def from_status(status: int) -> errors.JStoreError:
    """The error that stands for a bare status."""
    kind, code, detail = _BY_STATUS.get(
        status, (Internal, "internal", "an error of the server; the log has it under the request id")
    )
    return kind(code, detail)


def from_exception(exc: Exception) -> errors.JStoreError | None:
    """The error that an exception means to the caller, None where it is a fault of ours."""
    match exc:
        case errors.JStoreError():
            return exc
        case DatabaseError() if type(exc) is DatabaseError:  # how the MongoDB backend says that its server is away
            return from_status(503)
        case rest.ValidationError():
            found = list(_flatten(exc.detail, ""))
            return errors.Invalid("invalid", found[0]["detail"] if found else "the content is not valid", errors=found)
        case rest.APIException():
            plain = from_status(exc.status_code)
            plain.detail = str(exc.detail)
            return plain
        case Http404():
            return from_status(404)
        case django_errors.PermissionDenied():
            return from_status(403)
        case django_errors.RequestDataTooBig():
            return from_status(413)
        case django_errors.SuspiciousOperation() | django_errors.BadRequest():
            return from_status(400)
        case _ if isinstance(exc, _STORE_DOWN):
            return from_status(503)
        case _ if isinstance(exc, _BAD_CONTENT):
            return errors.Invalid("invalid", "the content cannot be stored or computed")
    return None


def _document(error: errors.JStoreError, request: Any) -> dict[str, Any]:
    return problem(error, request.path, getattr(request, "request_id", ""))


def _headers(error: errors.JStoreError) -> dict[str, str]:
    if isinstance(error, errors.TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, errors.Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "1"} if isinstance(error, errors.Unavailable) else {}


def _wait(exc: rest.APIException) -> str | None:
    wait = getattr(exc, "wait", None)
    return None if wait is None else str(int(wait) + 1)


def _flatten(detail: Any, pointer: str) -> Any:
    """Yield {pointer, code, detail} for each message of a REST framework ValidationError."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{pointer}/{index}" if nested else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
