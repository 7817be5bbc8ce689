"""Who calls, told from a WSGI environ: an API key, or the local rule. Used by Django's views and by the path before Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from backends.online import grants, rates
from backends.online.grants import KeyGrant
from core import access, api_keys
from core.errors import BadRequest, Unauthorized

EDITOR = ("features:read", "features:write", "events:write", "training:run", "registry:write")
LOCAL_PROJECT = "default"


@dataclass(frozen=True)
class Caller:
    """Who acts, in which project, with which scopes. `public_id` is the key's, None for local and signed-in callers."""

    project: str
    actor: str
    scopes: tuple[str, ...]
    public_id: str | None = None

    def may(self, scope: str) -> bool:
        """Whether the caller has the scope; `admin` has all."""
        return api_keys.permits(self.scopes, scope)


LOCAL = Caller(LOCAL_PROJECT, "local", EDITOR)


def refuse_key_in_url(environ: Mapping[str, Any]) -> None:
    """Raises BadRequest where the address carries a key: addresses end up in logs and histories."""
    target = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
    if access.key_in_url(target):
        raise BadRequest("key_in_url", "send the API key in the Authorization header, never in the address; revoke this one")


def key_text(environ: Mapping[str, Any]) -> str | None:
    """The key in a request's headers, None where there is none. Raises Unauthorized for credentials of another kind."""
    authorization = str(environ.get("HTTP_AUTHORIZATION") or "").strip()
    if not authorization:
        return str(environ.get("HTTP_X_API_KEY") or "").strip() or None
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("invalid_key", "credentials are sent as Authorization: Bearer jst_…")
    return text.strip()


def split_key(text: str) -> tuple[str, str]:
    """-> (public id, secret); raises Unauthorized for a text that is no key."""
    return api_keys.parse(text)


def check_key(grant: KeyGrant | None, secret: str) -> Caller:
    """The caller that a grant and a secret make; raises Unauthorized (unknown id, wrong secret, expired), TooManyRequests."""
    good = grants.check_secret(grant, settings.JSTORE_KEY_PEPPER, secret)
    rates.take(good.public_id)
    return Caller(good.project, f"key:{good.name}", good.scopes, good.public_id)


def local_caller(environ: Mapping[str, Any]) -> Caller | None:
    """The editor of project `default` where the local rule takes the request, else None. For requests without a key only."""
    if not settings.JSTORE_ANONYMOUS_LOCAL:
        return None
    has_body = environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ
    taken = access.is_local(
        environ.get("REMOTE_ADDR"),
        environ.get("HTTP_HOST"),
        environ.get("HTTP_ORIGIN"),
        environ.get("CONTENT_TYPE"),
        has_body,
        getattr(settings, "JSTORE_LOCAL_GATEWAYS", ()),
    )
    return LOCAL if taken else None
