"""Every error under /api is a problem document with a stable code."""

import pytest
from django.test import Client, override_settings

EXPECTED = {
    "core": (422, "sql_syntax"),
    "unauthorized": (401, "unknown_key"),
    "busy": (429, "rate"),
    "down": (503, "store_unavailable"),
    "validation": (422, "invalid"),
    "parse": (400, "bad_request"),
    "throttled": (429, "too_many_requests"),
    "rest_not_found": (404, "not_found"),
    "http404": (404, "not_found"),
    "denied": (403, "forbidden"),
    "big": (413, "too_large"),
    "suspicious": (400, "bad_request"),
    "data": (422, "invalid"),
    "recursion": (422, "invalid"),
    "unicode": (422, "invalid"),
    "database": (503, "store_unavailable"),
    "redis": (503, "store_unavailable"),
    "fault": (500, "internal"),
}


@pytest.fixture
def http():
    with override_settings(ROOT_URLCONF="tests.jstore_site.urls_of_errors"):
        yield Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", ["rest", "plain"])
@pytest.mark.parametrize(("fault", "expected"), EXPECTED.items())
def test_it_answers_with_a_problem_document(http, kind, fault, expected):
    answer = http.get(f"/api/v1/{kind}/{fault}", headers={"x-request-id": "abc-1"})
    body = answer.json()
    assert (answer.status_code, body["code"]) == expected
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert body["instance"] == f"/api/v1/{kind}/{fault}"
    assert body["request_id"] == answer["X-Request-ID"] == "abc-1"
    assert {"type", "title", "detail", "errors"} <= body.keys()
    assert "secret" not in answer.text
    assert "connection refused" not in answer.text


def test_it_says_where_the_sql_is_wrong(http):
    assert http.get("/api/v1/rest/core").json()["errors"] == [
        {"pointer": "/transformation/sql_query", "code": "sql_syntax", "detail": "no such word", "line": 2, "column": 7}
    ]


def test_it_points_at_each_wrong_field(http):
    found = http.get("/api/v1/rest/validation").json()["errors"]
    assert [(one["pointer"], one["detail"]) for one in found] == [("/name", "too long"), ("/rows/0/at", "bad")]


@pytest.mark.parametrize(
    ("fault", "header", "value"),
    [
        ("busy", "Retry-After", "7"),
        ("throttled", "Retry-After", "3"),
        ("down", "Retry-After", "1"),
        ("unauthorized", "WWW-Authenticate", "Bearer"),
    ],
)
def test_it_sends_the_headers_that_go_with_a_status(http, fault, header, value):
    assert http.get(f"/api/v1/rest/{fault}")[header] == value


def test_an_unknown_path_under_api_is_a_problem_document(http):
    answer = http.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("kind", ["rest", "plain"])
def test_a_wrong_method_says_which_are_allowed(http, kind):
    answer = http.post(f"/api/v1/{kind}/core")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_pages_keep_their_own_errors(http):
    answer = http.get("/nothing")
    assert answer.status_code == 404
    assert "html" in answer["Content-Type"]


@pytest.mark.parametrize("path", ["/api/v1/fine", "/api/v1/fine/"])
def test_the_slash_is_optional_and_nothing_is_redirected(http, path):
    assert http.post(path).status_code == 200


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "new\nline", "ünï"])
def test_a_bad_request_id_is_replaced(http, given):
    answer = http.get("/page", headers={"x-request-id": given})
    assert answer["X-Request-ID"] == answer.text
    assert len(answer.text) == 32
