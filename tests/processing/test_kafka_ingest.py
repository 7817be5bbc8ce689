"""Messages of Kafka into the log: once and in order whatever is redelivered, and every row accounted for."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection, connections, transaction

from backends.offline import log, log_reading, log_sources
from backends.source.base import Partition, Place
from core.errors import Unavailable
from features import selectors
from processing import inline
from processing.kafka_ingest import KafkaMessage, accept_kafka, kafka_places
from processing.models import DeadLetter
from tests.processing.world import NOON, PROJECT, SUMS, event

PLACE = Partition("topic-id", 0)


def next_offset(project=PROJECT):
    place = kafka_places(project, [PLACE])[PLACE]
    return None if place is None else place.offset


def message(offset, value, partition=0, topic_id="topic-id", time=NOON):
    data = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    return KafkaMessage("feature-events", topic_id, partition, offset, time, data)


def numbers(start, end, **more):
    return [message(n, event("u", -60, float(n), **more)) for n in range(start, end)]


def stored():
    return [row.row["amount"] for row in log_reading.read(PROJECT, 0, 1000)]


def counters(partition=0):
    with connection.cursor() as c:
        c.execute(
            "SELECT next_offset, stored, duplicates, rejected FROM log_source_offset WHERE project = %s AND topic_partition = %s",
            [PROJECT, partition],
        )
        return c.fetchone()


def gaps():
    with connection.cursor() as c:
        c.execute("SELECT first_offset, next_offset FROM log_source_gap WHERE project = %s ORDER BY 1", [PROJECT])
        return c.fetchall()


def test_it_stores_in_order_and_says_where_to_go_on(world):
    assert next_offset() is None
    outcome = accept_kafka(PROJECT, numbers(0, 3))
    assert (outcome.stored, outcome.position, outcome.next_offsets) == (3, 3, {PLACE: 3})
    assert next_offset() == 3
    assert stored() == [0.0, 1.0, 2.0]


def texts():
    with connection.cursor() as c:
        c.execute("SELECT payload::text FROM log_event WHERE project = %s ORDER BY position", [PROJECT])
        return [text for (text,) in c.fetchall()]


def test_the_text_of_a_row_is_kept_as_it_came(world):
    as_sent = [
        b'{ "user_id": "a\\tb\\\\N",\n\t"amount": 1e2,\r\n "z": 123456789012345678901234567890 }',
        '{"user_id":"é\\u00e9","amount":1.0,"x":[{"data":[]}]}'.encode(),
        b'  {"user_id": "\\\\.", "amount": null}  ',
    ]
    accept_kafka(PROJECT, [message(n, text) for n, text in enumerate(as_sent)])
    assert texts() == [text.decode() for text in as_sent]
    rows = [row.row for row in log_reading.read(PROJECT, 0, 10)]
    assert rows == [json.loads(text) for text in as_sent]
    accept_kafka(PROJECT, [message(3, {"events": [event("u", -1, 1.0), {"user_id": "two"}]})])
    assert json.loads(texts()[-1]) == {"user_id": "two"}


def test_one_poison_among_five_hundred_takes_nobody_with_it(world):
    for place, poison in enumerate(
        [b"\xff", b"", b'{"a": NaN}', b"[" * 40 + b"]" * 40, b'{"a":1,"a":2}', b'"\\ud800"', b'{"\\u0000":1}']
    ):
        batch = numbers(place * 500, place * 500 + 500)
        batch[250] = message(place * 500 + 250, poison)
        outcome = accept_kafka(PROJECT, batch)
        assert (outcome.stored, outcome.dead) == (499, 1), poison
        letter = DeadLetter.objects.filter(project=PROJECT).exclude(code="no_route").latest("id")
        assert (bytes(letter.payload), letter.offset) == (poison, place * 500 + 250)


def test_a_redelivered_batch_adds_only_what_is_new(world):
    accept_kafka(PROJECT, numbers(0, 3))
    outcome = accept_kafka(PROJECT, numbers(1, 5))
    assert (outcome.stored, outcome.next_offsets) == (2, {PLACE: 5})
    assert stored() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert counters() == (5, 5, 0, 0)


def test_a_zombie_with_an_old_batch_stores_nothing_and_learns_where_the_log_is(world):
    accept_kafka(PROJECT, numbers(0, 5))
    outcome = accept_kafka(PROJECT, numbers(0, 3))
    assert (outcome.stored, outcome.position, outcome.next_offsets) == (0, None, {PLACE: 5})
    assert counters() == (5, 5, 0, 0)


def test_two_consumers_with_the_same_batch_store_it_once(world):
    outcomes = []

    def consume():
        outcomes.append(accept_kafka(PROJECT, numbers(0, 50)).stored)
        connections.close_all()

    threads = [threading.Thread(target=consume) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0, 0, 50]
    assert stored() == [float(n) for n in range(50)]


def test_a_partition_begins_wherever_its_first_record_is_and_a_later_gap_is_noted(world):
    accept_kafka(PROJECT, numbers(7, 9))
    assert gaps() == []
    outcome = accept_kafka(PROJECT, numbers(12, 13))
    assert outcome.rejected_gap == [(*PLACE, 9, 12)]
    assert gaps() == [(9, 12)]
    assert counters() == (13, 3, 0, 0)


def test_gaps_inside_a_batch_and_partitions_beside_each_other(world):
    batch = [*numbers(0, 1), message(5, event("u", -1, 5.0)), message(0, event("u", -1, 9.0), partition=1)]
    outcome = accept_kafka(PROJECT, batch)
    assert outcome.next_offsets == {PLACE: 6, ("topic-id", 1): 1}
    assert gaps() == [(1, 5)]
    assert (counters(0), counters(1)) == ((6, 2, 0, 0), (1, 1, 0, 0))


def test_a_topic_that_was_made_again_begins_anew(world):
    accept_kafka(PROJECT, numbers(0, 3))
    again = [message(0, event("u", -1, 7.0), topic_id="another-id")]
    assert accept_kafka(PROJECT, again).stored == 1
    assert stored() == [0.0, 1.0, 2.0, 7.0]


def test_every_row_is_stored_a_duplicate_or_rejected(world):
    world.define("g", SUMS)
    rows = [event("u", -1, 1.0, event_id="a"), event("u", -1, 1.0, event_id="a"), event(None, -1, 1.0), event("u", -1, 2.0)]
    batch = [
        message(0, {"feature_group": "g", "data": rows}),
        message(1, b"\xff\xfe"),
        message(2, None),
        message(3, b'{"user_id": "u", "amount": Infinity}'),
        message(4, {"feature_group": "nobody", "data": [event("u", -1, 1.0)] * 2}),
        message(5, []),
        message(6, event("u", -1, 4.0)),
    ]
    outcome = accept_kafka(PROJECT, batch)
    assert (outcome.stored, outcome.duplicates, outcome.dead) == (3, 1, 6)
    assert counters() == (7, 3, 1, 6)
    letters = DeadLetter.objects.filter(project=PROJECT).order_by("id")
    assert [(letter.code, letter.partition, letter.offset, letter.item) for letter in letters] == [
        ("missing_entity", 0, 0, 2),
        ("invalid_utf8", 0, 1, 0),
        ("not_an_object", 0, 2, 0),
        ("non_finite", 0, 3, 0),
        ("unknown_group", 0, 4, 0),
        ("unknown_group", 0, 4, 1),
    ]
    assert [bytes(letter.payload) for letter in letters[1:4]] == [b"\xff\xfe", b"", b'{"user_id": "u", "amount": Infinity}']
    before = counters()
    accept_kafka(PROJECT, batch)
    assert (counters(), DeadLetter.objects.count()) == (before, 6), "and nothing of it twice"


def test_the_record_s_time_stands_in_for_an_absent_one(world):
    world.define("g", SUMS)
    accept_kafka(PROJECT, [message(0, {"user_id": "u", "amount": 1.0}, time=NOON - 5_000_000)])
    world.settle()
    assert world.record("g", "u").runs[0].newest == NOON - 5_000_000


def test_an_inline_transformation_makes_its_group(world):
    accept_kafka(PROJECT, [message(0, {"feature_group": "g", "data": [event("u", -1, 1.0)], "transformation": SUMS})])
    assert selectors.group_spec(PROJECT, "g").active == 1
    other = {"feature_group": "g", "data": [event("u", -1, 1.0)], "transformation": SUMS.replace("SUM", "MAX")}
    assert accept_kafka(PROJECT, [message(1, other)]).dead == 1
    assert DeadLetter.objects.get().code == "transformation_mismatch"


def test_a_registry_that_is_away_stops_the_batch_and_loses_nothing(world, monkeypatch):
    def away(*args):
        raise Unavailable("registry_down", "not now")

    batch = [*numbers(0, 2), message(2, {"feature_group": "g", "data": [event("u", -1, 1.0)], "transformation": SUMS})]
    with monkeypatch.context() as patch:
        patch.setattr(inline.services, "register", away)
        with pytest.raises(Unavailable):
            accept_kafka(PROJECT, batch)
    assert (counters(), DeadLetter.objects.count(), log.head(PROJECT).position) == (None, 0, 0)
    assert accept_kafka(PROJECT, batch).stored == 3


def test_offsets_belong_to_a_project(world):
    accept_kafka(PROJECT, numbers(0, 3))
    assert accept_kafka("another", numbers(0, 3)).stored == 3
    assert next_offset("another") == 3


def test_a_transaction_that_fails_moves_no_offset(world):
    with transaction.atomic(using="default"):
        log_sources.lock_offsets(PROJECT, [("topic-id", "feature-events", 0)])
        log_sources.move_offsets(PROJECT, {PLACE: log_sources.Moved(0, 5, stored=5)})
        transaction.set_rollback(True, using="default")
    assert next_offset() is None


def test_the_epoch_of_the_last_record_is_remembered_and_a_stopped_partition_is_left_out(world):
    accept_kafka(PROJECT, [one._replace(epoch=7) for one in numbers(0, 3)])
    assert kafka_places(PROJECT, [PLACE]) == {PLACE: Place(3, 7)}
    accept_kafka(PROJECT, [one._replace(epoch=6) for one in numbers(0, 3)])
    assert kafka_places(PROJECT, [PLACE]) == {PLACE: Place(3, 7)}, "a zombie's batch changes nothing"
    log_sources.stop(PROJECT, *PLACE, 2)
    other = Partition("topic-id", 1)
    assert kafka_places(PROJECT, [PLACE, other]) == {other: None}
    (stopped,) = log_sources.stopped()
    assert (stopped.topic, stopped.next_offset, stopped.at) == ("feature-events", 3, 2)
    log_sources.resume(stopped, 2)
    assert (kafka_places(PROJECT, [PLACE]), log_sources.stopped()) == ({PLACE: Place(2, -1)}, [])
