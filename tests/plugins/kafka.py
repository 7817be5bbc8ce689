"""The run's Kafka broker: started when the first test asks for it, ended after the last."""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.servers.kafka import Kafka
from tests.servers.secured import SecuredKafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """One real broker for the whole run. A test that stops it starts it again."""
    with tempfile.TemporaryDirectory(prefix="jstore-kafka-") as home:
        broker = Kafka(Path(home))
        broker.start()
        # its clients' threads outlive the captured streams of the test that made them
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        yield broker
        broker.stop()


@pytest.fixture(scope="session")
def secured() -> Iterator[SecuredKafka]:
    """Another broker, with users and certificates."""
    with tempfile.TemporaryDirectory(prefix="jstore-kafka-") as home:
        broker = SecuredKafka(Path(home))
        broker.start()
        yield broker
        broker.stop()


@pytest.fixture
def topic(kafka: Kafka) -> str:
    """A topic of this test's own, of one partition."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    kafka.make_topic(name)
    return name


Send = Callable[..., list[int]]


@pytest.fixture
def send(kafka: Kafka) -> Iterator[Send]:
    """send(topic, *values, partition=0, timestamp_ms=None) -> offsets, after the broker has them."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")

    def send(topic: str, *values: bytes | None, partition: int = 0, timestamp_ms: int | None = None) -> list[int]:
        sent = [producer.send(topic, value, key=b"k", partition=partition, timestamp_ms=timestamp_ms) for value in values]
        producer.flush()
        return [future.get(10).offset for future in sent]

    yield send
    producer.close()
