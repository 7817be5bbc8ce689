"""Three middlewares: a request id in and out, problem documents for errors under /api, the content security policy."""

import re
import uuid
from collections.abc import Callable

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jstore_site.errors import answer, from_exception, from_status

GetResponse = Callable[[HttpRequest], HttpResponse]

_GOOD_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestId:
    """Takes the caller's X-Request-ID where it is harmless, makes one otherwise; `request.request_id` and the answer carry it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ApiErrors:
    """Django's own pages for 400, 403, 404, 405 and 500 become problem documents under /api."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/api/") or response.status_code < 400:
            return response
        if response.streaming or "json" in response.get("Content-Type", ""):
            return response
        replaced = answer(from_status(response.status_code), request)
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                replaced[name] = response[name]
        return replaced

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Errors of plain Django views under /api; REST framework's views answer their own."""
        if not request.path.startswith("/api/"):
            return None
        error = from_exception(exception)
        return None if error is None else answer(error, request)


class Policy(CSPMiddleware):
    """django-csp with the exceptions of settings.POLICY_EXCEPTIONS, by path."""

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> PolicyParts:
        """The parts of the policy for one answer."""
        parts = super().get_policy_parts(request, response, report_only)
        for prefix, directives in settings.POLICY_EXCEPTIONS.items():
            if request.path.startswith(prefix) and not report_only:
                parts.replace = {**(parts.replace or {}), **directives}
        return parts
