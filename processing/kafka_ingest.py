"""Messages of a Kafka topic into the event log. The offset row is locked first, so a zombie consumer finds its range done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from backends.offline import log_sources
from backends.offline.log_sources import Moved
from backends.source.base import Partition, Place, SourceRecord
from core import strict_json
from core.clock import now_us
from core.errors import JStoreError
from core.strict_json import Malformed
from processing import inline
from processing.envelopes import is_row, open_document
from processing.ingest import Incoming, append, judge_all
from processing.judging import Refused

KafkaMessage = SourceRecord


@dataclass
class KafkaOutcome:
    """What became of a batch. rejected_gap: (topic id, partition, first, next) of offsets that will never come."""

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    stored: int = 0
    duplicates: int = 0
    dead: int = 0
    position: int | None = None
    rejected_gap: list[tuple[str, int, int, int]] = field(default_factory=list)


def kafka_places(project: str, partitions: Iterable[Partition]) -> dict[Partition, Place | None]:
    """Where to go on in each partition; None: from the earliest record. One that was stopped is left out."""
    found = log_sources.places(project, partitions)
    return {Partition(*at): None if place is None else Place(*place) for at, place in found.items()}


def accept_kafka(project: str, messages: Sequence[KafkaMessage]) -> KafkaOutcome:
    """Store messages once and in order, whatever is redelivered; committed when this returns."""
    # definitions that messages bring are made before the transaction: they are published to other processes at once
    opened = _open(project, messages)
    now = now_us()
    outcome = KafkaOutcome()
    with transaction.atomic(using="default"):
        expected = log_sources.lock_offsets(project, {(m.topic_id, m.topic, m.partition) for m in messages})
        news: list[Incoming] = []
        moved: dict[tuple[str, int], Moved] = {}
        for message, rows in zip(messages, opened, strict=True):
            place = (message.topic_id, message.partition)
            at, offset = expected[place], message.offset
            if at is not None and offset != at:
                if offset < at:
                    continue
                log_sources.note_gap(project, *place, at, offset)
                outcome.rejected_gap.append((*place, at, offset))
            one = moved.get(place)
            if one is None:
                one = moved[place] = Moved(offset if at is None else at)
            one.records += 1
            one.gaps += 0 if at is None else offset - at
            one.rows += len(rows)
            expected[place] = one.next_offset = offset + 1
            one.epoch = message.epoch
            news += rows
        verdicts = judge_all(project, news, now)
        done = append(project, news, verdicts, now)
        outcome.next_offsets = {place: at for place, at in expected.items() if at is not None}
        for (place, fate), number in _fates(news, done.fates).items():
            setattr(moved[place], fate, number)
        log_sources.move_offsets(project, moved)
    outcome.stored, outcome.duplicates, outcome.dead, outcome.position = (
        done.accepted,
        done.duplicates,
        len(done.rejected),
        done.position,
    )
    return outcome


def _fates(news: Sequence[Incoming], fates: Sequence[str]) -> Counter[tuple[tuple[str, int], str]]:
    """How many rows of each partition were stored, duplicates and rejected: the conservation law of the source."""
    return Counter(zip((row.origin[:2] for row in news if row.origin is not None), fates, strict=True))


def _open(project: str, messages: Sequence[KafkaMessage]) -> list[list[Incoming]]:
    """The rows of each message; one that cannot be read is one refused row with the bytes as they came."""
    documents = iter(strict_json.parse_many([message.value for message in messages if message.value is not None]))
    return [_rows(project, message, None if message.value is None else next(documents)) for message in messages]


def _rows(project: str, message: KafkaMessage, document: Any) -> list[Incoming]:
    _, topic_id, partition, offset, time, value, _ = message
    if is_row(document):
        return [Incoming(document, time, raw=value, origin=(topic_id, partition, offset, 0))]
    refused = None
    if value is None:
        refused = Refused("not_an_object", "the record has no value")
    elif isinstance(document, Malformed):
        refused = Refused(document.code, document.detail)
    else:
        try:
            envelope = open_document(document)
        except JStoreError as error:
            refused = Refused(error.code, error.detail)
    if refused is not None:
        return [Incoming(None, time, raw=value or b"", refused=refused, origin=(topic_id, partition, offset, 0))]
    address, verdict = inline.address_of(project, envelope, True, "kafka")
    return [
        Incoming(row, time, address, refused=verdict, origin=(topic_id, partition, offset, item))
        for item, row in enumerate(envelope.rows)
    ]
