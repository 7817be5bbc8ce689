"""Dead letters in their topic on a real broker: all, in order, with their bytes, whatever dies or is away in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from backends.source.base import SourceUnavailable
from backends.source.kafka_config import KafkaConfig
from backends.source.kafka_sending import KafkaSender
from processing import letters_publisher, outgoing
from processing.dead_letters import KEPT_WHOLE
from processing.kafka_ingest import KafkaMessage, accept_kafka
from processing.letters_publisher import LetterPublisher
from processing.models import DeadLetter
from processing.replay import discard
from tests.servers.kafka import Kafka
from tests.servers.stack import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]

# A process of its own that is killed when the broker has the letters and PostgreSQL does not know it.
DIES_BEFORE_THE_MARK = """
import os, signal, sys
import django
django.setup()
from backends.source.kafka_config import KafkaConfig
from backends.source.kafka_sending import KafkaSender
from processing import outgoing
class Dies(KafkaSender):
    def send(self, records):
        super().send(records)
        os.kill(os.getpid(), signal.SIGKILL)
outgoing.publish(sys.argv[1], Dies(KafkaConfig((sys.argv[2],)), "dies"))
"""


@pytest.fixture(autouse=True)
def configured(fresh: Any, kafka: Kafka, settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = kafka.bootstrap


@pytest.fixture
def publisher(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Iterator[LetterPublisher]:
    """Stepped by hand."""
    monkeypatch.setattr(letters_publisher, "LONGEST_WAIT_S", 0.2)
    sender = KafkaSender(KafkaConfig((kafka.bootstrap,)), "test")
    yield LetterPublisher(sender)
    sender.close()


def refuse(topic: str, *values: bytes, first: int = 0) -> list[int]:
    """Messages that nobody can read -> ids of their letters."""
    accept_kafka(topic, [KafkaMessage(topic, f"id-{topic}", 0, first + n, 1, value) for n, value in enumerate(values)])
    return list(DeadLetter.objects.filter(project=topic, offset__gte=first).order_by("id").values_list("id", flat=True))


def in_topic(kafka: Kafka, topic: str) -> list[tuple[int, bytes, dict[str, str]]]:
    """(letter id of the key, payload, headers) of all records of a topic."""
    reader = KafkaConsumer(bootstrap_servers=kafka.bootstrap, fetch_max_bytes=1 << 26, max_partition_fetch_bytes=1 << 26)
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek_to_beginning(place)
    end = reader.end_offsets([place])[place]
    found: list[tuple[int, bytes, dict[str, str]]] = []
    deadline = time.monotonic() + 20
    while reader.position(place) < end and time.monotonic() < deadline:
        for record in reader.poll(500).get(place, ()):
            found.append((int(record.key), record.value, {name: value.decode() for name, value in record.headers}))
    reader.close()
    return found


def test_every_letter_is_there_in_order_with_its_bytes_and_headers(kafka: Kafka, topic: str, publisher: LetterPublisher) -> None:
    values = [b"\xff\xfe", b"", b'{"a": 1, "a": 2}', b'"\\ud800"', b'"\\u0000"', b"{" * 100, "{ã".encode()]
    ids = refuse(topic, *values)
    assert publisher.step() == 0.0
    assert publisher.step() == letters_publisher.PAUSE_S, "nothing is left"
    found = in_topic(kafka, f"{topic}.dlq")
    assert [(key, value) for key, value, _ in found] == list(zip(ids, values, strict=True))
    codes = ["invalid_utf8", "invalid_json", "duplicate_key", "lone_surrogate", "nul_character", "too_deep", "invalid_json"]
    assert [told["code"] for _, _, told in found] == codes
    assert [(told["topic"], told["offset"], int(told["letter_id"])) for _, _, told in found] == [
        (topic, str(n), letter_id) for n, letter_id in enumerate(ids)
    ]


def test_a_payload_of_16_mib_goes_whole_a_larger_one_as_its_beginning(
    kafka: Kafka, topic: str, publisher: LetterPublisher
) -> None:
    refuse(topic, b"x" * 10_000_000, b"y" * KEPT_WHOLE, b"z" * (KEPT_WHOLE + 1))
    while publisher.step() == 0.0:
        pass
    found = in_topic(kafka, f"{topic}.dlq")
    assert [len(value) for _, value, _ in found] == [10_000_000, KEPT_WHOLE, 4096]
    assert [told["payload_size"] for _, _, told in found] == ["10000000", str(KEPT_WHOLE), str(KEPT_WHOLE + 1)]


def test_a_topic_of_somebody_else_that_takes_less_gets_the_beginning(
    kafka: Kafka, topic: str, publisher: LetterPublisher
) -> None:
    kafka.make_topic(f"{topic}.dlq", **{"max.message.bytes": "50000"})
    refuse(topic, b"a", b"x" * 60_000, b"b")
    while publisher.step() == 0.0:
        pass
    found = {key: (len(value), told.get("payload_cut")) for key, value, told in in_topic(kafka, f"{topic}.dlq")}
    assert [found[key] for key in sorted(found)] == [(1, None), (4096, "true"), (1, None)]


def test_killed_between_the_broker_s_answer_and_the_mark_it_sends_again_with_the_same_id(
    kafka: Kafka, topic: str, publisher: LetterPublisher, settings: Any
) -> None:
    ids = refuse(topic, b"\xff", b"\xfe")
    default = settings.DATABASES["default"]
    uri = f"postgresql://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}"
    killed = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_THE_MARK, f"{topic}.dlq", kafka.bootstrap],
        cwd=ROOT,
        env={**os.environ, "POSTGRES_URI": uri, "DJANGO_SETTINGS_MODULE": "jstore_site.settings"},
        timeout=60,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert outgoing.count() == 2, "nothing is marked"
    publisher.step()
    assert outgoing.count() == 0
    found = in_topic(kafka, f"{topic}.dlq")
    assert [key for key, _, _ in found] == ids * 2
    assert {key: value for key, value, _ in found} == dict(zip(ids, [b"\xff", b"\xfe"], strict=True))


def test_a_broker_that_is_away_holds_up_no_consumer_and_loses_no_letter(
    kafka: Kafka, topic: str, publisher: LetterPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backends.source.kafka_sending.WAIT_MS", 1_000)
    ids = refuse(topic, b"\xff")
    kafka.kill()
    try:
        for _ in range(2):
            assert publisher.step() <= 0.2
        began = time.monotonic()
        ids += refuse(topic, b"\xfe", first=1)
        assert time.monotonic() - began < 2, "storing waits for no broker"
        assert outgoing.count() == 2
        discard(topic, ids[0], "me")  # a letter that is gone by then goes all the same
    finally:
        kafka.start()
    monkeypatch.setattr("backends.source.kafka_sending.WAIT_MS", 10_000)
    end = time.monotonic() + 30
    while outgoing.count() and time.monotonic() < end:
        publisher.step()
    assert [key for key, _, _ in in_topic(kafka, f"{topic}.dlq")] == ids


def test_one_topic_that_is_refused_holds_up_no_other(kafka: Kafka, topic: str) -> None:
    refuse(topic, b"\xff")
    refuse(f"a-{topic}", b"\xff")
    sent = []

    class Picky:
        def send(self, records: Any) -> int:
            if records[0].topic.startswith("a-"):
                raise SourceUnavailable("not this one")
            sent.extend(record.topic for record in records)
            return len(records)

        def close(self) -> None:
            """Nothing to close."""

    publisher = LetterPublisher(Picky())
    assert publisher.step() > 0, "it waits a little before it tries the refused one again"
    assert (sent, outgoing.waiting()) == ([f"{topic}.dlq"], [f"a-{topic}.dlq"])


def test_the_thread_runs_until_it_is_stopped(kafka: Kafka, topic: str) -> None:
    publisher = LetterPublisher(KafkaSender(KafkaConfig((kafka.bootstrap,)), "test"))
    publisher.start()
    refuse(topic, b"\xff", b"\xfe")
    end = time.monotonic() + 30
    while outgoing.count() and time.monotonic() < end:
        time.sleep(0.1)
    began = time.monotonic()
    publisher.stop()
    assert (outgoing.count(), publisher.is_alive(), time.monotonic() - began < 5) == (0, False, True)
