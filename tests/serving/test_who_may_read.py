"""Keys and the local rule on the path before Django: as on every other route."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from core.clock import now_us
from tests.serving import world
from tests.serving.wsgi import call

PATH = "/api/v1/features/trips/values/u1"
BODY = json.dumps({"features": ["trips"], "entities": {"user_id": ["u1"]}}).encode()


@pytest.fixture
def trips(redis):
    return world.publish(world.group("trips"))


@pytest.fixture(autouse=True)
def local_rule_off(settings):
    settings.JSTORE_ANONYMOUS_LOCAL = False


def test_either_header_carries_the_key(trips, hot, key):
    assert call(hot, "GET", PATH, key=key).status == 200
    assert call(hot, "GET", PATH, HTTP_X_API_KEY=key).status == 200
    assert call(hot, "GET", PATH, HTTP_AUTHORIZATION=f"bearer  {key}").status == 200


def test_without_a_key_it_is_401(trips, hot, django):
    for app in (hot, django):
        reply = call(app, "GET", PATH)
        assert (reply.status, reply.json["code"]) == (401, "missing_key")
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer jst_00000000_" + "a" * 49, "Bearer x", "Bearer jst_é"])
def test_other_credentials_are_401(trips, whole, header):
    assert call(whole, "GET", PATH, HTTP_AUTHORIZATION=header).status == 401


def test_a_key_of_no_use_is_refused(trips, whole, make_key):
    expired = call(whole, "GET", PATH, key=make_key(expires_us=now_us() - 1))
    assert (expired.status, expired.json["code"]) == (401, "expired_key")
    writer = call(whole, "POST", "/api/v1/online-features", BODY, key=make_key(scopes=("events:write",)))
    assert (writer.status, writer.json["code"]) == (403, "missing_scope")
    assert call(whole, "GET", PATH, key=make_key(scopes=("admin",))).status == 200


def test_a_key_sees_its_own_project_alone(trips, whole, make_key):
    assert call(whole, "GET", PATH, key=make_key("other")).status == 404


def test_a_key_in_the_address_is_400(trips, hot, django, key):
    for app in (hot, django):
        for query in (f"api_key={key}", f"x={key}"):
            reply = call(app, "GET", PATH, query=query, key=key)
            assert (reply.status, reply.json["code"]) == (400, "key_in_url")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"HTTP_HOST": "127.0.0.1:8000"}, 200),
        ({"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"}, 200),
        ({"HTTP_ORIGIN": "http://localhost:8000"}, 200),
        ({"HTTP_ORIGIN": "https://evil.example"}, 401),
        ({"HTTP_ORIGIN": "null"}, 401),
        ({"HTTP_HOST": "evil.example"}, 401),
        ({"REMOTE_ADDR": "10.0.0.7"}, 401),
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
    ],
)
def test_the_local_rule_needs_no_key(trips, hot, settings, more, status):
    settings.JSTORE_ANONYMOUS_LOCAL = True
    assert call(hot, "GET", PATH, **more).status == status
    assert call(hot, "POST", "/api/v1/online-features", BODY, **more).status == status
    assert call(hot, "POST", "/api/v1/online-features", BODY, content_type="text/plain", **more).status == 401


@pytest.mark.django_db
def test_a_signed_in_user_is_answered_by_django(trips, whole):
    client = Client()
    user = get_user_model().objects.create_user("reader", password="x")
    client.force_login(user)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    assert call(whole, "GET", PATH, HTTP_COOKIE=cookie).status == 200
    refused = call(whole, "POST", "/api/v1/online-features", BODY, HTTP_COOKIE=cookie)
    assert refused.status == 403, "a session's POST needs its CSRF token"
    assert call(whole, "GET", PATH, HTTP_COOKIE="sessionid=" + "a" * 32).status == 401


def test_the_request_id_is_the_callers_where_it_is_harmless(trips, hot, key):
    assert call(hot, "GET", PATH, key=key, HTTP_X_REQUEST_ID="abc-1").headers["x-request-id"] == "abc-1"
    assert call(hot, "GET", PATH, key=key, HTTP_X_REQUEST_ID="a\r\nb: c").headers["x-request-id"].isalnum()


def test_redis_down_is_503(hot, key, monkeypatch, settings):
    settings.REDIS_URI = "redis://127.0.0.1:1/0"
    reply = call(hot, "GET", PATH, key=key)
    assert (reply.status, reply.json["code"], reply.headers["retry-after"]) == (503, "redis_down", "1")
