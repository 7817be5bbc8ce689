"""REST of values (docs/api.md, "Values").

Newest values are answered before Django (serving.hot). These views document those routes, answer them for signed-in users and for
what only the registry knows, and compute past values and histories from the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from backends import metrics
from features.parsers import StrictJSONParser
from features.permissions import HasScopes
from features.serializers import ProblemShape
from features.services import ensure_published
from serving import at, routes
from serving.arrow import CONTENT_TYPE as ARROW
from serving.lookup import NothingPublished
from serving.request import parameters
from serving.shapes import OnlineAnswer, OnlineRequestShape, ValuesOrHistory

T = TypeVar("T")
_TRIES = 3  # a connection made meanwhile is one more doubt
PROBLEMS: dict[int, type[ProblemShape]] = dict.fromkeys((400, 401, 403, 404, 409, 422, 503), ProblemShape)
_TIME = OpenApiTypes.DATETIME
QUERY = [
    OpenApiParameter("at", _TIME, description="values at this time, by event time; not after now"),
    OpenApiParameter("as_known", bool, description="with `at`: count only what had been ingested by then"),
    OpenApiParameter("start_time", _TIME, description="history from this time on, inclusive"),
    OpenApiParameter("end_time", _TIME, description="history up to this time, inclusive"),
    OpenApiParameter("limit", int, description=f"rows of a history, default {at.DEFAULT_LIMIT}, at most {at.MOST}"),
    OpenApiParameter("cursor", str, description="`next` of the page before"),
    OpenApiParameter("max_age", float, description="seconds; an older newest event is STALE"),
]


class Whatever(BaseContentNegotiation):
    """The views choose between JSON and Arrow themselves, as the path before Django does."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class ServingView(APIView):
    """What the two routes share."""

    parser_classes = (StrictJSONParser,)
    permission_classes = (HasScopes,)
    content_negotiation_class = Whatever
    required_scopes: ClassVar[dict[str, str]] = {"GET": "features:read", "POST": "features:read"}


class Values(ServingView):
    """`/features/{ref}/values/{entity}`: one entity."""

    @extend_schema(operation_id="read_values", tags=["values"], parameters=QUERY, responses={200: ValuesOrHistory, **PROBLEMS})
    def get(self, request: Request, ref: str, entity: str) -> HttpResponse:
        """The newest values of an entity; with `at` those of a past time, with `start_time` or `end_time` the history."""
        asked = parameters(request.META.get("QUERY_STRING", ""))
        route, answer = "values", routes.values
        if "at" in asked:
            route, answer = "values_at", at.values_at
        elif at.is_history(asked):
            route, answer = "values_history", at.history
        with metrics.ONLINE_DURATION.labels(route=route).time():
            found = _published(request, lambda: answer(_project(request), ref, entity, asked))
            return _bytes(orjson.dumps(found), routes.JSON)


class ValuesByKeys(Values):
    """`/features/{ref}/values/?user_id=u1&item_id=i2`: the entity's keys by name."""

    @extend_schema(
        operation_id="read_values_by_keys",
        tags=["values"],
        parameters=[*QUERY, OpenApiParameter("key", str, description="each entity key under its own name, e.g. user_id=u1")],
        responses={200: ValuesOrHistory, **PROBLEMS},
    )
    def get(self, request: Request, ref: str, entity: str = "") -> HttpResponse:
        """The same for an entity of any number of keys."""
        return super().get(request, ref, entity)


class OnlineFeatures(ServingView):
    """`/online-features`: many features of many entities."""

    @extend_schema(
        operation_id="read_online_features",
        tags=["values"],
        parameters=[OpenApiParameter("compact", bool, description="leave out statuses and times where all are PRESENT")],
        request=OnlineRequestShape,
        responses={
            (200, routes.JSON): OnlineAnswer,
            (200, ARROW): OpenApiTypes.BINARY,
            413: ProblemShape,
            415: ProblemShape,
            **PROBLEMS,
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """The newest values in one round trip: a result for each feature, its lists in the order of the entities."""
        plain = request._request
        asked = parameters(request.META.get("QUERY_STRING", ""))
        content_type, accept = request.META.get("CONTENT_TYPE", ""), request.META.get("HTTP_ACCEPT", "")
        with metrics.ONLINE_DURATION.labels(route="online_features").time():
            body, kind = _published(
                request, lambda: routes.online_features(_project(request), plain.body, content_type, asked, accept)
            )
            return _bytes(body, kind)


def _project(request: Request) -> str:
    caller: Any = request.auth
    return str(caller.project)


def _published(request: Request, answer: Callable[[], T]) -> T:
    """The answer; where Redis may lack definitions of the project, once they are there again."""
    for _ in range(_TRIES):
        try:
            return answer()
        except NothingPublished:
            ensure_published(_project(request))
    return answer()


def _bytes(body: bytes, content_type: str) -> HttpResponse:
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "no-store"})
