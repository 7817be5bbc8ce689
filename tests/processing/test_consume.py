"""The consumer's loop on a real broker and a real log: every record once, whatever fails between the two."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from django.db import DataError, OperationalError, connection
from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from processing.kafka_ingest import KafkaMessage, KafkaOutcome, accept_kafka
from processing.models import DeadLetter
from tests.plugins.kafka import Send
from tests.processing.consuming import Start, rows, run_until, stored
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


def test_it_stores_in_order_and_tells_kafka_after(kafka: Kafka, start: Start, topic: str, send: Send) -> None:
    positions: list[int | None] = []
    consumer = start(ring=lambda outcome: positions.append(outcome.position))
    send(topic, *rows(0, 1, 2))
    run_until(consumer, lambda: stored(topic) == ["0", "1", "2"])
    assert positions[-1] == 3, "the doorbell is rung with the position, after the commit"
    reader = KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=topic)
    end = time.monotonic() + 10
    while reader.committed(TopicPartition(topic, 0)) != 3 and time.monotonic() < end:
        time.sleep(0.1)
    assert reader.committed(TopicPartition(topic, 0)) == 3
    reader.close()


def test_a_store_that_fails_is_asked_again_until_it_has_everything(start: Start, topic: str, send: Send) -> None:
    failures = [OperationalError("server closed the connection"), ConnectionError("and an error that has no name here")]

    def accept(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
        if len(messages) > 1 and failures:
            raise failures.pop(0)
        return accept_kafka(project, messages)

    send(topic, *rows(*range(20)))
    consumer = start(accept)
    run_until(consumer, lambda: len(stored(topic)) == 20)
    assert stored(topic) == [str(n) for n in range(20)]
    assert not failures


def test_a_process_that_dies_between_the_commit_and_the_acknowledgement_stores_nothing_twice(
    start: Start, topic: str, send: Send
) -> None:
    def accept_and_die(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
        accept_kafka(project, messages)
        raise SystemExit

    send(topic, *rows(0, 1, 2))
    first = start(accept_and_die)
    with pytest.raises(SystemExit):
        first.run()
    send(topic, *rows(3))
    run_until(start(), lambda: "3" in stored(topic))
    assert stored(topic) == ["0", "1", "2", "3"]


def test_a_zombie_whose_partitions_another_has_stored_finds_its_batch_done(start: Start, topic: str, send: Send) -> None:
    late: list[KafkaOutcome] = []

    def accept(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
        accept_kafka(project, messages)  # the other member, while this one was stopped
        late.append(accept_kafka(project, messages))
        return late[-1]

    send(topic, *rows(0, 1, 2))
    run_until(start(accept), lambda: "2" in stored(topic))
    assert stored(topic) == ["0", "1", "2"]
    assert sum(outcome.stored for outcome in late) == 0


def test_a_record_that_no_one_can_store_becomes_a_dead_letter_and_the_rest_goes_on(start: Start, topic: str, send: Send) -> None:
    def accept(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
        if any(b'"n": 5' in (message.value or b"") for message in messages):
            raise DataError("invalid byte sequence in secret-value")
        return accept_kafka(project, messages)

    send(topic, *rows(*range(8)))
    consumer = start(accept)
    run_until(consumer, lambda: len(stored(topic)) == 5)
    assert stored(topic) == ["0", "1", "2", "3", "4"], "what stands before it is stored, it is tried again"
    run_until(consumer, lambda: len(stored(topic)) == 7)
    assert stored(topic) == ["0", "1", "2", "3", "4", "6", "7"]
    (letter,) = DeadLetter.objects.filter(project=topic).exclude(code="no_route")  # no group takes these rows
    assert (letter.code, letter.partition, letter.offset) == ("unstorable", 0, 5)
    assert bytes(letter.payload) == rows(5)[0]
    assert "secret-value" not in letter.detail


def test_a_gap_in_kafka_is_noted_and_passed(kafka: Kafka, start: Start, topic: str, send: Send) -> None:
    consumer = start()
    send(topic, *rows(0))
    run_until(consumer, lambda: stored(topic) == ["0"])
    consumer.stop()
    consumer.run()
    send(topic, *rows(1, 2, 3))
    admin = kafka.admin()
    admin.delete_records({TopicPartition(topic, 0): 3})
    admin.close()
    run_until(start(), lambda: "3" in stored(topic))
    assert stored(topic) == ["0", "3"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gap.first_offset, gap.next_offset FROM log_source_gap gap"
            " JOIN log_source_offset USING (project, topic_id, topic_partition) WHERE topic = %s",
            [topic],
        )
        assert cursor.fetchall() == [(1, 3)]


def test_it_leaves_at_once_when_told_to_stop(start: Start) -> None:
    consumer = start()
    consumer.step()
    consumer.stop()
    began = time.monotonic()
    consumer.run()
    assert time.monotonic() - began < 2
