"""Which dead letters are copied for a topic, in the transaction that stores them, and with what words."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import transaction

from core.clock import format_time
from processing import dead_letters, outgoing
from processing.dead_letters import Letter
from processing.kafka_ingest import KafkaMessage, accept_kafka
from processing.models import DeadLetter, OutgoingLetter
from processing.replay import discard
from tests.processing.test_kafka_ingest import message
from tests.processing.world import NOON, PROJECT, SUMS, event


@pytest.fixture(autouse=True)
def configured(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "a-broker:9092"
    settings.KAFKA_TOPIC = "feature-events"


def waiting():
    return [(row.topic, row.headers["code"], bytes(row.payload)) for row in OutgoingLetter.objects.order_by("id")]


def test_what_is_refused_of_a_topic_goes_to_its_own_with_its_bytes_and_where_it_was(world):
    accept_kafka("shop", [KafkaMessage("orders", "t-id", 3, 17, NOON, b'{"user_id" : "u", "amount":\xff}')])
    (row,) = OutgoingLetter.objects.all()
    letter = DeadLetter.objects.get()
    assert (row.letter, row.topic, bytes(row.payload)) == (letter.id, "orders.dlq", b'{"user_id" : "u", "amount":\xff}')
    assert row.headers == {
        "letter_id": str(letter.id),
        "project": "shop",
        "code": "invalid_utf8",
        "detail": letter.detail,
        "source": "events",
        "topic": "orders",
        "partition": "3",
        "offset": "17",
        "item": "0",
        "received_at": format_time(letter.received_at),
        "payload_size": str(len(row.payload)),
        "payload_sha256": hashlib.sha256(bytes(row.payload)).hexdigest(),
    }


def test_a_message_that_is_one_row_is_kept_as_it_was_written(world):
    world.define("g", SUMS)
    text = b'{ "user_id":null, "amount":1e2, "timestamp":"2026-01-01T00:00:00Z" }'
    accept_kafka(PROJECT, [message(0, text)])
    assert waiting() == [("feature-events.dlq", "invalid_entity", text)]
    world.push([event("u", 1e9, 1.0)])
    assert [code for _, code, _ in waiting()] == ["invalid_entity", "future_timestamp"], "over HTTP: the source is the same"


def test_a_row_of_a_larger_message_goes_as_that_row_with_its_place(world):
    world.define("g", SUMS)
    accept_kafka(PROJECT, [message(0, {"feature_group": "g", "data": [event("u", -1, 1.0), event(None, -2, 2.0)]})])
    (row,) = OutgoingLetter.objects.all()
    assert (row.headers["item"], row.headers["address"]) == ("1", "g")
    assert json.loads(bytes(row.payload)) == event(None, -2, 2.0)


def test_a_quarantined_row_goes_too_and_says_where_it_came_from_and_a_waiting_one_does_not(world):
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    world.define("words", SUMS.replace("SUM(amount)", "MAX(amount)"), columns={"amount": "STRING"})
    accept_kafka(PROJECT, [message(4, event("u", -1, "ten")), message(5, {"nobody": "takes it"})])
    world.settle()
    (row,) = OutgoingLetter.objects.all()
    told = {name: row.headers.get(name) for name in ("code", "group", "position", "topic", "partition", "offset")}
    assert told == {
        "code": "type_mismatch",
        "group": "numbers",
        "position": "1",
        "topic": "feature-events",
        "partition": "0",
        "offset": "4",
    }
    assert set(DeadLetter.objects.values_list("code", "offset")) == {("type_mismatch", 4), ("no_route", 5)}


def test_http_rows_of_other_projects_have_no_topic(world):
    for project in (PROJECT, "another"):
        dead_letters.store([Letter(project, "bad_timestamp", "", "events", {"n": 1}, NOON)])
    assert [row.headers["project"] for row in OutgoingLetter.objects.all()] == [PROJECT]


@pytest.mark.parametrize(("servers", "switch"), [("", True), ("a-broker:9092", False)])
def test_without_kafka_or_switched_off_nothing_waits(world, settings, servers, switch):
    settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_DEAD_LETTERS = servers, switch
    accept_kafka(PROJECT, [message(0, b"\xff")])
    assert (DeadLetter.objects.count(), waiting()) == (1, [])


def test_what_was_read_from_such_a_topic_is_not_sent_there_again(world):
    accept_kafka(PROJECT, [KafkaMessage("feature-events.dlq", "t-id", 0, 0, NOON, b"\xff")])
    assert (DeadLetter.objects.count(), waiting()) == (1, [])


def test_it_is_one_transaction_with_the_letter_and_outlives_it(world):
    with transaction.atomic():
        accept_kafka(PROJECT, [message(0, b"\xff")])
        transaction.set_rollback(True)
    assert (DeadLetter.objects.count(), outgoing.count()) == (0, 0)
    accept_kafka(PROJECT, [message(0, b"\xff")])
    discard(PROJECT, DeadLetter.objects.get().id, "me")
    assert (DeadLetter.objects.count(), waiting()) == (0, [("feature-events.dlq", "invalid_utf8", b"\xff")])


def test_a_redelivered_message_and_a_repeated_record_wait_once(world):
    for _ in range(2):
        accept_kafka(PROJECT, [message(0, b"\xff")])
        dead_letters.store([Letter(PROJECT, "type_mismatch", "", "events", {"n": 1}, NOON, group="g", position=7)])
    assert [code for _, code, _ in waiting()] == ["invalid_utf8", "type_mismatch"]
