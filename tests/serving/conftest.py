"""The two roads of the online routes, and a key for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from backends.online import grants
from core import api_keys
from serving import lookup
from serving.hot import hot_app


def django_alone(environ, start_response):
    """What the path before Django must never call for what it answers itself."""
    raise AssertionError(f"passed on to Django: {environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}")


@pytest.fixture
def hot():
    """The path before Django, with nothing behind it."""
    return hot_app(django_alone)


@pytest.fixture
def django(db):
    """Django without the path before it, on the test's own connection (as Django's test client does it)."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def whole(django):
    """Both, as served."""
    return hot_app(django)


@pytest.fixture(autouse=True)
def confirmed(monkeypatch):
    """The registry has said that Redis holds everything: what is not published is not there. (These tests have no registry.)"""
    monkeypatch.setattr(lookup, "confirmed", lambda project: True)


@pytest.fixture
def make_key(redis) -> Callable[..., str]:
    def make(project: str = "default", scopes: tuple[str, ...] = ("features:read",), expires_us: int | None = None) -> str:
        text, public_id, secret = api_keys.make()
        digest = api_keys.digest(settings.JSTORE_KEY_PEPPER, secret)
        grants.publish_key(grants.KeyGrant(public_id, project, digest, scopes, expires_us, "test"))
        return text

    return make


@pytest.fixture
def key(make_key) -> str:
    return make_key()
