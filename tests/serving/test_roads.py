"""The path before Django and the REST views answer the same: status, code and document."""

import json
import struct

import pytest

from core.clock import now_us
from tests.serving import world
from tests.serving.world import SECOND
from tests.serving.wsgi import call

VALUES = "/api/v1/features/"
ONLINE = "/api/v1/online-features"
BODY = {"features": ["trips", "trips@1:n"], "entities": {"user_id": ["u1", "nobody", "a/b"]}}

QUESTIONS = {
    "a value": ("GET", VALUES + "trips/values/u1", "", None),
    "one feature": ("GET", VALUES + "trips:n/values/u1", "", None),
    "a version": ("GET", VALUES + "trips@1/values/u1", "", None),
    "nobody": ("GET", VALUES + "trips/values/nobody", "", None),
    "a slash in the entity": ("GET", VALUES + "trips/values/a/b", "", None),
    "a slash at its end": ("GET", VALUES + "trips/values/a/b/", "", None),
    "unicode": ("GET", VALUES + "trips/values/josé ação 日本", "", None),
    "a line end": ("GET", VALUES + "trips/values/a\nb", "", None),
    "keys by name": ("GET", VALUES + "pairs/values/", "user_id=u1&item_id=a/b", None),
    "keys by name, no slash": ("GET", VALUES + "pairs/values", "user_id=u1&item_id=a/b", None),
    "a missing key": ("GET", VALUES + "pairs/values/", "user_id=u1", None),
    "several keys in a path": ("GET", VALUES + "pairs/values/u1", "", None),
    "no entity": ("GET", VALUES + "trips/values/", "", None),
    "a key twice": ("GET", VALUES + "trips/values/", "user_id=u1&user_id=u2", None),
    "an empty key": ("GET", VALUES + "trips/values/", "user_id=", None),
    "too long a key": ("GET", VALUES + "trips/values/" + "x" * 513, "", None),
    "a nul": ("GET", VALUES + "trips/values/a\0b", "", None),
    "too old for the caller": ("GET", VALUES + "trips/values/u1", "max_age=5", None),
    "young enough": ("GET", VALUES + "trips/values/u1", "max_age=500", None),
    "no age": ("GET", VALUES + "trips/values/u1", "max_age=nan", None),
    "an unknown group": ("GET", VALUES + "nothing/values/u1", "", None),
    "an unknown feature": ("GET", VALUES + "trips:nothing/values/u1", "", None),
    "an unknown version": ("GET", VALUES + "trips@7/values/u1", "", None),
    "a draft": ("GET", VALUES + "trips@2/values/u1", "", None),
    "no reference": ("GET", VALUES + "Trips ü/values/u1", "", None),
    "many": ("POST", ONLINE, "", BODY),
    "many, with a slash": ("POST", ONLINE + "/", "", BODY),
    "many, compact": ("POST", ONLINE, "compact=1", {**BODY, "entities": {"user_id": ["u1"]}}),
    "none": ("POST", ONLINE, "", {**BODY, "entities": {"user_id": []}}),
    "an age": ("POST", ONLINE, "", {**BODY, "max_age": 5, "on_stale": "null"}),
    "stale is an error": ("POST", ONLINE, "", {**BODY, "max_age": 5, "on_stale": "error"}),
    "unknown among known": ("POST", ONLINE, "", {**BODY, "features": ["trips", "nothing"]}),
    "a feature service": ("POST", ONLINE, "", {"feature_service": "s", "entities": {}}),
    "too many features": ("POST", ONLINE, "", {**BODY, "features": ["trips"] * 251}),
    "too many entities": ("POST", ONLINE, "", {**BODY, "entities": {"user_id": ["u"] * 5001}}),
    "a float": ("POST", ONLINE, "", {**BODY, "entities": {"user_id": ["u1", 1.5]}}),
    "integers": ("POST", ONLINE, "", {**BODY, "entities": {"user_id": [1, 10**30]}}),
    "no object": ("POST", ONLINE, "", [1]),
    "text": ("POST", ONLINE, "", b'"text"'),
    "nothing": ("POST", ONLINE, "", b""),
    "no JSON": ("POST", ONLINE, "", b"{"),
    "no UTF-8": ("POST", ONLINE, "", b'{"features": ["\xff"]}'),
    "a name twice": ("POST", ONLINE, "", b'{"features": [], "features": []}'),
    "not finite": ("POST", ONLINE, "", b'{"max_age": NaN}'),
    "deep": ("POST", ONLINE, "", b"[" * 5000),
}


