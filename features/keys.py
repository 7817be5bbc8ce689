"""API keys: made, taken back, noted when used. The text of a key exists only in the answer to its maker."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings

from backends.online import grants
from core import api_keys
from core.clock import now_us
from core.errors import Invalid, NotFound, Unavailable
from features import audit
from features.database import now, registry_up
from features.models import ApiKey
from features.publishing import publish_key

log = logging.getLogger(__name__)

NOTED_SECONDS = 60.0
_touched: dict[str, float] = {}


def create_key(
    project: str, name: str, scopes: Sequence[str], expires: datetime | None = None, actor: str = ""
) -> tuple[str, ApiKey]:
    """-> (the key's text, to be shown once; its row). `expires` None: never. Raises Invalid: unknown scope, past time."""
    if unknown := sorted(set(scopes) - set(api_keys.SCOPES)):
        raise Invalid(
            "unknown_scope", f"no such scope: {', '.join(unknown)}; there are {', '.join(api_keys.SCOPES)}", pointer="/scopes"
        )
    if expires is not None and expires <= now():
        raise Invalid("invalid_expiry", "a key expires in the future or never", pointer="/expires")
    text, public_id, secret = api_keys.make()
    with registry_up():
        key = ApiKey.objects.create(
            project=project,
            name=name[:200],
            public_id=public_id,
            digest=api_keys.digest(settings.JSTORE_KEY_PEPPER, secret),
            scopes=sorted(set(scopes)),
            expires_at=expires,
            created_at=now(),
            created_by=actor[:200],
        )
        audit.record(project, actor, "key_create", f"{key.name} {public_id}", scopes=key.scopes)
    publish_key(key)
    return text, key


def revoke_key(public_id: str, actor: str = "") -> None:
    """Ends a key for good, everywhere within five seconds; one that is revoked already stays so. Raises NotFound."""
    with registry_up():
        moved = ApiKey.objects.filter(public_id=public_id, revoked_at=None).update(revoked_at=now())
        key = ApiKey.objects.filter(public_id=public_id).first()
        if key is None:
            raise NotFound("unknown_key", f"no key has the public id {public_id[:16]!r}")
        if moved:
            audit.record(key.project, actor, "key_revoke", f"{key.name} {public_id}")
    publish_key(key)


def publish_again(public_id: str) -> None:
    """Gives Redis a key that it lost."""
    key = ApiKey.objects.filter(public_id=public_id).first()
    if key is not None:
        publish_key(key)


def touch(public_id: str) -> None:
    """Notes in the registry that a key is used; at most once a minute, and never at the price of the request itself."""
    clock = time.monotonic()
    if clock - _touched.get(public_id, -NOTED_SECONDS) < NOTED_SECONDS:
        return
    if len(_touched) >= grants.CACHE_MOST:
        _touched.clear()
    _touched[public_id] = clock
    try:
        with registry_up():
            ApiKey.objects.filter(public_id=public_id).update(last_used_at=now())
    except Unavailable:
        log.warning("the use of a key could not be noted: the registry does not answer", extra={"key": public_id})


def last_used(keys: Iterable[ApiKey]) -> dict[str, int]:
    """public id -> microseconds of the last use, the later of what the registry and the serving path noted."""
    rows = {key.public_id: key.last_used_at for key in keys}
    found = grants.last_uses(rows)
    for public_id, moment in rows.items():
        if moment is not None:
            found[public_id] = max(found.get(public_id, 0), int(moment.timestamp() * 1_000_000))
    return {public_id: min(us, now_us()) for public_id, us in found.items()}
