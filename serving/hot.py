"""The WSGI callable in front of Django: it answers the newest values and `POST /online-features`, everything else is Django's.

A REST view costs three times the CPU. This path has the same keys, local rule, errors and metrics; tests hold the two together.
"""

from __future__ import annotations

import gc
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from time import perf_counter
from typing import Any

import orjson

from backends import metrics
from core.errors import BadRequest, JStoreError, TooLarge, TooManyRequests, Unauthorized, Unavailable
from core.problem import CONTENT_TYPE as PROBLEM
from core.problem import problem
from serving import routes
from serving.gate import reader
from serving.lookup import NothingPublished
from serving.request import FROM_LOG, parameters
from serving.routes import MOST_BYTES

Environ = dict[str, Any]
Start = Callable[..., Any]
App = Callable[[Environ, Start], Iterable[bytes]]
Answer = tuple[bytes, str]

_FEATURES = "/api/v1/features/"
_ONLINE = ("/api/v1/online-features", "/api/v1/online-features/")
_DRAINED = 4 * MOST_BYTES
_GOOD_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_DURATION = {route: metrics.ONLINE_DURATION.labels(route=route) for route in ("values", "online_features")}
log = logging.getLogger(__name__)


class _Pass(Exception):
    """Django shall answer."""


def hot_app(django_app: App) -> App:
    """-> the callable to serve. Call it last: what is imported by then is taken out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()

    def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if method == "GET" and path.startswith(_FEATURES):
            ref, _, rest = path[len(_FEATURES) :].partition("/")
            if rest == "values" or rest.startswith("values/"):
                return _serve("values", lambda: _values(environ, ref, rest[7:]), environ, start_response, django_app)
        elif method == "POST" and path in _ONLINE:
            return _serve("online_features", lambda: _online(environ), environ, start_response, django_app)
        return django_app(environ, start_response)

    return application


def _serve(route: str, answer: Callable[[], Answer], environ: Environ, start_response: Start, django_app: App) -> Iterable[bytes]:
    started = perf_counter()
    given = environ.get("HTTP_X_REQUEST_ID", "")
    request_id = given if given and _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
    status = 200
    more: tuple[tuple[str, str], ...] = ()
    try:
        body, content_type = answer()
    except (_Pass, NothingPublished):  # only the registry can tell
        return django_app(environ, start_response)
    except Exception as caught:  # noqa: BLE001 - the outermost frame: what is not foreseen is logged and still answered
        error = caught if isinstance(caught, JStoreError) else _ours(caught, request_id)
        status, more, content_type = error.status, _headers(error), PROBLEM
        body = orjson.dumps(problem(error, _shown(environ["PATH_INFO"]), request_id))
        metrics.ONLINE_ERRORS.labels(route=route, status=str(status)).inc()
    start_response(
        _STATUS[status],
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Request-ID", request_id),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            *more,
        ],
    )
    _DURATION[route].observe(perf_counter() - started)
    return [body]


def _values(environ: Environ, ref: str, text: str) -> Answer:
    caller = reader(environ)
    query = environ.get("QUERY_STRING")
    asked = parameters(query) if query else {}
    if caller is None or not asked.keys().isdisjoint(FROM_LOG):
        raise _Pass
    return orjson.dumps(routes.values(caller.project, _text(ref), _text(text), asked)), routes.JSON


def _online(environ: Environ) -> Answer:
    caller = reader(environ)
    if caller is None:
        raise _Pass
    query = environ.get("QUERY_STRING")
    asked = parameters(query) if query else {}
    content_type, accept = environ.get("CONTENT_TYPE") or "", environ.get("HTTP_ACCEPT", "")
    body = _body(environ)
    try:
        return routes.online_features(caller.project, body, content_type, asked, accept)
    except NothingPublished:
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))  # Django reads it again
        raise


def _body(environ: Environ) -> bytes:
    """The whole body, never more than the limit: by its length, or to its end where the server marks that."""
    declared = environ.get("CONTENT_LENGTH") or ""
    size = int(declared[:12]) if declared.isdecimal() else MOST_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    stream = environ["wsgi.input"]
    body = b"" if declared and size > MOST_BYTES else bytes(stream.read(size))
    if size > MOST_BYTES and (declared or len(body) > MOST_BYTES):
        # Most clients look for an answer only once their whole body is sent: what is not far too much is read and dropped.
        left = min(size, _DRAINED) if declared else _DRAINED
        while left > 0 and (dropped := stream.read(min(left, 1 << 20))):
            left -= len(dropped)
        raise TooLarge("too_large", f"a body has at most {MOST_BYTES} bytes")
    return body


def _text(part: str) -> str:
    """WSGI hands UTF-8 over as latin-1; raises BadRequest for bytes that are none."""
    if part.isascii():
        return part
    try:
        return part.encode("latin-1").decode()
    except UnicodeError:
        raise BadRequest("invalid_utf8", "the address is no UTF-8") from None


def _shown(path: str) -> str:
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _ours(caught: Exception, request_id: str) -> JStoreError:
    log.error("an online read failed", exc_info=caught, extra={"request_id": request_id})
    return JStoreError("internal", "an error of the server; the log has it under the request id")


def _headers(error: JStoreError) -> tuple[tuple[str, str], ...]:
    if isinstance(error, Unauthorized):
        return (("WWW-Authenticate", "Bearer"),)
    if isinstance(error, TooManyRequests):
        return (("Retry-After", str(error.retry_after)),)
    return (("Retry-After", "1"),) if isinstance(error, Unavailable) else ()
