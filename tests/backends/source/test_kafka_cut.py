"""A log that was cut and has grown again is told from the one that was read, by the epochs of its leaders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from backends.source import kafka_places
from backends.source.base import Partition
from tests.backends.source.test_kafka import Reader, values
from tests.plugins.kafka import Send
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.kafka


@pytest.fixture
def reader(kafka: Kafka, topic: str) -> Iterator[Reader]:
    made = Reader(kafka, topic)
    yield made
    made.source.close()


def cut(kafka: Kafka, topic: str, again: int) -> None:
    """The broker comes back with half its log, and others write on."""
    kafka.kill()
    kafka.cut(topic, 0.5)
    kafka.start()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")  # the old one's sequence has a hole now
    for number in range(again):
        producer.send(topic, b"new-%d" % number, partition=0).get(20)
    producer.close()


def test_it_stops_though_the_log_is_longer_than_before(kafka: Kafka, reader: Reader, topic: str, send: Send) -> None:
    for number in range(10):  # a batch each
        send(topic, b"old-%d" % number)
    old = reader.read(10)
    reader.keep(old)
    reader.source.close()
    cut(kafka, topic, again=20)
    partition = Partition(old[0].topic_id, 0)
    assert reader.read(1, seconds=6) == [], "the new records under old offsets would be passed over"
    assert reader.store.stopped == {partition: reader.store.stopped[partition]}
    at = reader.store.stopped[partition]
    assert at is not None
    assert 0 < at < 10
    reader.store.stopped.clear()
    reader.store.next, reader.store.epochs = {partition: at}, {}
    assert values(reader.read(20)) == [b"new-%d" % number for number in range(20)], "and goes on where somebody says"


def test_it_stops_while_it_reads(kafka: Kafka, reader: Reader, topic: str, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_places, "BELOW_GRACE_S", 3600.0)  # only the epochs can tell
    for number in range(10):
        send(topic, b"old-%d" % number)
    reader.keep(reader.read(10))
    cut(kafka, topic, again=20)
    assert reader.read(1, seconds=15) == []
    assert len(reader.store.stopped) == 1


def test_without_the_epoch_the_new_records_are_taken_for_the_old_ones(
    kafka: Kafka, reader: Reader, topic: str, send: Send
) -> None:
    """The control: what an older version stored has no epoch."""
    for number in range(10):
        send(topic, b"old-%d" % number)
    reader.keep(reader.read(10))
    reader.store.epochs.clear()
    reader.source.close()
    cut(kafka, topic, again=20)
    found = values(reader.read(1, seconds=10))
    assert found
    assert b"new-0" not in found
    assert reader.store.stopped == {}
