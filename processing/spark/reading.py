"""A position range of the log, its Kafka rows read by Spark from the broker by offset, the others from PostgreSQL.

The log says which rows there are and at which position; Kafka gives their text. A record that the broker no longer has
(retention, a deleted topic) comes from the log as well, so the range is always whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from pyspark.sql import SparkSession

from backends.offline.log_reading import LogRow, RowPlace, places, rows_at
from core import strict_json
from core.errors import JStoreError
from processing.envelopes import open_document

_logger = structlog.get_logger(__name__)


def read_range(spark: SparkSession, project: str, after: int, limit: int, upto: int) -> list[LogRow]:
    """The rows with after < position <= upto, ascending, at most `limit`: what log_reading.read gives."""
    wanted = places(project, after, limit, upto)
    texts = _from_kafka(spark, [place for place in wanted if place.origin is not None])
    if texts:
        _logger.info("spark_read", project=project, kafka_rows=len(texts), rows=len(wanted))
    missing = [place.position for place in wanted if place.position not in texts]
    rest = rows_at(project, missing) if missing else {}
    # one that is in neither was purged meanwhile, which who asked finds out
    found = [rest.get(p.position) or (p.with_row(texts[p.position]) if p.position in texts else None) for p in wanted]
    return [row for row in found if row is not None]


def _from_kafka(spark: SparkSession, wanted: Sequence[RowPlace]) -> dict[int, dict[str, Any]]:
    """position -> row, for the rows that the broker still has. One Spark read over all topics and partitions."""
    if not wanted or not settings.KAFKA_BOOTSTRAP_SERVERS:
        return {}
    ranges: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for place in wanted:
        topic, partition, offset = place.topic, place.partition, place.offset
        low, high = ranges[topic].get(partition, (offset, offset))
        ranges[topic][partition] = (min(low, offset), max(high, offset))
    reader = spark.read.format("kafka").options(**_options())
    reader = reader.option("assign", json.dumps({topic: sorted(parts) for topic, parts in ranges.items()}))
    reader = (
        reader.option("startingOffsets", _offsets(ranges, 0))
        .option("endingOffsets", _offsets(ranges, 1))
        .option("failOnDataLoss", "false")
    )
    table = reader.load().selectExpr("topic", "partition", "offset", "value").toArrow()
    found: dict[int, dict[str, Any]] = {}
    items: dict[tuple[str, int, int], list[RowPlace]] = defaultdict(list)
    for place in wanted:
        items[place.topic, place.partition, place.offset].append(place)
    columns = (table.column(name).to_pylist() for name in ("topic", "partition", "offset", "value"))
    for topic, partition, offset, value in zip(*columns, strict=True):
        for place in items.get((topic, partition, offset), ()):
            row = _row(value, place.item)
            if row is not None:
                found[place.position] = row
    return found


def _row(value: bytes | None, item: int) -> dict[str, Any] | None:
    """The item-th row of a message, as ingestion read it."""
    try:
        rows = open_document(strict_json.parse(value or b"")).rows
    except JStoreError:  # another record stands at this offset now (the topic was made again): the log has ours
        return None
    return rows[item] if item < len(rows) and isinstance(rows[item], dict) else None


def _offsets(ranges: dict[str, dict[int, tuple[int, int]]], end: int) -> str:
    return json.dumps({topic: {str(p): ends[end] + end for p, ends in parts.items()} for topic, parts in ranges.items()})


def _options() -> dict[str, str]:
    options = {
        "kafka.bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "kafka.security.protocol": settings.KAFKA_SECURITY_PROTOCOL,
    }
    if settings.KAFKA_SASL_MECHANISM:
        module = "plain.PlainLoginModule" if settings.KAFKA_SASL_MECHANISM == "PLAIN" else "scram.ScramLoginModule"
        name, password = (json.dumps(text) for text in (settings.KAFKA_SASL_USERNAME, settings.KAFKA_SASL_PASSWORD))
        options["kafka.sasl.mechanism"] = settings.KAFKA_SASL_MECHANISM
        options["kafka.sasl.jaas.config"] = (
            f"org.apache.kafka.common.security.{module} required username={name} password={password};"
        )
    if settings.KAFKA_SSL_CAFILE:
        options |= {"kafka.ssl.truststore.location": settings.KAFKA_SSL_CAFILE, "kafka.ssl.truststore.type": "PEM"}
    return options