@pytest.fixture
def trips(redis):
    version = world.version(outputs={"total": "DOUBLE", "n": "BIGINT", "tags": "ARRAY<STRING>"}, window="1d", defaults={"n": 0})
    spec = world.publish(world.group("trips", version, world.version(2, status="draft")))
    pairs = world.publish(world.group("pairs", entity=("user_id", "item_id")))
    now = now_us()
    for made in (spec, pairs):
        world.put_cursors(redis, made)
    for user in ("u1", "a/b", "josé ação 日本"):
        world.put(redis, spec, [user], world.run(spec, [1.5, 3, ["a", "ü"]], now - 10 * SECOND, now - 10 * SECOND))
    world.put(redis, pairs, ["u1", "a/b"], world.run(pairs, [None, 3], now))
    return spec


def _without_clock(document):
    """What two reads at different moments have in common."""
    if isinstance(document, dict):
        moving = ("as_of", "age_seconds", "start", "end", "request_id")
        return {name: _without_clock(value) for name, value in document.items() if name not in moving}
    return [_without_clock(value) for value in document] if isinstance(document, list) else document


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_roads_answer_alike(trips, hot, django, key, question):
    method, path, query, body = QUESTIONS[question]
    data = json.dumps(body).encode() if isinstance(body, dict | list) else body
    first, second = (call(app, method, path, data, query=query, key=key) for app in (hot, django))
    assert first.status == second.status < 500 or first.json["code"] == "stale"
    assert first.headers["content-type"].partition(";")[0] == second.headers["content-type"].partition(";")[0]
    assert _without_clock(first.json) == _without_clock(second.json)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_what_nobody_foresaw_is_a_problem_document_and_in_the_log(trips, redis, hot, key, caplog):
    redis.set(f"js:{{default.{world.bucket_of('broken', 16)}}}:{trips.versions[1].code}:r:broken", b"\x01")
    reply = call(hot, "GET", VALUES + "trips/values/broken", key=key, HTTP_X_REQUEST_ID="asked-1")
    assert (reply.status, reply.json["code"], reply.json["request_id"]) == (500, "internal", "asked-1")
    assert any(record.exc_info and isinstance(record.exc_info[1], struct.error) for record in caplog.records)


def test_the_body_must_be_json_by_name_too(trips, hot, django, key):
    for app in (hot, django):
        reply = call(app, "POST", ONLINE, json.dumps(BODY).encode(), key=key, content_type="text/plain")
        assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("query", ["at=2026-01-01T00:00:00Z", "start_time=2026-01-01T00:00:00Z", "limit=5"])
def test_what_the_log_answers_is_passed_on(trips, hot, key, query):
    with pytest.raises(AssertionError, match="passed on"):
        call(hot, "GET", VALUES + "trips/values/u1", query=query, key=key)


@pytest.mark.parametrize(
    ("method", "path"), [("HEAD", "trips/values/u1"), ("PUT", "trips/values/u1"), ("GET", "trips"), ("GET", "values/x")]
)
def test_other_methods_and_paths_are_passed_on(trips, hot, key, method, path):
    with pytest.raises(AssertionError, match="passed on"):
        call(hot, method, VALUES + path, key=key)


def test_a_body_that_was_read_already_is_read_again_by_django(trips, redis, whole, make_key):
    """A project that Redis holds nothing of: the registry is asked, so a name that is nowhere is a 404 and no 503."""
    reply = call(whole, "POST", ONLINE, json.dumps(BODY).encode(), key=make_key("elsewhere"))
    assert (reply.status, reply.json["code"], reply.json["errors"][0]["pointer"]) == (404, "unknown_feature", "/features/0")
    assert call(whole, "GET", VALUES + "trips/values/u1", key=make_key("elsewhere2")).status == 404
