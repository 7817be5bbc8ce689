"""The Kafka source against a real broker: it starts where the store says, through redelivery, loss and re-made topics."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.structs import TopicPartition

from backends.source import kafka as source_kafka
from backends.source import kafka_places
from backends.source.base import Partition, Place, SourceRecord, SourceUnavailable
from backends.source.kafka import KafkaSource
from backends.source.kafka_config import KafkaConfig
from tests.plugins.kafka import Send
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.kafka


class Store:
    """The store's side of the bargain: the next offset of each partition, and the alarms that came."""

    def __init__(self) -> None:
        self.next: dict[Partition, int] = {}
        self.epochs: dict[Partition, int] = {}
        self.stopped: dict[Partition, int | None] = {}  # from which offset on
        self.fail: Exception | None = None

    def positions(self, asked: Sequence[Partition]) -> Mapping[Partition, Place | None]:
        if self.fail is not None:
            raise self.fail
        return {
            one: Place(self.next[one], self.epochs.get(one, -1)) if one in self.next else None
            for one in asked
            if one not in self.stopped
        }

    def alarm(self, topic: str, partition: Partition, at: int | None) -> None:
        self.stopped[partition] = at


class Reader:
    """A source with its store; `read` polls until as many records came, `keep` stores and acknowledges them."""

    def __init__(self, broker: Kafka, topic: str, store: Store | None = None) -> None:
        self.store = store or Store()
        config = KafkaConfig((broker.bootstrap,))
        self.source = KafkaSource(config, [topic], f"group-{topic}", self.store.positions, self.store.alarm)

    def read(self, count: int, seconds: float = 20) -> list[SourceRecord]:
        found: list[SourceRecord] = []
        end = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < end:
            try:
                found += self.source.poll(0.2)
            except SourceUnavailable:  # a broker that has just come back; the caller tries again
                time.sleep(0.2)
        return found

    def keep(self, records: Sequence[SourceRecord]) -> None:
        stored = {Partition(r.topic_id, r.partition): r.offset + 1 for r in records}
        self.store.next.update(stored)
        self.store.epochs.update({Partition(r.topic_id, r.partition): r.epoch for r in records})
        self.source.ack(stored)


@pytest.fixture
def reader(kafka: Kafka, topic: str) -> Iterator[Reader]:
    made = Reader(kafka, topic)
    yield made
    made.source.close()


def values(records: Sequence[SourceRecord]) -> list[bytes | None]:
    return [record.value for record in records]


def test_it_gives_bytes_times_and_tombstones_from_the_earliest_record(reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"\xff\x00", None, timestamp_ms=1_700_000_000_123)
    records = reader.read(2)
    assert values(records) == [b"\xff\x00", None]
    assert [r.offset for r in records] == [0, 1]
    assert {r.timestamp_us for r in records} == {1_700_000_000_123_000}
    assert {(r.topic, r.partition) for r in records} == {(topic, 0)}


def test_it_starts_where_the_store_says_not_where_kafka_was_told(kafka: Kafka, reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"a", b"b", b"c")
    records = reader.read(3)
    reader.keep(records)
    reader.source.close()
    reader.store.next = {Partition(records[0].topic_id, 0): 1}
    assert values(reader.read(2)) == [b"b", b"c"]


def test_it_reads_a_batch_again_after_a_rewind(reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"a", b"b")
    assert values(reader.read(2)) == [b"a", b"b"]
    reader.source.rewind()
    again = reader.read(2)
    assert values(again) == [b"a", b"b"]
    reader.keep(again)
    reader.source.rewind()
    send(topic, b"c")
    assert values(reader.read(1)) == [b"c"]


def test_it_waits_while_the_store_is_away_and_loses_nothing(reader: Reader, topic: str, send: Send) -> None:
    reader.store.fail = ConnectionError("away")
    send(topic, b"a")
    with pytest.raises(ConnectionError):
        reader.read(1)
    for _ in range(3):
        reader.source.idle(0.2)
    reader.store.fail = None
    assert values(reader.read(1)) == [b"a"]


def test_a_topic_made_anew_is_read_from_its_start_under_its_new_id(kafka: Kafka, reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"old-0", b"old-1")
    old = reader.read(2)
    reader.keep(old)
    kafka.delete_topic(topic)
    new_id = kafka.make_topic(topic)
    send(topic, *(b"new-%d" % i for i in range(4)))  # past the old offset: read on, it would lose new-0 and new-1
    new = reader.read(4)
    assert values(new) == [b"new-0", b"new-1", b"new-2", b"new-3"]
    assert {r.topic_id for r in new} == {str(new_id)} != {r.topic_id for r in old}


