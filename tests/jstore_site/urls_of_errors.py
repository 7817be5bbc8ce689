"""Paths that fail in each way there is, for test_errors.py."""

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views import View
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework import exceptions as rest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import errors

FAULTS: dict[str, Exception] = {
    "core": errors.Invalid("sql_syntax", "no such word", pointer="/transformation/sql_query", line=2, column=7),
    "unauthorized": errors.Unauthorized("unknown_key", "this key is not known"),
    "busy": errors.TooManyRequests("rate", "slower", retry_after=7),
    "down": errors.Unavailable("store_unavailable", "later"),
    "validation": rest.ValidationError({"name": ["too long"], "rows": [{"at": ["bad"]}]}),
    "parse": rest.ParseError(),
    "throttled": rest.Throttled(wait=2),
    "rest_not_found": rest.NotFound(),
    "http404": Http404("secret path"),
    "denied": PermissionDenied(),
    "big": RequestDataTooBig(),
    "suspicious": SuspiciousOperation(),
    "data": DataError("integer out of range"),
    "recursion": RecursionError(),
    "unicode": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "database": OperationalError("connection refused"),
    "redis": RedisConnectionError("connection refused"),
    "fault": RuntimeError("a fault of ours"),
}


class RestView(APIView):
    """Fails as its path says."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, fault: str) -> Response:
        raise FAULTS[fault]


class PlainView(View):
    """The same without REST framework."""

    def get(self, request: HttpRequest, fault: str) -> HttpResponse:
        raise FAULTS[fault]


def fine(request: HttpRequest) -> HttpResponse:
    """Answers."""
    return HttpResponse(getattr(request, "request_id", ""))


urlpatterns = [
    path("api/v1/rest/<fault>", RestView.as_view()),
    path("api/v1/plain/<fault>", PlainView.as_view()),
    re_path(r"^api/v1/fine/?$", fine),
    path("page", fine),
]
