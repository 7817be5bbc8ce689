"""REST of definitions (docs/api.md, "Definitions"). Views parse and answer; services and selectors do the rest."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import NotFound
from core.problem import CONTENT_TYPE
from features import services
from features.documents import describe_version, etag
from features.gate import gated_entities
from features.listing import Filters, Numbered, documents_of, page_of_groups
from features.models import Group
from features.parsers import StrictJSONParser
from features.permissions import HasScopes, caller
from features.selectors import live_group, live_versions
from features.serializers import STATUSES, DefinitionAnswer, DefinitionPage, DefinitionShape, ProblemShape, WordsShape


def problems(*statuses: int) -> dict[tuple[int, str], type[ProblemShape]]:
    """The refusals that an operation names in the OpenAPI document, beside those that all have."""
    return {(status, CONTENT_TYPE): ProblemShape for status in (400, 401, 403, 503, *statuses)}


_IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="the ETag that was read; stale: 412")


class RegistryView(APIView):
    """What the views of this file share."""

    parser_classes = (StrictJSONParser,)
    permission_classes = (HasScopes,)
    required_scopes: ClassVar[dict[str, str]] = {
        "GET": "features:read",
        "POST": "registry:write",
        "PATCH": "registry:write",
        "DELETE": "registry:write",
    }


class Definitions(RegistryView):
    """`/features/`: register and list."""

    @extend_schema(
        operation_id="register_feature",
        tags=["features"],
        request=DefinitionShape,
        responses={201: DefinitionAnswer, 200: DefinitionAnswer, **problems(413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Register a definition: 201 for a new version (the first one active at once, later ones drafts), 200 for a known one."""
        done = services.register(caller(request).project, request.data, caller(request).actor)
        response = _document(caller(request).project, done.group.name, done.version, 201 if done.created else 200)
        if done.created:
            response["Location"] = f"/api/v1/features/{done.group.name}/versions/{done.version}"
        return response

    @extend_schema(
        operation_id="list_features",
        tags=["features"],
        parameters=[
            OpenApiParameter(
                "search",
                str,
                description="words of name, title, description, owner, tags and features; case and accents are free",
            ),
            *(OpenApiParameter(name, str) for name in ("tag", "owner", "entity")),
            OpenApiParameter(
                "status", str, enum=STATUSES, description="groups with such a version, answered with the newest of them"
            ),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int, description="default 100, at most 500"),
        ],
        responses={200: DefinitionPage, **problems(404, 422)},
    )
    def get(self, request: Request) -> Response:
        """The feature groups of the project, by name."""
        filters = Filters.of(request.query_params)
        pages = Numbered()
        groups = pages.paginate_queryset(page_of_groups(caller(request).project, filters), request, view=self) or []
        return pages.get_paginated_response(documents_of(groups, filters.status))


class Definition(RegistryView):
    """`/features/{name}`: one group, by its active version."""

    @extend_schema(operation_id="read_feature", tags=["features"], responses={200: DefinitionAnswer, **problems(404)})
    def get(self, request: Request, name: str) -> Response:
        """The active version of a group. Its ETag serves If-None-Match here and If-Match in PATCH."""
        return _document(caller(request).project, name, None, 200, request.headers.get("If-None-Match"))

    @extend_schema(
        operation_id="describe_feature",
        tags=["features"],
        request=WordsShape,
        parameters=[_IF_MATCH],
        responses={200: DefinitionAnswer, **problems(404, 412, 415, 422)},
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change title, description, type, owner or tags. Everything else is a new version: POST it."""
        services.update_words(caller(request).project, name, request.data, caller(request).actor, request.headers.get("If-Match"))
        return _document(caller(request).project, name, None, 200)

    @extend_schema(operation_id="delete_feature", tags=["features"], request=None, responses={204: None, **problems(404, 409)})
    def delete(self, request: Request, name: str) -> Response:
        """Delete the definition and its values; the events stay. The name comes back only by POST, as the next version."""
        services.delete(caller(request).project, name, caller(request).actor)
        return Response(status=204)


class Versions(RegistryView):
    """`/features/{name}/versions/`."""

    @extend_schema(operation_id="list_versions", tags=["features"], responses={200: DefinitionPage, **problems(404)})
    def get(self, request: Request, name: str) -> Response:
        """All versions of a group, the newest first."""
        group = _found(caller(request).project, name)
        pages = Numbered()
        versions = pages.paginate_queryset(live_versions(group)[::-1], request, view=self) or []
        return pages.get_paginated_response([describe_version(group, version) for version in versions])


class OneVersion(RegistryView):
    """`/features/{name}/versions/{version}`."""

    @extend_schema(operation_id="read_version", tags=["features"], responses={200: DefinitionAnswer, **problems(404)})
    def get(self, request: Request, name: str, version: str) -> Response:
        """One version of a group."""
        return _document(caller(request).project, name, int(version), 200, request.headers.get("If-None-Match"))


def _found(project: str, name: str) -> Group:
    group = live_group(project, name)
    if group is None:
        raise NotFound("unknown_feature", f"there is no feature group {name[:80]!r}")
    return group


def _document(project: str, name: str, number: int | None, status: int, if_none_match: str | None = None) -> Response:
    group = _found(project, name)
    wanted = group.active if number is None else number
    version = next((v for v in live_versions(group) if v.number == wanted), None)
    if version is None:
        raise NotFound("unknown_version", f"{name} has no version {wanted}")
    tag = etag(group)
    if if_none_match is not None and tag in (part.strip().removeprefix("W/") for part in if_none_match.split(",")):
        return Response(status=304, headers={"ETag": tag})
    document = {**describe_version(group, version), "gated_entities": gated_entities(group, version)}
    return Response(document, status=status, headers={"ETag": tag})
