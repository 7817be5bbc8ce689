"""Bad messages, odd shapes and stores that are away: nothing is lost, nothing stands in the way. Real broker, real log."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import connections
from kafka import KafkaProducer

from backends import metrics
from backends.source import kafka as source_kafka
from processing import consume
from processing.consume import Consumer
from processing.kafka_ingest import accept_kafka
from processing.models import DeadLetter
from tests.plugins.kafka import Send
from tests.processing.consuming import Start, rows, run_until, source_of, stored
from tests.processing.world import PROJECT, SUMS, World, event
from tests.servers.kafka import Kafka
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]

POISON: list[tuple[str, bytes | None]] = [
    ("invalid_utf8", b'{"user_id": "\xff\xfe"}'),
    ("not_an_object", None),  # a tombstone
    ("not_an_object", b"17"),
    ("invalid_json", b""),
    ("invalid_json", b'{"user_id": '),
    ("non_finite", b'{"user_id": "u", "amount": NaN}'),
    ("non_finite", b'{"user_id": "u", "amount": 1e999}'),
    ("too_deep", b'{"a":' * 1000 + b"1" + b"}" * 1000),
    ("duplicate_key", b'{"user_id": "u", "user_id": "v"}'),
    ("nul_character", b'{"user_id": "a\\u0000b"}'),
    ("lone_surrogate", b'{"user_id": "\\ud800"}'),
    ("bad_timestamp", b'{"user_id": "u", "timestamp": "yesterday"}'),
    ("future_timestamp", b'{"user_id": "u", "timestamp": "2200-01-01T00:00:00Z"}'),
    ("type_mismatch", b'{"user_id": "u", "event_id": 1.5}'),
    ("unknown_group", b'{"feature_group": "nobody", "data": [{"user_id": "u"}]}'),
]


def letters(project: str) -> list[DeadLetter]:
    return list(DeadLetter.objects.filter(project=project).exclude(code="no_route").order_by("partition", "offset", "item"))


def test_poison_among_good_records_becomes_letters_with_its_bytes(start: Start, topic: str, send: Send) -> None:
    consumer = start()
    values: list[bytes | None] = []
    for number, (_, poison) in enumerate(POISON):
        values += [*rows(2 * number, 2 * number + 1), poison]
    send(topic, *values)
    run_until(consumer, lambda: len(stored(topic)) == 2 * len(POISON) and len(letters(topic)) == len(POISON))
    assert stored(topic) == [str(n) for n in range(2 * len(POISON))]
    found = letters(topic)
    assert [letter.code for letter in found] == [code for code, _ in POISON]
    assert [letter.offset for letter in found] == [3 * n + 2 for n in range(len(POISON))]
    assert [bytes(letter.payload) for letter in found[:-1]] == [poison or b"" for _, poison in POISON[:-1]]


def test_a_value_of_ten_megabytes_is_kept_whole_and_passed(kafka: Kafka, topic: str) -> None:
    name = f"{topic}-large"
    kafka.make_topic(name, **{"max.message.bytes": "12000000"})
    large = json.dumps({"user_id": "u", "text": "x" * 10_000_000}).encode()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", max_request_size=12_000_000)
    for value in (*rows(0), large, *rows(1)):
        producer.send(name, value, partition=0).get(30)
    producer.close()
    source = source_of(kafka.bootstrap, name)
    run_until(Consumer(name, source, accept_kafka), lambda: len(stored(name)) == 2, 40)
    source.close()
    (letter,) = letters(name)
    assert (letter.code, letter.offset, bytes(letter.payload) == large) == ("too_large", 1, True)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_topics_are_read(kafka: Kafka, start: Start, topic: str, codec: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", compression_type=codec, linger_ms=50)
    for value in rows(*range(200)):
        producer.send(topic, value, partition=0)
    producer.close()
    run_until(start(), lambda: len(stored(topic)) == 200)
    assert stored(topic) == [str(n) for n in range(200)]


def test_an_entity_spread_over_partitions_and_shapes_has_its_totals(world: World, kafka: Kafka, topic: str) -> None:
    world.define("purchases", SUMS)
    name = f"{topic}-spread"
    kafka.make_topic(name, partitions=3)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    sent: list[Any] = [event("u", -number, float(number)) for number in range(1, 31)]
    sent.append([event("u", -40, 100.0), event("v", -40, 1.0)])
    sent.append({"feature_group": "purchases", "data": [event("u", -50, 200.0), {"user_id": None}, event("u", -51, 300.0)]})
    sent.append({"events": [event("u", -60, 400.0)]})
    for number, value in enumerate(sent):  # the record's key says nothing of the entity
        producer.send(name, json.dumps(value).encode(), key=b"%d" % number, partition=number % 3)
    producer.close()
    source = source_of(kafka.bootstrap, name, project=PROJECT)
    run_until(Consumer(PROJECT, source, accept_kafka), lambda: len(stored(PROJECT)) == 35)
    source.close()
    world.settle()
    status, _, values = world.read("purchases", "u", world.clock)
    assert (status, values) == ("PRESENT", {"total": sum(range(1, 31)) + 1000.0, "n": 34})
    assert [(letter.code, letter.item) for letter in letters(PROJECT)] == [("missing_entity", 1)]


def away(thread_is: Proxy) -> None:
    """From now on this thread reaches PostgreSQL through the proxy alone."""
    own = connections["default"].copy()
    own.settings_dict = {**own.settings_dict, "HOST": "127.0.0.1", "PORT": str(thread_is.port)}
    connections["default"] = own


def test_while_postgresql_is_away_it_stays_a_member_and_skips_nothing(
    kafka: Kafka, topic: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume, "LONGEST_WAIT_S", 0.5)
    monkeypatch.setattr(source_kafka, "SESSION_MS", 3000)
    default = connections["default"].settings_dict
    proxy = Proxy(default["HOST"], int(default["PORT"]))
    consumer = Consumer(topic, source_of(kafka.bootstrap, topic), accept_kafka)

    def run() -> None:
        away(proxy)
        try:
            consumer.run()
        finally:
            connections["default"].close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        send(topic, *rows(0, 1, 2))
        until(lambda: stored(topic) == ["0", "1", "2"])
        before = members(kafka, topic)
        proxy.cut()
        send(topic, *rows(3, 4, 5))
        until(lambda: failures(topic) >= 10, 60)
        time.sleep(4)  # longer than a session
        assert members(kafka, topic) == before, "the very same member, that never left"
        assert len(before) == 1
        assert stored(topic) == ["0", "1", "2"]
        send(topic, *rows(6))
        proxy.mend()
        until(lambda: len(stored(topic)) == 7)
        assert stored(topic) == [str(n) for n in range(7)]
        until(lambda: failures(topic) == 0)
    finally:
        consumer.stop()
        thread.join(30)
        proxy.close()


def until(check: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.1)


def failures(project: str) -> float:
    return float(metrics.KAFKA_FAILURES.labels(project)._value.get())


def members(kafka: Kafka, group: str) -> list[str]:
    """The ids of a group's members, which a member that leaves and comes back does not keep."""
    admin = kafka.admin()
    try:
        return [member["member_id"] for member in admin.describe_groups([group])[group]["members"]]
    finally:
        admin.close()
