"""REST of backfills (docs/api.md, "Runs")."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import parse_time
from core.errors import Invalid
from core.names import parse_ref
from features.permissions import caller
from processing import backfill
from processing.api_operations import OperationView, body_of, run_document
from processing.serializers import BackfillEstimate, BackfillShape, RunShape

MOST_CHUNK = 10_000


class Backfills(OperationView):
    """`/backfills/`."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "registry:write"}

    @extend_schema(
        operation_id="start_backfill",
        tags=["runs"],
        request=BackfillShape,
        responses={202: RunShape, 200: BackfillEstimate},
    )
    def post(self, request: Request) -> Response:
        """Compute a version's value at each event time of a range into its offline table: 202 and a run.

        With `dry_run` 200: what it would read.
        """
        by, body = caller(request), body_of(request)
        ref = parse_ref(_text(body, "feature") or "")
        start, end = _time(body, "start_time"), _time(body, "end_time")
        if start is not None and end is not None and end < start:
            raise Invalid("invalid_backfill", "end_time is before start_time", pointer="/end_time")
        chunk, on = _chunk(body), _engine(body)
        if body.get("dry_run") not in (None, True, False):
            raise Invalid("invalid_backfill", "dry_run is true or false", pointer="/dry_run")
        if body.get("dry_run"):
            return Response(backfill.estimate(by.project, ref.group, ref.version, start, end))
        run = backfill.create(by.project, ref.group, ref.version, start, end, by.actor, chunk, on)
        return Response(run_document(run), status=202, headers={"Location": f"/api/v1/runs/{run.id}"})


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid("invalid_backfill", f"{name} is text", pointer=f"/{name}")
    return value


def _time(body: dict[str, Any], name: str) -> int | None:
    text = _text(body, name)
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        raise Invalid("bad_timestamp", f"{name}: {error}", pointer=f"/{name}") from error


def _chunk(body: dict[str, Any]) -> int:
    chunk = body.get("chunk", backfill.CHUNK)
    if type(chunk) is not int or not 1 <= chunk <= MOST_CHUNK:
        raise Invalid("invalid_backfill", f"chunk is a number of entities from 1 to {MOST_CHUNK}", pointer="/chunk")
    return chunk


def _engine(body: dict[str, Any]) -> str:
    name = _text(body, "engine") or "duckdb"
    if name != "duckdb" and name != settings.JSTORE_ENGINE:
        raise Invalid("invalid_backfill", f"there is no engine {name[:40]!r} here", pointer="/engine")
    return name
