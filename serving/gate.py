"""Who may read by the path before Django: a published key or the local rule. What only Django can judge is passed on to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from backends.online import callers, grants
from backends.online.callers import Caller
from core.errors import Forbidden, Unauthorized

SCOPE = "features:read"


def reader(environ: Mapping[str, Any]) -> Caller | None:
    """The caller, allowed to read; None where Django must answer (a session, a key that Redis does not know).

    Raises BadRequest for a key in the address, Unauthorized, Forbidden, Unavailable.
    """
    callers.refuse_key_in_url(environ)
    text = callers.key_text(environ)
    if text is None:
        if f"{settings.SESSION_COOKIE_NAME}=" in environ.get("HTTP_COOKIE", ""):
            return None
        caller = callers.local_caller(environ)
        if caller is None:
            raise Unauthorized("missing_key", "send an API key: Authorization: Bearer jst_…")
    else:
        public_id, secret = callers.split_key(text)
        grant = grants.api_key(public_id)
        if grant is None:
            return None
        caller = callers.check_key(grant, secret)
        grants.note_use(public_id)
    if not caller.may(SCOPE):
        raise Forbidden("missing_scope", f"this needs the scope {SCOPE}")
    return caller
