"""Who may do what: keys, scopes, sessions with CSRF, and the local rule exactly as docs/api.md has it."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.test import Client

from backends.online import grants
from core import api_keys
from core.errors import Unavailable
from features import publishing, services
from features.database import now
from features.models import ApiKey, AuditEntry
from tests.features.world import definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]
PATH = "/api/v1/features/"


@pytest.fixture
def key():
    return services.create_key("default", "tests", ["features:read", "registry:write"])[0]


def get(path: str = PATH, client: Client | None = None, **headers: str):
    return (client or Client()).get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})


def post(
    client: Client | None = None, content_type: str = "application/json", environ: dict[str, str] | None = None, **headers: str
):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return (client or Client()).generic(
        "POST", PATH, json.dumps(definition()), content_type=content_type, headers=named, **(environ or {})
    )


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_both_headers_carry_a_key_in_any_case(key):
    assert get(Authorization=f"Bearer {key}").status_code == 200
    assert get(authorization=f"bearer {key}").status_code == 200
    assert get(X_API_Key=key).status_code == 200
    assert get(x_api_key=key).status_code == 200


def test_no_key_a_wrong_one_and_other_credentials_are_401_problems(key):
    wrong = api_keys.make()[0]
    for headers in (
        {},
        {"X_API_Key": wrong},
        {"X_API_Key": "jst_00000000_" + "a" * 49},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {key}"},
        {"Authorization": "Bearer \x00"},
        {"X_API_Key": key + "a"},
        {"X_API_Key": key[:-1] + "é"},
    ):
        response = get(**headers)
        assert response.status_code == 401, headers
        assert response["Content-Type"] == "application/problem+json"
        assert response["WWW-Authenticate"] == "Bearer"
    assert code(get()) == (401, "missing_key")
    assert code(get(X_API_Key=wrong)) == (401, "invalid_key")


def test_a_key_with_another_secret_is_401(key):
    public_id, _ = api_keys.parse(key)
    secret = api_keys.make()[2]
    assert code(get(X_API_Key=f"jst_{public_id}_{secret}{api_keys._check(public_id, secret)}")) == (401, "invalid_key")


def test_revoked_and_expired_keys_are_401(key):
    assert get(X_API_Key=key).status_code == 200
    services.revoke_key(api_keys.parse(key)[0])
    assert code(get(X_API_Key=key)) == (401, "invalid_key")
    text, short = services.create_key("default", "short", ["features:read"], now() + timedelta(hours=1))
    assert get(X_API_Key=text).status_code == 200
    ApiKey.objects.filter(pk=short.pk).update(expires_at=now() - timedelta(seconds=1))
    publishing.republish()
    grants._cache.clear()
    assert code(get(X_API_Key=text)) == (401, "expired_key")


def test_scopes_are_kept(key):
    reader, _ = services.create_key("default", "reader", ["features:read"])
    writer, _ = services.create_key("default", "writer", ["events:write"])
    admin, _ = services.create_key("default", "admin", ["admin"])
    assert get(X_API_Key=reader).status_code == 200
    assert code(post(X_API_Key=reader)) == (403, "missing_scope")
    assert code(get(X_API_Key=writer)) == (403, "missing_scope")
    assert code(Client().delete(PATH + "x", headers={"X-API-Key": reader})) == (403, "missing_scope")
    assert post(X_API_Key=admin).status_code == 201
    assert post(X_API_Key=key).status_code == 200


@pytest.mark.parametrize("query", ["?api_key={}", "?x=1&token={}", "{}", "?X-API-Key={}"])
def test_a_key_in_the_address_is_400(key, query):
    assert code(get(PATH + query.format(key))) == (400, "key_in_url")
    assert code(get(PATH + query.format(key), X_API_Key=key)) == (400, "key_in_url")


def test_a_key_that_redis_lost_is_asked_of_the_registry(key, redis):
    redis.flushall()
    grants._cache.clear()
    assert get(X_API_Key=key).status_code == 200
    assert grants.api_key(api_keys.parse(key)[0]) is not None


def test_definitions_can_be_read_while_redis_is_down(key, monkeypatch):
    def down(*args: object) -> None:
        raise Unavailable("redis_down", "the tests say so")

    for name in ("api_key", "publish_key"):
        monkeypatch.setattr(grants, name, down)
    assert get(X_API_Key=key).status_code == 200
    assert get(X_API_Key=api_keys.make()[0]).status_code == 401


def test_the_use_of_a_key_is_noted(key):
    get(X_API_Key=key)
    assert ApiKey.objects.get().last_used_at is not None


def test_a_session_needs_its_csrf_token_to_write():
    User.objects.create_superuser("ana", password="a password of ana")
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="ana", password="a password of ana")
    assert get(client=client).status_code == 200
    assert post(client).status_code == 403
    client.get("/accounts/login/")
    client.cookies["csrftoken"] = token = "a" * 32
    assert post(client, X_CSRFToken=token).status_code == 201
    assert AuditEntry.objects.get().actor == "user:ana"


def test_roles_of_users_are_scopes():
    user = User.objects.create_user("bia", password="a password of bia")
    client = Client()
    client.force_login(user)
    assert get(client=client).status_code == 200
    assert post(client).status_code == 403
    user.groups.add(Role.objects.create(name="editor"))
    assert post(client).status_code == 201


LOCAL = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def local_rule(settings):
    settings.JSTORE_ANONYMOUS_LOCAL = True


@pytest.mark.usefixtures("local_rule")
def test_this_machine_needs_no_key():
    assert post(environ=LOCAL).status_code == 201
    assert AuditEntry.objects.get().actor == "local"
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"):
        assert post(environ={**LOCAL, "HTTP_HOST": host}).status_code == 200, host
    assert post(environ={**LOCAL, "REMOTE_ADDR": "::1"}).status_code == 200
    assert post(environ={**LOCAL, "HTTP_ORIGIN": "http://localhost:8000"}).status_code == 200
    assert Client().get(PATH, **LOCAL).status_code == 200
    assert Client().delete(PATH + "user_metrics", **LOCAL).status_code == 204


@pytest.mark.usefixtures("local_rule")
@pytest.mark.parametrize(
    "foreign",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "http://localhost:3001"},
        {"HTTP_HOST": "testserver"},
    ],
)
def test_others_need_one(foreign):
    assert post(environ={**LOCAL, **foreign}).status_code in (400, 401)
    assert Client().get(PATH, **{**LOCAL, **foreign}).status_code in (400, 401)


@pytest.mark.usefixtures("local_rule")
def test_a_foreign_host_is_refused():
    assert post(environ={**LOCAL, "HTTP_HOST": "evil.example"}).status_code == 400


@pytest.mark.usefixtures("local_rule")
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_bodies_that_a_browser_sends_without_asking_are_refused(content_type):
    assert post(environ=LOCAL, content_type=content_type).status_code == 401


@pytest.mark.usefixtures("local_rule")
def test_a_wrong_key_is_not_helped_by_the_rule():
    assert post(environ=LOCAL, X_API_Key=api_keys.make()[0]).status_code == 401


def test_the_rule_can_be_off(settings):
    settings.JSTORE_ANONYMOUS_LOCAL = False
    assert post(environ=LOCAL).status_code == 401
