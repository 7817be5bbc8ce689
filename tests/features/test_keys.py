"""API keys: shown once, kept as a digest, revoked everywhere."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.models import QuerySet

from backends.online import grants
from core import api_keys
from core.errors import Invalid, NotFound, Unavailable
from features import keys, publishing
from features.database import now
from features.models import ApiKey, AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]


def redis_is_down(*args: object) -> None:
    raise Unavailable("redis_down", "the tests say so")


def test_a_key_is_kept_as_a_digest_only(settings):
    text, key = keys.create_key("default", "Ana's notebook", ["features:read"], actor="ana")
    public_id, secret = api_keys.parse(text)
    assert key.public_id == public_id
    assert key.digest == api_keys.digest(settings.JSTORE_KEY_PEPPER, secret)
    stored = json.dumps(list(ApiKey.objects.values()), default=str) + json.dumps(list(AuditEntry.objects.values()), default=str)
    assert secret not in stored


def test_a_key_is_usable_everywhere_when_its_answer_is_sent():
    _, key = keys.create_key("default", "a", ["events:write", "features:read"])
    grant = grants.api_key(key.public_id)
    assert grant is not None
    assert grant.scopes == ("events:write", "features:read")
    assert grant.project == "default"
    assert grant.expires_us is None


def test_making_and_revoking_are_audited():
    _, key = keys.create_key("default", "a", ["features:read"], actor="ana")
    keys.revoke_key(key.public_id, actor="bia")
    keys.revoke_key(key.public_id, actor="caio")
    assert sorted(AuditEntry.objects.values_list("action", "actor")) == [("key_create", "ana"), ("key_revoke", "bia")]
    assert grants.api_key(key.public_id) is None
    assert ApiKey.objects.get().revoked_at is not None


def test_it_refuses_what_makes_no_sense():
    with pytest.raises(Invalid, match="unknown_scope"):
        keys.create_key("default", "a", ["everything"])
    with pytest.raises(Invalid, match="invalid_expiry"):
        keys.create_key("default", "a", [], expires=now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        keys.revoke_key("nobody00")
    assert not ApiKey.objects.exists()


def test_a_key_made_while_redis_is_down_is_published_later(monkeypatch):
    monkeypatch.setattr(grants, "publish_key", redis_is_down)
    _, key = keys.create_key("default", "a", ["features:read"])
    assert grants.api_key(key.public_id) is None
    monkeypatch.undo()
    assert publishing.ensure_published("default") == 1
    assert grants.api_key(key.public_id) is not None
    assert publishing.ensure_published("default") == 0


def test_a_revocation_that_redis_missed_is_made_good():
    _, key = keys.create_key("default", "a", ["features:read"])
    ApiKey.objects.update(revoked_at=now())
    assert publishing.ensure_published("default") == 1
    assert grants.api_key(key.public_id) is None


def test_last_use_is_the_later_of_both_notes():
    _, key = keys.create_key("default", "a", ["features:read"])
    assert keys.last_used([key]) == {}
    keys.touch(key.public_id)
    key.refresh_from_db()
    assert key.last_used_at is not None
    grants.note_use(key.public_id)
    assert keys.last_used([key])[key.public_id] >= int(key.last_used_at.timestamp() * 1_000_000)


def test_the_command_prints_the_key_alone(capsys):
    call_command("create_api_key", "ci", "--scope", "events:write", "--days", "30")
    out, err = capsys.readouterr()
    public_id, _ = api_keys.parse(out.strip())
    key = ApiKey.objects.get(public_id=public_id)
    assert key.scopes == ["events:write"]
    assert timedelta(days=29) < key.expires_at - now() < timedelta(days=31)
    assert out.strip() not in err


def test_the_command_makes_a_key_without_admin_and_refuses_a_bad_project(capsys):
    call_command("create_api_key", "ci")
    assert "admin" not in ApiKey.objects.get().scopes
    with pytest.raises(CommandError):
        call_command("create_api_key", "ci", "--project", "No Name")


def test_a_registry_that_is_down_does_not_stop_a_key_that_redis_knows(monkeypatch):
    def down(*args: object, **more: object) -> None:
        raise OperationalError("the tests say so")

    _, key = keys.create_key("default", "a", ["features:read"])
    monkeypatch.setattr(QuerySet, "update", down)
    keys.touch(key.public_id)
