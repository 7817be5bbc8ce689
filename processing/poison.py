"""A Kafka record that the log cannot take for a reason nobody foresaw: tried again a few times, then put aside as a dead letter.

So one record never blocks its partition, and none is lost: its bytes are in the dead letters and can be replayed.
"""

from __future__ import annotations

import time

from django.db import transaction

from backends.offline import log_sources
from backends.offline.log_sources import Moved
from core.clock import now_us
from processing import dead_letters
from processing.dead_letters import Letter
from processing.ingest import SOURCE
from processing.kafka_ingest import KafkaMessage, KafkaOutcome

# Long enough that a fault of ours which hits every record puts aside a few a minute, not the topic.
TRIES, SECONDS = 4, 10.0


class Poison:
    """Remembers the failures of single records of one consumer."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, int, int], tuple[int, float]] = {}

    def is_certain(self, message: KafkaMessage) -> bool:
        """Notes one more failure of this record alone; whether it has had its tries and its time."""
        place = (message.topic_id, message.partition, message.offset)
        tries, since = self._failures.get(place, (0, time.monotonic()))
        if tries + 1 < TRIES or time.monotonic() - since < SECONDS:
            self._failures[place] = (tries + 1, since)
            return False
        self._failures.pop(place, None)
        return True


def put_aside(project: str, message: KafkaMessage, error: BaseException) -> KafkaOutcome:
    """The record as a dead letter and its offset as passed, in one transaction. Only the error's class is told."""
    place = (message.topic_id, message.partition)
    letter = Letter(
        project,
        "unstorable",
        f"the record could not be stored: {type(error).__name__}",
        SOURCE,
        message.value or b"",
        now_us(),
        partition=message.partition,
        offset=message.offset,
        topic_id=message.topic_id,
    )
    with transaction.atomic(using="default"):
        at = log_sources.lock_offsets(project, [(message.topic_id, message.topic, message.partition)])[place]
        if at is not None and message.offset < at:
            return KafkaOutcome({place: at})
        dead_letters.store([letter])
        gaps = 0 if at is None else message.offset - at
        first = message.offset if at is None else at
        moved = Moved(first, message.offset + 1, message.epoch, records=1, gaps=gaps, rows=1, rejected=1)
        log_sources.move_offsets(project, {place: moved})
    return KafkaOutcome({place: message.offset + 1}, dead=1)
