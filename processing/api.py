"""REST of events (docs/api.md, "Events"). The view reads the shapes and answers; ingest does the rest."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

import redis
from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import strict_json
from core.clock import now_us
from core.errors import Invalid
from features.parsers import read_body
from features.permissions import HasScopes, caller
from processing import inline
from processing.doorbell import ring
from processing.envelopes import open_document, open_lines
from processing.ingest import Incoming, Outcome, accept
from processing.parsers import RawLinesParser, RawParser
from processing.serializers import PushAnswer
from processing.waiting import MOST_SECONDS, wait_applied

LINES = "application/x-ndjson"


class Events(APIView):
    """`/events/`: rows in."""

    parser_classes = (RawParser, RawLinesParser)
    permission_classes = (HasScopes,)
    required_scopes: ClassVar[dict[str, str]] = {"POST": "events:write"}

    @extend_schema(
        operation_id="push_events",
        tags=["events"],
        request={"application/json": OpenApiTypes.OBJECT, LINES: OpenApiTypes.STR},
        parameters=[
            OpenApiParameter("wait", float, description="seconds (up to 30) to wait until the rows show online"),
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="makes a repeated push of the same body harmless"
            ),
        ],
        responses={202: PushAnswer},
    )
    def post(self, request: Request) -> Response:
        """Push one row, a list of rows, `{"events": [..]}`, `{"feature_group", "data": [..], "transformation"?}` or NDJSON.

        Answered after the commit.
        """
        by, wait = caller(request), _seconds(request.query_params.get("wait"))
        # DRF calls no parser for an empty body and hands over an empty dict
        stream: Any = request.data
        body = read_body(stream) if hasattr(stream, "read") else b""
        lines = (request.content_type or "").partition(";")[0].strip().lower() == LINES
        envelope = open_lines(body) if lines else open_document(strict_json.parse(body), body)
        address, refused = inline.address_of(by.project, envelope, by.may("registry:write"), by.actor)
        arrival = now_us()
        rows = [Incoming(row, arrival, address, raw=envelope.text_of(i), refused=refused) for i, row in enumerate(envelope.rows)]
        outcome = accept(by.project, rows, request=_idempotency(request, body))
        if settings.JSTORE_ENGINE == "spark" and outcome.position is not None:
            ring(by.project, outcome.position)
        return Response(_answer(outcome, by.project, wait), status=202)


def _idempotency(request: Request, body: bytes) -> tuple[str, bytes] | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= 255:
        raise Invalid("invalid_idempotency_key", "an Idempotency-Key has 1 to 255 characters")
    return key, hashlib.sha256(body).digest()


def _seconds(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MOST_SECONDS:
        raise Invalid("invalid_wait", f"wait is a number of seconds from 0 to {MOST_SECONDS:.0f}", pointer="/wait")
    return seconds


def _answer(outcome: Outcome, project: str, wait: float) -> dict[str, Any]:
    applied = False
    if wait:
        try:
            applied = outcome.position is None or wait_applied(project, outcome.shown_by, outcome.position, wait)
        except redis.RedisError:  # the rows are committed, which is what 202 says; they show once Redis is back
            applied = False
    return {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "held": outcome.held,
        "unrouted": outcome.unrouted,
        "rejected": [{"index": i, "code": code, "detail": detail} for i, code, detail in outcome.rejected],
        "position": outcome.position,
        "applied": applied,
    }
