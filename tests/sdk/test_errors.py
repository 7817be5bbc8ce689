"""problem+json to exceptions, and messages that help."""

import pickle

import pytest
from j_feature_store import (
    BadRequest,
    Conflict,
    FeatureStoreClient,
    Forbidden,
    Invalid,
    JStoreError,
    NotFound,
    PreconditionFailed,
    RateLimited,
    RetryPolicy,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)

from tests.sdk.scripted import Reply


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (412, PreconditionFailed),
        (413, TooLarge),
        (415, UnsupportedMedia),
        (422, Invalid),
        (429, RateLimited),
        (503, Unavailable),
        (500, JStoreError),
        (418, JStoreError),
    ],
)
def test_each_status_has_its_class(client, script, problem, status, kind):
    script.says(problem(status, "some_code", "why", request_id="r-1"))
    with pytest.raises(JStoreError) as caught:
        client.get_feature("user_metrics")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.detail, error.request_id, error.errors) == (status, "some_code", "why", "r-1", ())


def test_a_refused_sql_says_where(client, script, problem):
    faults = [
        {"pointer": "/transformation/sql_query", "code": "sql_syntax", "detail": "expected a table", "line": 1, "column": 20}
    ]
    script.says(problem(422, "sql_syntax", "The SQL cannot be read.", errors=faults, request_id="abc"))
    with pytest.raises(Invalid) as caught:
        client.create_feature("x", "", "numerical", "user_id", {"sql_query": "SELECT user_id FROM"})
    assert caught.value.errors[0]["column"] == 20
    assert str(caught.value) == (
        "422 sql_syntax: The SQL cannot be read.\n  /transformation/sql_query line 1 column 20: expected a table (request abc)"
    )
    assert len(script.seen) == 1, "a refusal is not repeated"


def test_without_a_key_the_message_says_so(script, problem):
    script.says(problem(401, "no_key", "An API key is needed."))
    with FeatureStoreClient("127.0.0.1", script.port) as client, pytest.raises(Unauthorized, match="pass api_key="):
        client.get_feature("user_metrics")
    assert "authorization" not in script.seen[0].headers


def test_a_proxys_page_is_shortened(client, script):
    script.says(Reply(502, b"<html>" + b"x" * 5000, {"Content-Type": "text/html"}))
    with pytest.raises(Unavailable) as caught:
        client.get_feature("user_metrics")
    assert caught.value.code == "http_502"
    assert len(str(caught.value)) < 300


def test_a_problem_with_odd_members_is_still_an_error(client, script):
    script.says(Reply(422, {"errors": ["text", {"detail": "a"}], "code": None}))
    with pytest.raises(Invalid) as caught:
        client.get_feature("user_metrics")
    assert caught.value.code == "http_422"
    assert caught.value.errors == ({"detail": "a"},)


def test_something_else_on_the_port_is_named(client, script):
    script.says(Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"}))
    with pytest.raises(JStoreError, match="text/html where JStore answers JSON") as caught:
        client.get_feature("user_metrics")
    assert caught.value.code == "not_jstore"


def test_a_redirect_is_not_followed(client, script):
    script.says(Reply(301, None, {"Location": "https://features.example.com/api/v1/features/"}))
    with pytest.raises(JStoreError, match=r"redirects to https://features\.example\.com; check host, port and use_ssl"):
        client.create_feature("x", "", "numerical", "user_id")
    assert [seen.method for seen in script.seen] == ["POST"]


def test_nobody_listening_is_unavailable(script):
    policy = RetryPolicy(attempts=1)
    with FeatureStoreClient("127.0.0.1", 1, retry=policy) as client, pytest.raises(Unavailable) as caught:
        client.get_feature("user_metrics")
    assert caught.value.code == "unreachable"
    assert "refused" in str(caught.value).lower()
    assert caught.value.status is None


def test_an_unknown_host_is_unavailable():
    with FeatureStoreClient("no-such-host.invalid", retry=RetryPolicy(attempts=1)) as client, pytest.raises(Unavailable):
        client.get_feature("user_metrics")


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(NotFound("not_found", "gone", status=404, request_id="r")))
    assert (type(error), error.code, error.status, error.request_id) == (NotFound, "not_found", 404, "r")


def test_the_key_is_in_no_repr(client):
    assert "jst_test" not in repr(client)
    assert repr(client).endswith("with API key)")
