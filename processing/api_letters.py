"""REST of dead letters (docs/api.md, "Dead letters")."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from features.permissions import caller
from processing import dead_letters, letters_bulk, no_route, replay
from processing.api_operations import OperationView, body_of, page_of, run_document
from processing.doorbell import ring_run
from processing.letter_filter import read_filter
from processing.serializers import LetterPage, LetterShape, LettersWanted, RunShape

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor", str)]
_FILTER = [OpenApiParameter(name, str) for name in ("code", "source", "group", "since", "until")]


class DeadLetters(OperationView):
    """`/dead-letters/`."""

    @extend_schema(
        operation_id="list_dead_letters", tags=["dead letters"], responses={200: LetterPage}, parameters=[*_FILTER, *_PAGE]
    )
    def get(self, request: Request) -> Response:
        """Refused and quarantined rows, the newest first."""
        limit, cursor = page_of(request)
        asked = {one.name: request.query_params.get(one.name) for one in _FILTER}
        found, following = no_route.list_letters(read_filter(caller(request).project, asked), limit, cursor)
        return Response(
            {
                "results": [dead_letters.document(letter) for letter in found],
                "next": None if following is None else str(following),
            }
        )


class DeadLetter(OperationView):
    """`/dead-letters/{id}`."""

    @extend_schema(operation_id="get_dead_letter", tags=["dead letters"], responses={200: LetterShape})
    def get(self, request: Request, letter_id: str) -> Response:
        """One letter."""
        return Response(dead_letters.document(no_route.get(caller(request).project, int(letter_id))))

    @extend_schema(operation_id="discard_dead_letter", tags=["dead letters"], responses={204: None})
    def delete(self, request: Request, letter_id: str) -> Response:
        """Discard one."""
        by = caller(request)
        replay.discard(by.project, int(letter_id), by.actor)
        return Response(status=204)


class ReplayOne(OperationView):
    """`/dead-letters/{id}/replay`."""

    @extend_schema(
        operation_id="replay_dead_letter",
        tags=["dead letters"],
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, letter_id: str) -> Response:
        """Store its rows, or those of the optional `payload`; the letter goes when they are stored."""
        by = caller(request)
        return Response(replay.replay(by.project, int(letter_id), by.actor, body_of(request).get("payload")))


def _bulk(request: Request, verb: str) -> Response:
    by = caller(request)
    wanted = read_filter(by.project, body_of(request))
    if letters_bulk.count(wanted, verb, letters_bulk.MOST_AT_ONCE + 1) <= letters_bulk.MOST_AT_ONCE:
        return Response(letters_bulk.at_once(wanted, verb, by.actor).document(verb))
    run = letters_bulk.launch(wanted, verb, by.actor)
    ring_run(run.id)
    return Response(run_document(run), status=202, headers={"Location": f"/api/v1/runs/{run.id}"})


_ANSWERS: dict[int, Any] = {200: OpenApiTypes.OBJECT, 202: RunShape}


class ReplayMatching(OperationView):
    """`/dead-letters/replay`."""

    @extend_schema(operation_id="replay_dead_letters", tags=["dead letters"], request=LettersWanted, responses=_ANSWERS)
    def post(self, request: Request) -> Response:
        """Try all letters of a filter; those that are still wrong stay. More than 1,000: 202 and a run."""
        return _bulk(request, "replay")


class DiscardMatching(OperationView):
    """`/dead-letters/discard`."""

    @extend_schema(operation_id="discard_dead_letters", tags=["dead letters"], request=LettersWanted, responses=_ANSWERS)
    def post(self, request: Request) -> Response:
        """Discard all letters of a filter. More than 1,000: 202 and a run."""
        return _bulk(request, "discard")
