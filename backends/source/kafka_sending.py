"""Records to Kafka, each kept by all replicas before it counts as sent. Used for dead letters only: events come from outside."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
)

from backends.source.base import SourceUnavailable
from backends.source.kafka_config import KafkaConfig

logger = logging.getLogger(__name__)

# A payload of 16 MiB with its headers; the topics that are made here take it.
LARGEST = 17 * 1024 * 1024
WAIT_MS = 10_000
CUT = 4096
NOT_OURS_TO_MAKE = (ClusterAuthorizationFailedError, TopicAuthorizationFailedError, PolicyViolationError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


@dataclass(frozen=True)
class Outgoing:
    """One record to send: UTF-8 headers by name."""

    topic: str
    key: bytes
    value: bytes
    headers: Mapping[str, str]


class KafkaSender:
    """One producer, connected at the first `send`. Not thread-safe. Topics that are missing are made."""

    def __init__(self, config: KafkaConfig, client_id: str) -> None:
        self._config, self._client_id = config, client_id
        self._producer: Any = None
        self._made: set[str] = set()

    def send(self, records: Sequence[Outgoing]) -> int:
        """-> how many of the first the broker has for good. Raises SourceUnavailable where it has none of them.

        A value that the topic does not take is sent again as its first 4 KiB, with the header `payload_cut`.
        """
        done = 0
        try:
            self._connect({record.topic for record in records})
            sent = [(record, self._begin(record)) for record in records]
            self._producer.flush(WAIT_MS / 1000)
            for record, future in sent:
                try:
                    future.get(WAIT_MS / 1000)
                except TOO_LARGE:
                    self._alone(record)
                done += 1
        except KafkaError as error:
            self.close()  # a new connection has nothing of what this one still holds
            if not done:
                raise SourceUnavailable(repr(error)) from error
            logger.warning("Kafka took %s of %s dead letters: %r", done, len(records), error)
        return done

    def close(self) -> None:
        """Closes the connection; a later `send` connects anew."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=1)

    def _alone(self, record: Outgoing) -> None:
        """Once more by itself, since a batch is refused whole; then cut. After a refusal the library's producer is unusable."""
        for one in (record, _cut(record)):
            self.close()
            self._connect({one.topic})
            try:
                self._begin(one).get(WAIT_MS / 1000)
                return
            except TOO_LARGE as error:
                refused = error
        raise refused

    def _begin(self, record: Outgoing) -> Any:
        headers = [(name, text.encode("utf-8", "replace")) for name, text in record.headers.items()]
        try:
            return self._producer.send(record.topic, key=record.key, value=record.value, headers=headers)
        except MessageSizeTooLargeError:  # larger than LARGEST: it did not leave this process
            return self._begin(_cut(record))

    def _connect(self, topics: set[str]) -> None:
        common = {**self._config.client(), "client_id": self._client_id, "bootstrap_timeout_ms": WAIT_MS}
        if missing := topics - self._made:
            self._make(missing, common)
        if self._producer is None:
            self._producer = KafkaProducer(
                **common,
                acks="all",
                enable_idempotence=True,
                max_block_ms=WAIT_MS,
                request_timeout_ms=WAIT_MS // 2,
                delivery_timeout_ms=WAIT_MS,
                max_request_size=LARGEST,
            )

    def _make(self, topics: set[str], common: Mapping[str, Any]) -> None:
        """Topics with room for whole payloads; where we may not make them, the broker's own rules hold."""
        admin = KafkaAdminClient(**common, request_timeout_ms=WAIT_MS)
        try:
            for topic in sorted(topics):
                try:
                    admin.create_topics({topic: {"num_partitions": 1, "configs": {"max.message.bytes": str(LARGEST)}}})
                    admin.wait_for_topics([topic], timeout_ms=WAIT_MS)
                except TopicAlreadyExistsError:
                    logger.debug("The topic %s is there", topic)
                except NOT_OURS_TO_MAKE as error:
                    logger.warning("The topic %s could not be made here: %r", topic, error)
                self._made.add(topic)
        finally:
            admin.close()


def _cut(record: Outgoing) -> Outgoing:
    return Outgoing(record.topic, record.key, record.value[:CUT], {**record.headers, "payload_cut": "true"})
