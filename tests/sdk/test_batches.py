"""Events cut into requests."""

import json
from collections.abc import Iterator

import pytest
from j_feature_store import NotEncodable
from j_feature_store.batches import cut
from j_feature_store.kafka_events import MESSAGE_BYTES, messages


def test_rows_share_a_batch_up_to_the_row_limit():
    sizes = [len(batch.rows) for batch in cut({"n": n} for n in range(25_000))]
    assert sizes == [10_000, 10_000, 5_000]


def test_no_batch_exceeds_the_bytes():
    rows = [{"text": "x" * 1000, "n": n} for n in range(100)]
    batches = list(cut(rows, max_bytes=5_000))
    assert all(len(batch.body()) <= 5_002 for batch in batches)
    assert [row for batch in batches for row in json.loads(batch.body())] == rows


def test_a_row_larger_than_the_limit_goes_alone():
    assert [len(batch.rows) for batch in cut([{"n": 1}, {"t": "x" * 100}, {"n": 2}], max_bytes=50)] == [1, 1, 1]


def test_an_addressed_event_keeps_its_shape_and_order():
    addressed = {"feature_group": "g", "data": [{"n": n} for n in range(5)], "transformation": "SELECT 1"}
    batches = list(cut([{"n": 0}, addressed, {"n": 9}], max_rows=2))
    bodies = [json.loads(batch.body()) for batch in batches]
    assert bodies[0] == [{"n": 0}]
    assert bodies[-1] == [{"n": 9}]
    assert [body["data"] for body in bodies[1:-1]] == [[{"n": 0}, {"n": 1}], [{"n": 2}, {"n": 3}], [{"n": 4}]]
    assert all(body["feature_group"] == "g" and body["transformation"] == "SELECT 1" for body in bodies[1:-1])
    assert [batch.indexes for batch in batches] == [[(0, None)], [(1, 0), (1, 1)], [(1, 2), (1, 3)], [(1, 4)], [(2, None)]]


def test_a_row_with_a_column_named_data_is_a_row():
    assert json.loads(next(cut([{"user_id": "u", "data": [1]}])).body()) == [{"user_id": "u", "data": [1]}]


def test_an_addressed_event_without_rows_is_sent_all_the_same():
    assert [json.loads(batch.body()) for batch in cut([{"feature_group": "g", "data": []}])] == [
        {"feature_group": "g", "data": []}
    ]


def test_a_generator_is_read_batch_by_batch():
    read = []

    def rows() -> Iterator[dict[str, int]]:
        for n in range(30):
            read.append(n)
            yield {"n": n}

    next(cut(rows(), max_rows=10))
    assert len(read) == 11


def test_kafka_messages_are_single_rows_and_small_envelopes():
    addressed = {"feature_group": "g", "data": [{"text": "x" * 10_000} for _ in range(200)]}
    values = list(messages([{"n": 1}, addressed]))
    assert json.loads(values[0]) == {"n": 1}
    assert len(values) == 4
    assert all(len(value) < MESSAGE_BYTES + 100 for value in values)
    assert sum(len(json.loads(value)["data"]) for value in values[1:]) == 200


def test_a_bad_row_of_an_addressed_event_is_named_by_its_event():
    with pytest.raises(NotEncodable, match=r"events\[1\]\.data\[0\]\.n"):
        list(messages([{"n": 1}, {"feature_group": "g", "data": [{"n": float("nan")}]}]))
