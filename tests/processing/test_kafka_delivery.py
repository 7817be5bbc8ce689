"""Every record once, whatever happens to the group, the topic and the broker: real consumers, a real broker, the real log."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from kafka import KafkaConsumer, KafkaProducer

from backends.source import kafka as source_kafka
from processing import consume
from processing.consume import Consumer
from processing.kafka_ingest import accept_kafka
from tests.plugins.kafka import Send
from tests.processing.consuming import Start, gaps, rows, run_until, source_of, stored
from tests.servers.kafka import Kafka
from tests.servers.stack import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


class Member:
    """A consumer in a thread of its own."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self.consumer = Consumer(topic, source_of(kafka.bootstrap, topic, max_records=50), accept_kafka)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.consumer.run()
        finally:
            connections.close_all()

    def leave(self) -> None:
        self.consumer.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


def wait_until(topic: str, count: int, seconds: float) -> None:
    """Until the log holds so many rows; it must not come to hold more."""
    end = time.monotonic() + seconds
    while len(stored(topic)) < count:
        assert time.monotonic() < end, f"{len(stored(topic))} of {count}"
        time.sleep(0.2)
    time.sleep(1)
    assert Counter(stored(topic)) == Counter(map(str, range(count)))


def test_members_come_and_go_and_the_broker_dies_while_records_flow(
    kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume, "LONGEST_WAIT_S", 1.0)
    monkeypatch.setattr(source_kafka, "SESSION_MS", 3000)
    seed, total = 5, 3000
    print(f"seed {seed}")
    pick = random.Random(seed)
    name = f"{topic}-many"
    kafka.make_topic(name, partitions=3)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", delivery_timeout_ms=60_000)
    sent = [0]

    def produce() -> None:
        for number, value in enumerate(rows(*range(total))):
            producer.send(name, value, partition=pick.randrange(3))
            sent[0] = number
            if number % 50 == 0:
                time.sleep(0.1)
        producer.flush()

    feeder = threading.Thread(target=produce)
    feeder.start()
    members = [Member(kafka, name)]
    try:
        for step in range(4):
            time.sleep(1.5)
            members.append(Member(kafka, name))
            if step == 1:
                kafka.kill()
                time.sleep(0.5)
                kafka.start()
            if step % 2:
                members.pop(0).leave()
        feeder.join(60)
        wait_until(name, total, 60)
    finally:
        for member in members:
            member.leave()
        producer.close()


@contextmanager
def zombie(kafka: Kafka, topic: str) -> Iterator[subprocess.Popen[str]]:
    default = connections["default"].settings_dict
    uri = f"postgresql://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.processing.zombie", kafka.bootstrap, topic],
        cwd=ROOT,
        env={**os.environ, "POSTGRES_URI": uri},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_zombie_that_wakes_with_a_batch_in_its_hands_stores_nothing_twice(
    kafka: Kafka, start: Start, topic: str, send: Send
) -> None:
    send(topic, *rows(*range(20)))
    with zombie(kafka, topic) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding 20\n"
        heir = start()
        run_until(heir, lambda: len(stored(topic)) == 20, 40)  # the group has given the partition away
        send(topic, *rows(20, 21))
        run_until(heir, lambda: len(stored(topic)) == 22)
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "stored 0\n"
        assert process.wait(30) == 0
    send(topic, *rows(22))
    run_until(heir, lambda: len(stored(topic)) == 23)
    assert stored(topic) == [str(n) for n in range(23)]


def test_partitions_that_are_added_are_read_from_their_first_record(
    kafka: Kafka, start: Start, topic: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_kafka, "METADATA_MS", 1000)
    consumer = start()
    send(topic, *rows(0, 1))
    run_until(consumer, lambda: stored(topic) == ["0", "1"])
    admin = kafka.admin()
    admin.create_partitions({topic: 3})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    for number, value in enumerate(rows(*range(2, 12))):  # before the consumer knows of them
        producer.send(topic, value, partition=number % 3).get(20)
    producer.close()
    run_until(consumer, lambda: len(stored(topic)) == 12, 40)
    assert Counter(stored(topic)) == Counter(map(str, range(12)))


