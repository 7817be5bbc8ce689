"""API keys in Redis: usable at once, gone at once, never brought back."""

import time

import pytest

from backends.online import grants
from backends.online.grants import KeyGrant
from core import api_keys
from core.clock import now_us
from core.errors import Unauthorized

PEPPER = "a pepper of the tests"


def make(**more: object) -> tuple[str, KeyGrant]:
    _, public_id, secret = api_keys.make()
    fields = {
        "public_id": public_id, "project": "default", "digest": api_keys.digest(PEPPER, secret), "scopes": ("features:read",),
        "expires_us": None, "name": "tests", **more,
    }  # fmt: skip
    return secret, KeyGrant(**fields)  # type: ignore[arg-type]


def test_a_published_key_is_known_at_once(redis):
    _, grant = make()
    assert grants.api_key(grant.public_id) is None
    grants.publish_key(grant)
    assert grants.api_key(grant.public_id) == grant


def test_a_revoked_key_is_unknown_here_at_once_and_elsewhere_within_the_cache_time(redis, monkeypatch):
    _, grant = make()
    grants.publish_key(grant)
    grants.api_key(grant.public_id)
    elsewhere = dict(grants._cache)  # what another process remembers
    grants.revoke_key(grant.public_id)
    assert grants.api_key(grant.public_id) is None
    grants._cache.update(elsewhere)
    clock = time.monotonic()
    monkeypatch.setattr(grants.time, "monotonic", lambda: clock + grants.CACHE_SECONDS + 0.01)
    assert grants.api_key(grant.public_id) is None
    assert grants.CACHE_SECONDS < 5


def test_a_late_republish_does_not_bring_a_revoked_key_back(redis):
    _, grant = make()
    grants.publish_key(grant)
    grants.revoke_key(grant.public_id)
    assert not grants.publish_key(grant)
    assert grants.api_key(grant.public_id) is None


def test_the_secret_decides(redis):
    secret, grant = make()
    assert grants.check_secret(grant, PEPPER, secret) is grant
    for known, pepper, given in ((grant, PEPPER, secret[::-1]), (grant, "another pepper", secret), (None, PEPPER, secret)):
        with pytest.raises(Unauthorized, match="invalid_key"):
            grants.check_secret(known, pepper, given)


def test_an_expired_key_is_refused(redis):
    secret, grant = make(expires_us=now_us() - 1)
    with pytest.raises(Unauthorized, match="expired_key"):
        grants.check_secret(grant, PEPPER, secret)


def test_a_use_is_noted_once_a_minute(redis):
    _, grant = make()
    grants.note_use(grant.public_id)
    first = grants.last_uses([grant.public_id, "nobody00"])
    grants.note_use(grant.public_id)
    assert grants.last_uses([grant.public_id]) == first
    assert list(first) == [grant.public_id]
