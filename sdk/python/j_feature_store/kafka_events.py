"""Events by Kafka: settings checked when given, connected on the first send, confirmed before send returns."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from j_feature_store.batches import MAX_ROWS, cut_envelope, is_envelope
from j_feature_store.encoding import encode_event
from j_feature_store.errors import KafkaFailed, NotEncodable
from j_feature_store.kafka_words import explained, hide_logins, reasons

try:
    from kafka import KafkaProducer
    from kafka.errors import KafkaError
except ImportError:  # the extra is not installed: HTTP works without it
    KafkaProducer = None

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
FLIGHT = 10_000  # messages sent before their confirmations are awaited; bounds the memory of a long generator
MESSAGE_BYTES = 900_000  # below the brokers' and the producer's usual limit of 1 MiB


class KafkaEvents:
    """A lazily connected producer for one set of settings; safe to share between threads."""

    def __init__(self, settings: Mapping[str, Any], timeout: float) -> None:
        """settings: KafkaProducer's, None values left out. timeout: seconds, for connecting and for confirmations."""
        if KafkaProducer is None:
            raise KafkaFailed("kafka_missing", "Kafka needs kafka-python: pip install 'j-feature-store[kafka]'")
        self.timeout = timeout
        self.settings = {name: value for name, value in settings.items() if value is not None}
        protocol = self.settings.get("security_protocol", "PLAINTEXT")
        if protocol not in PROTOCOLS:
            raise ValueError(f"security_protocol must be one of {', '.join(PROTOCOLS)}, not {protocol!r}")
        if protocol.startswith("SASL") and "sasl_mechanism" not in self.settings:
            raise ValueError(f"{protocol} needs sasl_mechanism, e.g. PLAIN or SCRAM-SHA-512")
        if unknown := set(self.settings) - set(KafkaProducer.DEFAULT_CONFIG):
            raise ValueError(f"KafkaProducer has no setting {', '.join(sorted(unknown))}")
        self._producer: Any = None
        self._lock = threading.Lock()

    def send(self, topic: str, events: Iterable[Mapping[str, Any]]) -> int:
        """-> how many messages the brokers confirmed (acks=all). Raises KafkaFailed, NotEncodable.

        After a failure some may have arrived, or still arrive: repeating is safe for rows with an `event_id`.
        """
        producer = self._connected()
        sent = 0
        waiting: list[Any] = []
        try:
            for value in messages(events):
                waiting.append(self._hand_over(producer, topic, value))
                if len(waiting) >= FLIGHT:
                    sent, waiting = sent + self._confirm(producer, waiting), []
        except NotEncodable as error:
            error.partial = {"sent": sent + self._confirm(producer, waiting), "topic": topic}
            raise
        return sent + self._confirm(producer, waiting)

    def close(self) -> None:
        """Closes the producer; what was sent is already confirmed."""
        with self._lock:
            if self._producer is not None:
                self._producer.close(timeout=self.timeout)
                self._producer = None

    def _connected(self) -> Any:
        with self._lock:
            if self._producer is None:
                limits = {"max_block_ms", "bootstrap_timeout_ms"} & set(KafkaProducer.DEFAULT_CONFIG)  # 2.x has only the first
                patience = dict.fromkeys(limits, int(self.timeout * 1000))
                hide_logins()
                with reasons() as told:
                    try:
                        self._producer = KafkaProducer(**{"acks": "all", "linger_ms": 5, **patience, **self.settings})
                    except KafkaError as error:
                        why = explained(error, told, "sasl_mechanism" in self.settings)
                        raise KafkaFailed("kafka_unreachable", f"{self.settings.get('bootstrap_servers')}: {why}") from error
            return self._producer

    def _hand_over(self, producer: Any, topic: str, value: bytes) -> Any:
        try:
            return producer.send(topic, value=value)
        except KafkaError as error:  # no metadata in time, or a message over max_request_size
            raise KafkaFailed("kafka_failed", f"{topic}: {type(error).__name__} {error}") from error

    def _confirm(self, producer: Any, waiting: list[Any]) -> int:
        """Awaits the brokers' answers; raises the first failure."""
        if not waiting:
            return 0
        try:
            producer.flush(timeout=self.timeout)
            for future in waiting:
                future.get(timeout=self.timeout)
        except KafkaError as error:
            raise KafkaFailed("kafka_failed", f"not every event was confirmed: {type(error).__name__} {error}") from error
        return len(waiting)


def messages(events: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One message for each plain row; an addressed event as one or more of its shape, each below the size limit."""
    for index, event in enumerate(events):
        if is_envelope(event):
            yield from (batch.body() for batch in cut_envelope(event, index, MAX_ROWS, MESSAGE_BYTES))
        else:
            yield encode_event(event, f"events[{index}]")