def test_a_topic_that_is_made_again_is_read_whole_and_the_old_one_not_again(kafka: Kafka, start: Start, topic: str) -> None:
    consumer = start()
    _produce(kafka, topic, 0, 1, 2)
    run_until(consumer, lambda: len(stored(topic)) == 3)
    kafka.delete_topic(topic)
    consumer.step()
    kafka.make_topic(topic)
    _produce(kafka, topic, 3, 4, 5, 6, 7)
    run_until(consumer, lambda: len(stored(topic)) == 8, 60)
    _produce(kafka, topic, 8)
    run_until(consumer, lambda: len(stored(topic)) == 9)
    assert stored(topic) == [str(n) for n in range(9)]


def _produce(kafka: Kafka, topic: str, *numbers: int) -> None:
    """By a producer that is gone afterwards: one that stays would bring a deleted topic back by asking for it."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    for value in rows(*numbers):
        producer.send(topic, value, partition=0).get(20)
    producer.close()


def test_what_transactions_took_back_and_their_markers_are_gaps(kafka: Kafka, start: Start, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=topic)
    producer.init_transactions()
    for first, end in ((0, "commit"), (100, "abort"), (2, "commit")):  # offsets 0-1, 3-4, 6-7; markers at 2, 5, 8
        producer.begin_transaction()
        for value in rows(first, first + 1):
            producer.send(topic, value, partition=0)
        producer.flush()
        getattr(producer, f"{end}_transaction")()
    consumer = start()
    run_until(consumer, lambda: len(stored(topic)) == 4)
    producer.begin_transaction()
    producer.send(topic, rows(4)[0], partition=0)
    producer.flush()
    for _ in range(4):
        consumer.step()
    assert stored(topic) == ["0", "1", "2", "3"], "what is not committed yet is not read"
    producer.commit_transaction()
    producer.close()
    run_until(consumer, lambda: len(stored(topic)) == 5)
    assert stored(topic) == ["0", "1", "2", "3", "4"]
    assert gaps(topic) == [(2, 6), (8, 9)]


def test_what_compaction_took_is_a_gap(kafka: Kafka, start: Start, topic: str) -> None:
    name = f"{topic}-compacted"
    settings = {
        "cleanup.policy": "compact",
        "segment.ms": "200",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "200",
    }
    kafka.make_topic(name, **settings)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    values = rows(*range(6))
    producer.send(name, values[0], key=b"first", partition=0).get(20)
    consumer = Consumer(name, source_of(kafka.bootstrap, name), accept_kafka)
    run_until(consumer, lambda: stored(name) == ["0"])
    consumer.stop()
    consumer.run()
    for value in values[1:5]:  # the last of a key stays
        producer.send(name, value, key=b"again", partition=0).get(20)
        time.sleep(0.3)
    producer.send(name, values[5], key=b"last", partition=0).get(20)
    end = time.monotonic() + 60
    while {1, 2, 3} & _offsets(kafka, name):
        assert time.monotonic() < end, "the broker did not compact"
        producer.send(name, values[5], key=b"last", partition=0).get(20)  # a full segment is closed by the next record
        time.sleep(0.5)
    producer.close()
    consumer = Consumer(name, source_of(kafka.bootstrap, name), accept_kafka)
    run_until(consumer, lambda: "5" in stored(name))
    consumer.stop()
    consumer.run()
    assert stored(name)[:3] == ["0", "4", "5"]
    assert gaps(name)[0] == (1, 4)


def _offsets(kafka: Kafka, topic: str) -> set[int]:
    """What a plain reader finds."""
    reader = KafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=1500)
    try:
        return {record.offset for record in reader}
    finally:
        reader.close()
