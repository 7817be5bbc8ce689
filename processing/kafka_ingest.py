"""Messages of a Kafka topic into the event log. The offset row is locked first, so a zombie consumer finds its range done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from backends.offline import log_sources
from core import strict_json
from core.clock import now_us
from core.errors import JStoreError
from processing import inline
from processing.envelopes import open_document
from processing.ingest import Incoming, append, judge_all
from processing.judging import Refused


@dataclass(frozen=True)
class KafkaMessage:
    """One record as it was read. value None is a tombstone of compaction."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    timestamp_us: int
    value: bytes | None


@dataclass
class KafkaOutcome:
    """What became of a batch. rejected_gap: (topic id, partition, first, next) of offsets that will never come."""

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    stored: int = 0
    duplicates: int = 0
    dead: int = 0
    position: int | None = None
    rejected_gap: list[tuple[str, int, int, int]] = field(default_factory=list)


def kafka_positions(project: str, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int | None]:
    """Where to go on for each (topic id, partition); None: from the earliest record."""
    return log_sources.offsets(project, partitions)


def accept_kafka(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
    """Store messages once and in order, whatever is redelivered; committed when this returns."""
    # definitions that messages bring are made before the transaction: they are published to other processes at once
    opened = [_open(project, message) for message in messages]
    now = now_us()
    outcome = KafkaOutcome()
    with transaction.atomic(using="default"):
        expected = log_sources.lock_offsets(project, ((m.topic_id, m.topic, m.partition) for m in messages))
        news: list[Incoming] = []
        for message, rows in zip(messages, opened, strict=True):
            place = (message.topic_id, message.partition)
            at = expected[place]
            if at is not None and message.offset < at:
                continue
            if at is not None and message.offset > at:
                log_sources.note_gap(project, *place, at, message.offset)
                outcome.rejected_gap.append((*place, at, message.offset))
            expected[place] = message.offset + 1
            news += rows
        verdicts = judge_all(project, news, now)
        done = append(project, news, verdicts, now)
        counts = _counts(news, done.fates)
        for place, at in expected.items():
            if at is not None:
                of = counts[place]
                log_sources.move_offset(project, *place, at, of["stored"], of["duplicates"], of["rejected"])
                outcome.next_offsets[place] = at
    outcome.stored, outcome.duplicates, outcome.dead, outcome.position = (
        done.accepted,
        done.duplicates,
        len(done.rejected),
        done.position,
    )
    return outcome


def _counts(news: Sequence[Incoming], fates: Sequence[str]) -> dict[tuple[str, int], Counter[str]]:
    """How many rows of each partition were stored, duplicates and rejected: the conservation law of the source."""
    found: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for incoming, fate in zip(news, fates, strict=True):
        assert incoming.origin is not None
        found[incoming.origin[:2]][fate] += 1
    return found


def _open(project: str, message: KafkaMessage) -> list[Incoming]:
    """A message -> its rows; one that cannot be read is one refused row with the bytes as they came."""
    origin = (message.topic_id, message.partition, message.offset)

    def refused(code: str, detail: str) -> list[Incoming]:
        return [
            Incoming(None, message.timestamp_us, raw=message.value or b"", refused=Refused(code, detail), origin=(*origin, 0))
        ]

    if message.value is None:
        return refused("not_an_object", "the record has no value")
    try:
        envelope = open_document(strict_json.parse(message.value))
    except JStoreError as error:
        return refused(error.code, error.detail)
    address, verdict = inline.address_of(project, envelope, True, "kafka")
    return [
        Incoming(row, message.timestamp_us, address, refused=verdict, origin=(*origin, item))
        for item, row in enumerate(envelope.rows)
    ]
