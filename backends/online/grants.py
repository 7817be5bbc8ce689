"""API keys as the serving path knows them: what a key may do, in one Redis hash, behind a cache of two seconds.

The secret is nowhere: `digest` is its HMAC. A revoked id is remembered, so that a late republish cannot bring the key back.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import orjson

from backends.online.client import as_text, client, redis_up
from core import api_keys
from core.clock import now_us
from core.errors import Unauthorized

_GRANTS, _REVOKED, _USED = "js:{keys}:grants", "js:{keys}:revoked", "js:{keys}:used"
# A revocation must be felt within 5 s everywhere; this is the longest time a process believes its own copy.
CACHE_SECONDS = 2.0
CACHE_MOST = 10_000
USED_SECONDS = 60.0

_PUBLISH = """
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


@dataclass(frozen=True)
class KeyGrant:
    """What one API key may do. `expires_us` None: never expires."""

    public_id: str
    project: str
    digest: str
    scopes: tuple[str, ...]
    expires_us: int | None
    name: str

    def to_json(self) -> bytes:
        """The published form."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: bytes | str) -> KeyGrant:
        """The inverse of to_json."""
        fields = orjson.loads(text)
        return cls(**{**fields, "scopes": tuple(fields["scopes"])})


_cache: dict[str, tuple[KeyGrant, float]] = {}
_noted: dict[str, float] = {}


def api_key(public_id: str) -> KeyGrant | None:
    """The grant of a key; None where none is published. An unknown id is asked of Redis each time, so a new key works at once."""
    known = _cache.get(public_id)
    if known is not None and time.monotonic() - known[1] < CACHE_SECONDS:
        return known[0]
    with redis_up():
        text = client().hget(_GRANTS, public_id)
    if text is None:
        _cache.pop(public_id, None)
        return None
    if len(_cache) >= CACHE_MOST:
        _cache.clear()
    grant = KeyGrant.from_json(text)
    _cache[public_id] = grant, time.monotonic()
    return grant


def check_secret(grant: KeyGrant | None, pepper: str, secret: str, now: int | None = None) -> KeyGrant:
    """The grant, if the secret is its own and it has not expired; else Unauthorized. As slow for an unknown id."""
    digest = api_keys.digest(pepper, secret)
    same = hmac.compare_digest(digest, grant.digest if grant is not None else "0" * len(digest))
    if grant is None or not same:
        raise Unauthorized("invalid_key", "the API key is not known here, or was revoked")
    if grant.expires_us is not None and grant.expires_us <= (now_us() if now is None else now):
        raise Unauthorized("expired_key", "the API key has expired")
    return grant


def publish_key(grant: KeyGrant) -> bool:
    """Makes a key usable everywhere. -> False where its id was revoked."""
    with redis_up():
        return bool(client().eval(_PUBLISH, 2, _GRANTS, _REVOKED, grant.public_id, grant.to_json()))


def revoke_key(public_id: str) -> None:
    """Takes a key back: here at once, in every process within CACHE_SECONDS."""
    _cache.pop(public_id, None)
    with redis_up():
        pipe = client().pipeline(transaction=True)
        pipe.sadd(_REVOKED, public_id)
        pipe.hdel(_GRANTS, public_id)
        pipe.execute()


def published_ids() -> frozenset[str]:
    """Public ids of the keys that are published; what a healer compares with the registry."""
    with redis_up():
        return frozenset(map(as_text, client().hkeys(_GRANTS)))


def note_use(public_id: str) -> None:
    """Remembers that a key was used, at most once a minute and process."""
    now = time.monotonic()
    if now - _noted.get(public_id, -USED_SECONDS) < USED_SECONDS:
        return
    if len(_noted) >= CACHE_MOST:
        _noted.clear()
    _noted[public_id] = now
    with redis_up():
        client().hset(_USED, public_id, now_us())


def last_uses(public_ids: Iterable[str]) -> dict[str, int]:
    """public id -> time (us) of its last noted use; ids that were never used are left out."""
    if not (wanted := list(public_ids)):
        return {}
    with redis_up():
        found = client().hmget(_USED, wanted)
    return {key: int(us) for key, us in zip(wanted, found, strict=True) if us is not None}
