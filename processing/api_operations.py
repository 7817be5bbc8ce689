"""REST of runs and activation (docs/api.md, "Definitions", "Runs"), and what the views of operations share."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.clock import format_time
from core.codec import to_us
from core.errors import Invalid
from features.parsers import StrictJSONParser
from features.permissions import HasScopes, caller
from processing import activation, runs
from processing.models import Run
from processing.serializers import RunPage, RunShape

MOST = 10_000


class OperationView(APIView):
    """What the views of letters, runs and activation share."""

    parser_classes = (StrictJSONParser,)
    permission_classes = (HasScopes,)
    required_scopes: ClassVar[dict[str, str]] = {"GET": "features:read", "POST": "events:write", "DELETE": "events:write"}


def page_of(request: Request) -> tuple[int, int | None]:
    """`limit` (default 100, most 10,000) and `cursor` of a list. Raises Invalid."""
    limit, cursor = request.query_params.get("limit", "100"), request.query_params.get("cursor")
    if not limit.isascii() or not limit.isdigit() or len(limit) > 9 or not 1 <= int(limit) <= MOST:
        raise Invalid("invalid_limit", f"limit is a number from 1 to {MOST}", pointer="/limit")
    if cursor is not None and (not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18):
        raise Invalid("bad_cursor", "this is no cursor of this list", pointer="/cursor")
    return int(limit), int(cursor) if cursor is not None else None


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object, empty where there is none. Raises Invalid."""
    body: Any = request.data
    if not isinstance(body, dict):
        raise Invalid("not_an_object", "the body is a JSON object")
    return body


def run_document(run: Run) -> dict[str, Any]:
    """A run as the API answers it."""
    times = {name: getattr(run, name) for name in ("created_at", "started_at", "finished_at")}
    return {
        "id": str(run.id),
        "type": run.type,
        "status": run.status,
        "target": run.target,
        "progress": run.progress,
        "rows": run.rows,
        "result": run.result,
        "error": run.error,
        **{name: None if t is None else format_time(to_us(t)) for name, t in times.items()},
    }


class Runs(OperationView):
    """`/runs/`."""

    @extend_schema(
        operation_id="list_runs",
        tags=["runs"],
        responses={200: RunPage},
        parameters=[OpenApiParameter("limit", int), OpenApiParameter("cursor", str)],
    )
    def get(self, request: Request) -> Response:
        """Runs of the project, the newest first."""
        limit, offset = page_of(request)
        start = offset or 0
        found = list(Run.objects.filter(project=caller(request).project).order_by("-created_at", "id")[start : start + limit + 1])
        return Response(
            {"results": [run_document(run) for run in found[:limit]], "next": str(start + limit) if len(found) > limit else None}
        )


class RunDetail(OperationView):
    """`/runs/{id}`."""

    @extend_schema(operation_id="get_run", tags=["runs"], responses={200: RunShape})
    def get(self, request: Request, run_id: str) -> Response:
        """One run."""
        return Response(run_document(runs.get(caller(request).project, run_id)))


class RunMove(OperationView):
    """`/runs/{id}/pause|resume|cancel`."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "registry:write"}

    @extend_schema(operation_id="move_run", tags=["runs"], request=None, responses={200: RunShape})
    def post(self, request: Request, run_id: str, verb: str) -> Response:
        """Pause, resume or cancel."""
        return Response(run_document(runs.move(caller(request).project, run_id, verb)))


class Activate(OperationView):
    """`/features/{name}/versions/{v}/activate`."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "registry:write"}

    @extend_schema(
        operation_id="activate_version", tags=["features"], request=None, responses={202: RunShape, 200: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Serve this version once it has caught up: 202 and a run; 200 where it is active already."""
        run = activation.activate(caller(request).project, name, int(version), caller(request).actor)
        if run is None:
            return Response({"name": name, "version": int(version), "status": "active"})
        return Response(run_document(run), status=202, headers={"Location": f"/api/v1/runs/{run.id}"})
