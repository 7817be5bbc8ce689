"""Authentication of API views: a key, a session with its CSRF token, or the local rule. The request gets .project and .actor."""

from __future__ import annotations

import logging
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from backends.online import callers, grants
from backends.online.callers import Caller as Caller
from core.errors import Unavailable
from features import keys, selectors
from features.roles import caller_of_user

log = logging.getLogger(__name__)


class KeyUser:
    """What `request.user` is for a caller without an account."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    is_staff = False
    is_superuser = False
    pk = None

    def __init__(self, name: str) -> None:
        self.username = name

    def __str__(self) -> str:
        return self.username


class KeyOrSessionAuthentication(BaseAuthentication):
    """`Authorization: Bearer jst_…` or `X-API-Key`; else the session (unsafe methods with CSRF token); else the local rule.

    Raises BadRequest for a key in the address, Unauthorized for a key that is wrong, expired or revoked.
    """

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """-> (user, caller), or None where nobody is named."""
        plain = request._request
        callers.refuse_key_in_url(plain.META)
        text = callers.key_text(plain.META)
        user = getattr(plain, "user", None)
        if text is not None:
            caller = _by_key(text)
            user = KeyUser(caller.actor)
        elif user is not None and user.is_authenticated and user.is_active:
            SessionAuthentication().enforce_csrf(request)
            caller = caller_of_user(user)
        else:
            local = callers.local_caller(plain.META)
            if local is None:
                return None
            caller, user = local, KeyUser(local.actor)
        plain.project, plain.actor = caller.project, caller.actor  # type: ignore[attr-defined]
        return user, caller

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


def _by_key(text: str) -> Caller:
    """A key that Redis does not know is asked of the registry: Redis may have been emptied, or down when the key was made."""
    public_id, secret = callers.split_key(text)
    try:
        grant = grants.api_key(public_id)
    except Unavailable:
        log.warning("keys are read from the registry: Redis does not answer")
        grant = None
    if grant is None:
        grant = selectors.key_grant(public_id)
        caller = callers.check_key(grant, secret)
        keys.publish_again(public_id)
    else:
        caller = callers.check_key(grant, secret)
    keys.touch(public_id)
    return caller


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document speaks of it."""

    target_class = "features.authentication.KeyOrSessionAuthentication"
    name = ["ApiKey", "ApiKeyHeader"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Either of the two."""
        return [{"ApiKey": []}, {"ApiKeyHeader": []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """The two header forms."""
        return [
            {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer jst_…"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "X-API-Key: jst_…"},
        ]