def test_it_goes_on_at_the_first_record_left_when_the_stored_offset_expired(
    kafka: Kafka, reader: Reader, topic: str, send: Send
) -> None:
    send(topic, *(b"%d" % i for i in range(6)))
    with_id = reader.read(6)[0].topic_id
    reader.source.close()
    admin: KafkaAdminClient = kafka.admin()
    admin.delete_records({TopicPartition(topic, 0): 4})
    admin.close()
    reader.store.next = {Partition(with_id, 0): 2}
    assert [r.offset for r in reader.read(2)] == [4, 5]


def test_it_stops_a_partition_whose_log_ends_below_the_stored_offset_and_alarms(
    reader: Reader, topic: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_places, "BELOW_GRACE_S", 0.5)
    send(topic, b"a", b"b")
    with_id = reader.read(2)[0].topic_id
    reader.source.close()
    reader.store.next = {Partition(with_id, 0): 10}
    assert reader.read(1, seconds=3) == []
    assert reader.store.stopped == {Partition(with_id, 0): 2}
    send(topic, *(b"x" for _ in range(20)))
    assert reader.read(1, seconds=2) == [], "new records under old offsets must not be taken"
    reader.store.stopped.clear()  # somebody decides: what stands under the old offsets is read
    reader.store.next = {Partition(with_id, 0): 2}
    assert len(reader.read(20)) == 20


def test_two_members_share_the_partitions_and_take_over(kafka: Kafka, topic: str, send: Send) -> None:
    name = f"{topic}-two"
    kafka.make_topic(name, partitions=2)
    store = Store()
    one, two = Reader(kafka, name, store), Reader(kafka, name, store)
    for partition in (0, 1):
        send(name, b"%d" % partition, partition=partition)
    one.keep(one.read(2))
    end = time.monotonic() + 20
    seen_by_two: list[SourceRecord] = []
    while not seen_by_two and time.monotonic() < end:  # both poll until the group has settled
        for partition in (0, 1):
            send(name, b"more", partition=partition)
        one.keep(one.source.poll(0.2))
        seen_by_two = two.source.poll(0.2)
        two.keep(seen_by_two)
    assert seen_by_two
    one.source.close()
    offsets = [send(name, b"last", partition=partition)[0] for partition in (0, 1)]
    end = time.monotonic() + 20
    while sorted(store.next.values()) != sorted(offset + 1 for offset in offsets) and time.monotonic() < end:
        two.keep(two.source.poll(0.2))
    assert sorted(store.next.values()) == sorted(offset + 1 for offset in offsets)
    two.source.close()


def test_lag_counts_what_is_not_stored_yet(reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"a", b"b", b"c")
    records = reader.read(3)
    assert reader.source.lag() == {(topic, 0): 3}
    reader.keep(records)
    assert reader.source.lag() == {(topic, 0): 0}
    send(topic, b"d")
    assert reader.source.lag() == {(topic, 0): 1}


def test_what_a_transaction_took_back_is_never_read(kafka: Kafka, reader: Reader, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=topic)
    producer.init_transactions()
    for value, end in ((b"taken back", producer.abort_transaction), (b"kept", producer.commit_transaction)):
        producer.begin_transaction()
        producer.send(topic, value, partition=0)
        producer.flush()
        end()
    producer.close()
    records = reader.read(1)
    assert [(r.value, r.offset) for r in records] == [(b"kept", 2)]
    reader.keep(records)
    assert reader.source.poll(0.5) == []
    assert reader.source.lag() == {(topic, 0): 0}, "the marker behind the last record is nothing to store"


def test_it_goes_on_when_the_broker_died_and_came_back(kafka: Kafka, reader: Reader, topic: str, send: Send) -> None:
    send(topic, b"before")
    reader.keep(reader.read(1))
    kafka.kill()
    with suppress(SourceUnavailable):
        reader.source.poll(0.5)
    kafka.start()
    send(topic, b"after")
    found: list[SourceRecord] = []
    end = time.monotonic() + 40
    while not found and time.monotonic() < end:
        try:
            found = reader.source.poll(0.5)
        except SourceUnavailable:
            time.sleep(0.2)
    assert values(found) == [b"after"]


def test_a_broker_that_is_not_there_is_unavailable_not_an_end(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_kafka, "CONNECT_MS", 500)
    source = KafkaSource(KafkaConfig(("127.0.0.1:1",)), [topic], "group", lambda asked: {}, lambda *told: None)
    with pytest.raises(SourceUnavailable):
        source.poll(0.1)
    assert source.lag() == {}
    source.close()
