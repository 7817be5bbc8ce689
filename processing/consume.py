"""The consumer's loop: poll, store, acknowledge. What could not be stored is read again, never passed over unrecorded.

A failure of a store throws the batch away and asks the store anew where to go on (a process that remembers more than the
store re-reads), after a wait with full jitter in which the group membership is kept.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

import redis
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, ProgrammingError, connections

from backends import metrics
from backends.source.base import Partition, Source, SourceRecord, SourceUnavailable
from core.errors import Unavailable
from processing.kafka_ingest import KafkaMessage, KafkaOutcome
from processing.poison import Poison, put_aside

logger = logging.getLogger(__name__)

POLL_S = 0.5
LAG_EVERY_S = 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
ABOUT_THE_DATA = (DataError, IntegrityError, ProgrammingError, NotSupportedError)

Accept = Callable[[str, Sequence[KafkaMessage]], KafkaOutcome]
Ring = Callable[[KafkaOutcome], None]


def store_is_away(error: BaseException) -> bool:
    """Whether waiting may help: the error speaks of a store, not of the rows."""
    if isinstance(error, DatabaseError):
        return not isinstance(error, ABOUT_THE_DATA)
    return isinstance(error, (InterfaceError, redis.RedisError, Unavailable))


class Consumer:
    """One source's records into one project's log. `accept` is the transaction, `ring` is told after it has committed."""

    def __init__(self, project: str, source: Source, accept: Accept, ring: Ring | None = None) -> None:
        self._project, self._source, self._accept, self._ring = project, source, accept, ring
        self._going, self._failures, self._lag_at, self._poison = True, 0, 0.0, Poison()

    def stop(self) -> None:
        """Ends `run` after the batch in hand; safe in a signal handler."""
        self._going = False

    def run(self) -> None:
        """Until `stop`; leaves the group at the end."""
        try:
            while self._going:
                self.step()
        finally:
            self._source.close()

    def step(self) -> None:
        """One poll and what it brought. Raises nothing that waiting or reading again can mend."""
        try:
            records = self._source.poll(POLL_S)
            if records:
                self._store(records)
            self._count_failures(0)
        except SourceUnavailable as error:
            logger.warning("Kafka cannot be read, to be tried again: %s", error)
            self._wait(error)
        except Exception as error:  # noqa: BLE001 - the loop outlives its stores; what it cannot name it logs and tries again
            log = logger.warning if store_is_away(error) else logger.exception
            log("Storing failed, to be read again: %r", error)
            connections.close_all()
            self._source.rewind()
            self._wait(error)
        self._show_lag()

    def _store(self, records: Sequence[SourceRecord]) -> None:
        try:
            outcome = self._accept(self._project, records)
        except Exception as error:
            if store_is_away(error):
                raise
            if len(records) == 1:
                self._alone(records, error)
                return
            # One record may be the cause. Halves find it, and store all that stand before it.
            logger.warning("A batch of %s was refused whole: %r", len(records), error)
            middle = len(records) // 2
            self._store(records[:middle])
            self._store(records[middle:])
            return
        self._done(records, outcome)

    def _alone(self, records: Sequence[SourceRecord], error: Exception) -> None:
        message = records[0]
        if not self._poison.is_certain(message):
            raise error
        logger.error("Put aside as a dead letter: %s-%s offset %s", message.topic, message.partition, message.offset)
        self._done(records, put_aside(self._project, message, error))

    def _done(self, records: Sequence[SourceRecord], outcome: KafkaOutcome) -> None:
        self._source.ack({Partition(*at): offset for at, offset in outcome.next_offsets.items()})
        _count(records, outcome)
        if self._behind(records, outcome):
            self._source.rewind()
        if self._ring is not None and outcome.position is not None:
            self._ring(outcome)

    def _behind(self, records: Sequence[SourceRecord], outcome: KafkaOutcome) -> bool:
        """Whether the store wants records again that we believe to have given it."""
        given = {(record.topic_id, record.partition): record.offset + 1 for record in records}
        return any(outcome.next_offsets.get(at, given[at]) < given[at] for at in given)

    def _wait(self, error: BaseException) -> None:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures, 10))
        until = time.monotonic() + random.uniform(0, longest)  # noqa: S311 - jitter, not a secret
        self._count_failures(self._failures + 1)
        metrics.KAFKA_RETRIES.labels(type(error).__name__).inc()
        while self._going and (left := until - time.monotonic()) > 0:
            try:
                self._source.idle(min(left, POLL_S))
            except SourceUnavailable:
                time.sleep(min(left, POLL_S))

    def _count_failures(self, number: int) -> None:
        self._failures = number
        metrics.KAFKA_FAILURES.labels(self._project).set(number)

    def _show_lag(self) -> None:
        if time.monotonic() - self._lag_at >= LAG_EVERY_S:
            self._lag_at = time.monotonic()
            for (topic, partition), records in self._source.lag().items():
                metrics.KAFKA_LAG.labels(topic, partition).set(records)
                metrics.KAFKA_STOPPED.labels(topic, partition).set(0)  # it is read; the alarm sets it to 1


def _count(records: Sequence[SourceRecord], outcome: KafkaOutcome) -> None:
    for topic, number in Counter(record.topic for record in records).items():
        metrics.KAFKA_RECORDS.labels(topic).inc(number)
    for result, number in (("stored", outcome.stored), ("duplicate", outcome.duplicates), ("dead", outcome.dead)):
        metrics.KAFKA_ROWS.labels(result).inc(number)
    metrics.KAFKA_GAPS.inc(len(outcome.rejected_gap))
