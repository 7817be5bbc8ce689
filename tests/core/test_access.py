"""The local rule, word by word, and keys in addresses."""

from typing import Any

import pytest

from core import access, api_keys

LOCAL: dict[str, Any] = {"peer": "127.0.0.1", "host": "localhost:8000", "origin": None, "content_type": None, "has_body": False}
POST = LOCAL | {"content_type": "application/json", "has_body": True}


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, True),
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}, True),
        ({"POSTGRES_URI": "postgresql://x"}, False),
        ({"REDIS_URI": "redis://x"}, False),
        ({"MONGODB_URI": "mongodb://x"}, False),
        ({"POSTGRES_URI": "", "REDIS_URI": " "}, True),
        ({"JSTORE_ANONYMOUS_LOCAL": "1", "POSTGRES_URI": "postgresql://x"}, True),
        ({"JSTORE_ANONYMOUS_LOCAL": "0"}, False),
        ({"JSTORE_ANONYMOUS_LOCAL": "false"}, False),
        ({"JSTORE_ANONYMOUS_LOCAL": "maybe"}, False),
        ({"JSTORE_ANONYMOUS_LOCAL": ""}, True),
    ],
)
def test_when_it_is_on(environ: dict[str, str], on: bool) -> None:
    assert access.local_rule_on(environ) is on


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"peer": "::1"},
        {"peer": "127.8.9.10"},
        {"peer": "::ffff:127.0.0.1"},
        {"peer": "172.18.0.1", "trusted_gateways": ["172.18.0.1"]},
        {"peer": "::ffff:172.18.0.1", "trusted_gateways": ["172.18.0.1"]},
        {"host": "localhost"},
        {"host": "LOCALHOST:3000"},
        {"host": "127.0.0.1:8123"},
        {"host": "[::1]"},
        {"host": "[::1]:8000"},
        {"origin": "http://localhost:8000"},
        {"origin": "HTTP://LocalHost:8000"},
        {"origin": "http://localhost", "host": "localhost"},
        {"origin": "http://localhost:80", "host": "localhost"},
        {"origin": "http://localhost", "host": "localhost:80"},
        {"origin": "https://127.0.0.1", "host": "127.0.0.1:443"},
        {"origin": "http://[::1]:8000", "host": "[::1]:8000"},
        {"content_type": "text/plain"},
        {"content_type": "application/json", "has_body": True},
        {"content_type": "Application/JSON; charset=utf-8", "has_body": True},
        {"content_type": "application/x-ndjson", "has_body": True},
    ],
)
def test_it_is_local(change: dict[str, Any]) -> None:
    assert access.is_local(**(LOCAL | change)) is True


@pytest.mark.parametrize(
    "change",
    [
        {"peer": None}, {"peer": ""}, {"peer": "10.0.0.1"}, {"peer": "localhost"}, {"peer": "::ffff:10.0.0.1"},
        {"peer": "0.0.0.0"}, {"peer": "::"}, {"peer": "172.18.0.1"}, {"peer": "172.18.0.2", "trusted_gateways": ["172.18.0.1"]},
        {"peer": "", "trusted_gateways": ["", "x"]}, {"host": None}, {"host": ""}, {"host": "evil.example"},
        {"host": "localhost.evil.example"}, {"host": "localhost:8000@evil.example"}, {"host": "127.0.0.1.nip.io"},
        {"host": "127.0.0.2"}, {"host": "::1"}, {"host": "[::1"}, {"host": "localhost:"}, {"host": "localhost:0"},
        {"host": "localhost:99999"}, {"host": "localhost:٨٠"}, {"host": "localhost\n"}, {"host": "localhost, evil.example"},
        {"host": "2130706433"}, {"origin": ""}, {"origin": "null"}, {"origin": "https://evil.example"},
        {"origin": "http://localhost:3001"}, {"origin": "http://127.0.0.1:8000"}, {"origin": "http://localhost"},
        {"origin": "https://localhost:8000@evil.example"}, {"origin": "localhost:8000"},
        {"origin": "chrome-extension://localhost:8000"}, {"origin": "http://localhost:8000/path"},
        {"origin": "https://localhost", "host": "localhost:80"}, {"content_type": None, "has_body": True},
        {"content_type": "", "has_body": True}, {"content_type": "text/plain", "has_body": True},
        {"content_type": "application/x-www-form-urlencoded", "has_body": True},
        {"content_type": "multipart/form-data", "has_body": True},
        {"content_type": "text/plain; application/json", "has_body": True},
        {"content_type": "application/json, text/plain", "has_body": True},
        {"content_type": "application/jsonx", "has_body": True},
    ],
)  # fmt: skip
def test_it_is_not_local(change: dict[str, Any]) -> None:
    assert access.is_local(**(LOCAL | change)) is False


def test_each_condition_is_needed() -> None:
    assert access.is_local(**POST)
    for change in (
        {"peer": "10.0.0.1"},
        {"host": "example.org"},
        {"origin": "http://example.org"},
        {"content_type": "text/plain"},
    ):
        assert not access.is_local(**(POST | change))


KEY = api_keys.make()[0]


@pytest.mark.parametrize(
    "target",
    [
        f"/api/v1/features/?api_key={KEY}",
        f"/api/v1/features/?x={KEY}",
        f"/api/v1/features/?X-API-Key={KEY}",
        f"/api/v1/features/{KEY}",
        f"/?q={KEY.replace('_', '%5F')}",
        f"/?Authorization=Bearer%20{KEY}",
        "/?api_key=jst_short",
        "/?apikey=j%73t_short",
    ],
)
def test_a_key_in_the_address_is_seen(target: str) -> None:
    assert access.key_in_url(target) is True


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/api/v1/features/?search=api_key",
        "/api/v1/features/just_values/values/u1",
        "/?token=abc",
        "/?user_id=jst_1",
        "/?api_key=",
        "/?key=%FF",
    ],
)
def test_an_ordinary_address_has_none(target: str) -> None:
    assert access.key_in_url(target) is False
