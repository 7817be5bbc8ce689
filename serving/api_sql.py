"""REST of SQL that is not stored yet (docs/api.md, "Checking SQL")."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Forbidden
from features.parsers import StrictJSONParser
from features.permissions import HasScopes, caller
from features.serializers import ProblemShape
from serving.shapes_sql import SqlAnswer, SqlQuestion
from serving.sql_answer import answer


class SqlCheck(APIView):
    """`/sql/check`."""

    parser_classes = (StrictJSONParser,)
    permission_classes = (HasScopes,)
    required_scopes: ClassVar[dict[str, str]] = {"POST": "registry:write"}

    @extend_schema(
        operation_id="check_sql",
        tags=["features"],
        request=SqlQuestion,
        responses={200: SqlAnswer, **dict.fromkeys((400, 401, 403, 413, 415, 422, 429, 503), ProblemShape)},
    )
    def post(self, request: Request) -> Response:
        """What a definition's SQL would become: columns, types, lineage, path, warnings; with `preview` values of real events.
        Nothing is stored. Wrong SQL is answered with 200 and `errors`."""
        by = caller(request)
        asked = request.data.get("preview") if isinstance(request.data, dict) else None
        if asked not in (None, False) and not by.may("features:read"):
            raise Forbidden("missing_scope", "a preview shows values: this needs the scope features:read")
        return Response(answer(by.project, request.data), headers={"Cache-Control": "no-store"})
