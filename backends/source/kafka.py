"""Kafka as a source: a group member that starts where the store says, never where Kafka's own commit says.

A topic's id stands in its metadata and changes when the topic is deleted and made again. The library fetches by name, so
a batch is handed on only after the id was read once more (1 to 3 ms) and found to be the one that reading began under.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError, LogTruncationError, NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import OffsetAndMetadata

from backends.source.base import Partition, Positions, Source, SourceRecord, SourceUnavailable
from backends.source.kafka_config import KafkaConfig
from backends.source.kafka_places import Alarm, Places
from backends.source.kafka_words import explained, hide_logins, reasons
from core.clock import now_us

logger = logging.getLogger(__name__)

CONNECT_MS = 10_000
SESSION_MS = 10_000  # a member that is silent for so long loses its partitions
METADATA_MS = 10_000  # new partitions are found within this time
LOST_PLACE = (OffsetOutOfRangeError, LogTruncationError, NoOffsetForPartitionError)


class KafkaSource(Source):
    """One member of a consumer group over some topics, connected at the first `poll`.

    `positions` is asked whenever partitions are assigned or rewound; `alarm` is told of a log that is not the one they speak of.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topics: Iterable[str],
        group_id: str,
        positions: Positions,
        alarm: Alarm,
        max_records: int = 2000,
    ) -> None:
        self._config, self._topics, self._group_id = config, sorted(topics), group_id
        self._positions, self._alarm, self._max_records = positions, alarm, max_records
        self._admin: Any = None
        self._consumer: Any = None
        self._places: Places | None = None

    def poll(self, timeout_s: float) -> list[SourceRecord]:
        """As the base says; an error of `positions` comes through as it is."""
        places = self._connected()
        try:
            places.settle(self._topic_ids)
            polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
            if not polled or self._was_made_anew(places, {tp.topic for tp in polled}):
                return []
        except LOST_PLACE as error:
            # Expired, compacted or truncated under us: settling finds out which, and goes on or stops.
            logger.warning("Kafka lost our place: %r", error)
            if isinstance(error, LogTruncationError):
                places.cut(error.divergent_offsets)
            self.rewind()
            return []
        except KafkaError as error:
            self.rewind()
            raise SourceUnavailable(repr(error)) from error
        records: list[SourceRecord] = []
        for tp, found in polled.items():
            topic_id = places.taken(tp)
            if topic_id is not None:
                records.extend(_record(topic_id, item) for item in found)
        return records

    def ack(self, next_offsets: Mapping[Partition, int]) -> None:
        """As the base says: an asynchronous commit, whose failure is only logged."""
        if self._places is None:
            return
        kept = self._places.kept(next_offsets)
        if kept:
            self._consumer.commit_async(
                {tp: OffsetAndMetadata(offset, "", -1) for tp, offset in kept.items()}, callback=_log_commit
            )

    def rewind(self) -> None:
        """As the base says. Everything assigned is paused until it is settled again."""
        if self._places is not None:
            for tp in self._consumer.assignment():
                self._places.set_aside(tp)

    def idle(self, timeout_s: float) -> None:
        """As the base says."""
        try:
            self._connected()
            self.rewind()
            self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        except KafkaError as error:
            raise SourceUnavailable(repr(error)) from error

    def lag(self) -> dict[tuple[str, int], int]:
        """As the base says; {} while Kafka does not answer."""
        try:
            return {} if self._places is None else self._places.lag()
        except KafkaError as error:
            logger.info("Kafka did not say where its log ends: %r", error)
            return {}

    def close(self) -> None:
        """As the base says. A later `poll` connects anew."""
        consumer, admin = self._consumer, self._admin
        self._consumer = self._admin = self._places = None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=CONNECT_MS)
        if admin is not None:
            admin.close()

    def _connected(self) -> Places:
        if self._places is not None:
            return self._places
        hide_logins()
        with reasons() as told:
            try:
                self._connect()
            except KafkaError as error:
                self.close()
                raise SourceUnavailable(explained(error, told, bool(self._config.sasl_mechanism))) from error
        # The library forgets this setting on the way to its requests for metadata.
        self._consumer._manager.cluster.config["allow_auto_create_topics"] = False
        self._places = Places(self._consumer, self._positions, self._alarm)
        self._consumer.subscribe(topics=self._topics, listener=self._places)
        return self._places

    def _connect(self) -> None:
        common = {**self._config.client(), "client_id": self._group_id, "bootstrap_timeout_ms": CONNECT_MS}
        self._admin = KafkaAdminClient(**common, request_timeout_ms=CONNECT_MS)
        self._consumer = KafkaConsumer(
            **common,
            group_id=self._group_id,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            # A topic that an operator deletes to make it anew must not come back by our asking for it.
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 10,
            max_poll_records=self._max_records,
        )

    def _topic_ids(self, topics: set[str]) -> dict[str, str]:
        described = self._admin.describe_topics(sorted(topics))
        return {one["name"]: str(one["topic_id"]) for one in described if not one["error_code"]}

    def _was_made_anew(self, places: Places, topics: set[str]) -> bool:
        now = self._topic_ids(topics)
        moved = sorted({tp.topic for tp, known in places.ids.items() if tp.topic in topics and now.get(tp.topic) != known})
        if moved:
            # What the library has buffered may be of either topic; only a new connection has surely none of it.
            logger.warning("Deleted or made anew while it was read: %s", ", ".join(moved))
            self.close()
        return bool(moved)


def _record(topic_id: str, item: Any) -> SourceRecord:
    timestamp_us = item.timestamp * 1000 if item.timestamp >= 0 else now_us()
    return SourceRecord(item.topic, topic_id, item.partition, item.offset, timestamp_us, item.value, item.leader_epoch)


def _log_commit(offsets: Any, answer: Any) -> None:
    if isinstance(answer, Exception):
        logger.info("Kafka did not take the commit of %s: %r", offsets, answer)
