"""What a caller may do here: scopes, given by the key, by the local rule, or by the roles of a signed-in user."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.errors import Forbidden, Unauthorized
from features.authentication import Caller


def caller(request: Request) -> Caller:
    """Who calls a view that has HasScopes."""
    found: Any = request.auth
    assert isinstance(found, Caller)
    return found


SAFE = ("GET", "HEAD", "OPTIONS")


class HasScopes(BasePermission):
    """A view names what each method needs: `required_scopes = {"GET": "features:read", "POST": "registry:write"}`.

    HEAD and OPTIONS need what GET needs; a method that is not named needs `admin`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or raises Unauthorized (nobody) or Forbidden (somebody without the scope)."""
        found: Any = request.auth
        if not isinstance(found, Caller):
            raise Unauthorized("missing_key", "send an API key: Authorization: Bearer jst_…")
        needed: str = view.required_scopes.get("GET" if request.method in SAFE else request.method, "admin")
        if not found.may(needed):
            raise Forbidden("missing_scope", f"this needs the scope {needed}")
        return True
