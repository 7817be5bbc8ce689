"""What is repeated, how often, and after how long."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from j_feature_store import FeatureStoreClient, RateLimited, RetryPolicy, Unavailable
from j_feature_store.retry import parse_retry_after

from tests.sdk.scripted import QUICK, Reply

DONE = {"accepted": 1, "duplicates": 0, "held": 0, "unrouted": 0, "rejected": [], "position": 7, "applied": False}


@pytest.mark.parametrize("fault", ["drop", "reset", "half"])
@pytest.mark.parametrize("call", ["get", "create", "send", "online"])
def test_a_broken_connection_is_tried_again(client, script, fault, call):
    script.says(Reply(body={"name": "x"}, fault=fault), Reply(body={"name": "x", **DONE}))
    calls = {
        "get": lambda: client.get_feature("x"),
        "create": lambda: client.create_feature("x", "", "numerical", "user_id"),
        "send": lambda: client.send_events("feature-events", [{"user_id": "u"}]),
        "online": lambda: client.get_online_features(["x"], {"user_id": ["u"]}),
    }
    calls[call]()
    assert len(script.seen) == 2
    assert script.seen[0].body == script.seen[1].body


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_trouble_is_tried_again(client, script, problem, status):
    script.says(problem(status, "busy"), problem(status, "busy"), Reply(body={"name": "x"}))
    assert client.get_feature("x") == {"name": "x"}
    assert len(script.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 415, 422, 500])
def test_a_decision_is_not_tried_again(client, script, problem, status):
    script.says(problem(status, "no"))
    with pytest.raises(Exception, match="no"):
        client.get_feature("x")
    assert len(script.seen) == 1


def test_it_gives_up_after_the_attempts(client, script, problem):
    script.says(problem(503, "store_down", "Redis is down"))
    with pytest.raises(Unavailable, match="Redis is down"):
        client.get_feature("x")
    assert len(script.seen) == QUICK.attempts


def test_each_try_of_one_batch_has_the_same_idempotency_key(client, script, problem):
    script.says(problem(503, "store_down"), Reply(body=DONE))
    client.send_events("any-topic", [{"user_id": "u"}])
    client.send_events("any-topic", [{"user_id": "u"}])
    first, again, other = (seen.headers["idempotency-key"] for seen in script.seen)
    assert first == again != other


def test_retry_after_is_honoured(client, script, problem):
    script.says(problem(429, "rate_limited", headers={"Retry-After": "1"}), Reply(body={"name": "x"}))
    started = time.monotonic()
    client.get_feature("x")
    assert time.monotonic() - started >= 1


def test_a_retry_after_beyond_patience_is_told_at_once(client, script, problem):
    script.says(problem(429, "rate_limited", headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited) as caught:
        client.get_feature("x")
    assert caught.value.retry_after == 3600
    assert len(script.seen) == 1


def test_no_answer_in_time_is_a_timeout(script):
    script.says(Reply(body={}, delay=0.4), Reply(body={"name": "x"}))
    with FeatureStoreClient("127.0.0.1", script.port, timeout=0.1, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(Unavailable) as caught:
            client.get_feature("x")
        assert caught.value.code == "timeout"
        assert client.get_feature("x") == {"name": "x"}


def test_a_waiting_send_outlasts_the_timeout(script):
    script.says(Reply(body={**DONE, "applied": True}, delay=0.4))
    with FeatureStoreClient("127.0.0.1", script.port, timeout=0.2, retry=RetryPolicy(attempts=1)) as client:
        assert client.send_events("feature-events", [{"user_id": "u"}], wait=2)["applied"] is True


@given(st.integers(1, 4), st.floats(0, 60) | st.none())
def test_delays_stay_inside_their_bounds(tried, retry_after):
    delay = RetryPolicy().delay(tried, retry_after)
    assert delay is not None
    assert (retry_after or 0) <= delay <= (retry_after or 0) + 0.2 * 2 ** (tried - 1)


def test_full_jitter_spreads():
    delays = [RetryPolicy().delay(3, None) or 0.0 for _ in range(50)]
    assert min(delays) < 0.2 < 0.6 < max(delays) <= 0.8
    assert (RetryPolicy(cap=0.1).delay(4, None) or 0.0) <= 0.1
    assert RetryPolicy(attempts=3).delay(3, None) is None


def test_retry_after_is_read_in_both_forms():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert parse_retry_after("7") == 7
    assert 25 < (parse_retry_after(soon) or 0) <= 31
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [parse_retry_after(text) for text in (None, "", "soon", "-5")] == [None] * 4
