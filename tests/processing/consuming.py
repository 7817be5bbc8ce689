"""Consumers of a real topic into a real log, stepped by a test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from django.db import connection

from backends.offline import log_sources
from backends.source.base import Partition
from backends.source.kafka import KafkaSource
from backends.source.kafka_config import KafkaConfig
from processing.consume import Consumer
from processing.kafka_ingest import KafkaMessage, KafkaOutcome, accept_kafka, kafka_places

Accept = Callable[[str, Sequence[KafkaMessage]], KafkaOutcome]
Ring = Callable[[KafkaOutcome], None]


class Start(Protocol):
    """start(accept, ring) -> a consumer of the test's topic into a project of the same name."""

    def __call__(self, accept: Accept = accept_kafka, ring: Ring | None = None) -> Consumer: ...


def source_of(kafka: str | KafkaConfig, topic: str, max_records: int = 2000, project: str | None = None) -> KafkaSource:
    """A source as the command makes it, for a project of the topic's name or another."""
    log = topic if project is None else project

    def alarm(topic: str, partition: Partition, at: int | None) -> None:
        if at is not None:
            log_sources.stop(log, *partition, at)

    config = KafkaConfig((kafka,)) if isinstance(kafka, str) else kafka
    return KafkaSource(config, [topic], topic, partial(kafka_places, log), alarm, max_records)


def stored(project: str) -> list[str]:
    """The "n" of every row of the log, by position."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload->>'n' FROM log_event WHERE project = %s ORDER BY position", [project])
        return [n for (n,) in cursor.fetchall()]


def gaps(project: str) -> list[tuple[int, int]]:
    """(first, next) of the offsets that were noted as never coming."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_offset, next_offset FROM log_source_gap WHERE project = %s ORDER BY 1", [project])
        return list(cursor.fetchall())


def run_until(consumer: Consumer, check: Callable[[], bool], seconds: float = 20) -> None:
    """Steps until it is so."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "the consumer did not get there in time"
        consumer.step()


def rows(*numbers: int) -> list[bytes]:
    """Messages of one row each."""
    return [json.dumps({"user_id": "u", "n": n}).encode() for n in numbers]
