"""Swagger UI, ReDoc and the OpenAPI document: open to everybody, from our own static files only."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client


@pytest.fixture
def http():
    return Client()


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_the_page_needs_no_key_and_no_other_host(http, path):
    answer = http.get(path)
    assert answer.status_code == 200
    assert not re.findall(r"https?://", answer.text)
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', answer.text)
    assert files
    assert [name for name in files if finders.find(name) is None] == []


def test_the_swagger_script_is_a_file_of_its_own(http):
    (script,) = re.findall(r'src="(/docs\?[^"]*script[^"]*)"', http.get("/docs").text)
    answer = http.get(script)
    assert answer["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/schema", "/api/v1/schema/"])
def test_the_document_needs_no_key(http, path):
    answer = http.get(path)
    assert answer.status_code == 200
    assert "openapi: 3." in answer.text


def policy(answer):
    return dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))


def test_only_these_pages_and_the_admin_have_a_wider_policy(http):
    login = policy(http.get("/accounts/login/"))
    assert "'unsafe" not in " ".join(login.values())
    assert login["default-src"] == "'self'"
    assert "'unsafe-inline'" in policy(http.get("/docs"))["style-src"]
    assert "'unsafe-inline'" not in policy(http.get("/docs"))["script-src"]
    assert "'unsafe-eval'" in policy(http.get("/redoc"))["script-src"]
    assert "'unsafe-eval'" in policy(http.get("/admin/login/"))["script-src"]
