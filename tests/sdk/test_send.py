"""send_events by HTTP."""

from typing import Any

import pyarrow as pa
import pytest
from j_feature_store import JStoreError, NotEncodable, TooLarge

from tests.sdk.scripted import Reply

ROW = {"user_id": "user_123", "session_duration": 300, "page_views": 10, "timestamp": "2025-02-27T12:00:00Z"}


def counts(accepted: int = 0, position: int | None = None, applied: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "accepted": accepted,
        "duplicates": 0,
        "held": 0,
        "unrouted": 0,
        "rejected": [],
        "position": position,
        "applied": applied,
        **more,
    }


def test_the_contracts_call(client, script):
    script.says(Reply(202, counts(1, 7)))
    assert client.send_events(topic="feature-events", events=[ROW]) == counts(1, 7)
    (seen,) = script.seen
    assert (seen.method, seen.path, seen.query, seen.json) == ("POST", "/api/v1/events/", {}, [ROW])
    assert seen.headers["content-type"] == "application/json"


def test_one_event_needs_no_list(client, script):
    client.send_events("feature-events", ROW)
    assert script.seen[0].json == [ROW]


def test_no_events_is_no_request(client, script):
    assert client.send_events("feature-events", []) == counts(applied=True)
    assert script.seen == []


def test_batches_are_added_up(client, script):
    rejection = {"index": 2, "code": "bad_timestamp", "detail": "…"}
    script.says(
        Reply(202, counts(9_999, 10_000, applied=True, duplicates=3, rejected=[rejection])),
        Reply(202, counts(5, 10_005, applied=False, held=1, unrouted=2, rejected=[rejection])),
    )
    result = client.send_events("feature-events", ({"n": n} for n in range(10_007)))
    assert result == {
        "accepted": 10_004,
        "duplicates": 3,
        "held": 1,
        "unrouted": 2,
        "rejected": [rejection, {**rejection, "index": 10_002}],
        "position": 10_005,
        "applied": False,
    }
    keys = [seen.headers["idempotency-key"] for seen in script.seen]
    assert len(set(keys)) == 2


def test_a_rejected_row_of_an_addressed_event_is_found(client, script):
    script.says(Reply(202, counts()), Reply(202, counts(rejected=[{"index": 1, "code": "missing_entity", "detail": "…"}])))
    result = client.send_events("feature-events", [ROW, {"feature_group": "g", "data": [ROW, {"page_views": 1}]}])
    assert result["rejected"] == [{"index": 1, "row": 1, "code": "missing_entity", "detail": "…"}]


def test_a_key_of_the_callers_own_repeats_the_call(client, script):
    rows = [{"n": n} for n in range(10_001)]
    for _ in range(2):
        client.send_events("feature-events", rows, idempotency_key="nightly-2025-02-27")
    assert [seen.headers["idempotency-key"] for seen in script.seen] == ["nightly-2025-02-27-0", "nightly-2025-02-27-1"] * 2


def test_wait_is_asked_for_in_all(client, script):
    script.says(Reply(202, counts(10_000, 1, applied=True), delay=0.2), Reply(202, counts(1, 2, applied=True)))
    assert client.send_events("feature-events", ({"n": n} for n in range(10_001)), wait=10)["applied"] is True
    first, second = (float(seen.query["wait"]) for seen in script.seen)
    assert 9 < first <= 10
    assert 9 < second < first - 0.1
    with pytest.raises(ValueError, match="0 to 30"):
        client.send_events("feature-events", [ROW], wait=31)


def test_a_failing_batch_tells_what_the_others_achieved(client, script, problem):
    script.says(Reply(202, counts(10_000, 10_000)), problem(413, "too_large"))
    with pytest.raises(TooLarge) as caught:
        client.send_events("feature-events", ({"n": n} for n in range(10_001)))
    assert caught.value.partial == counts(10_000, 10_000)


def test_a_row_that_cannot_be_written_stops_before_its_batch(client, script):
    with pytest.raises(NotEncodable, match=r"events\[1\]\.amount") as caught:
        client.send_events("feature-events", [{"amount": 1}, {"amount": float("nan")}])
    assert script.seen == []
    assert isinstance(caught.value, JStoreError)
    assert isinstance(caught.value, ValueError)


def test_an_arrow_table_is_rows(client, script):
    client.send_events("feature-events", pa.table({"user_id": ["a", "b"], "n": [1, None]}))
    assert script.seen[0].json == [{"user_id": "a", "n": 1}, {"user_id": "b", "n": None}]


class FrameLikePandas:
    """The two members by which a pandas DataFrame is known; pandas itself is no dependency of this repository."""

    columns = ("user_id", "n")

    def to_dict(self, orient):
        assert orient == "records"
        return [{"user_id": "a", "n": 1.0}, {"user_id": "b", "n": float("nan")}]


def test_a_missing_number_of_a_frame_is_null(client, script):
    client.send_events("feature-events", FrameLikePandas())
    assert script.seen[0].json == [{"user_id": "a", "n": 1.0}, {"user_id": "b", "n": None}]


@pytest.mark.parametrize("events", ["text", b"bytes", 7, None])
def test_what_is_no_event_is_refused(client, events):
    with pytest.raises(TypeError, match="events must be"):
        client.send_events("feature-events", events)
