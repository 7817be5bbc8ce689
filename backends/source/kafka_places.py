"""Where a Kafka consumer stands in each partition that its group has given it, by what the store says.

A partition is set aside (paused) when it is assigned or when storing failed, and settled before it is read: its topic's id,
the stored offset, the log's ends, then seek and resume. The rebalance listener runs on the library's own thread, where
waiting for the store would stop the heartbeats, so there it is only set aside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import ConsumerRebalanceListener
from kafka.structs import OffsetAndMetadata, TopicPartition

from backends.source.base import Partition, Place, Positions

logger = logging.getLogger(__name__)

REQUEST_MS = 10_000
# A broker that has just come back may show a shorter log for a moment; a stop is only declared after this long.
BELOW_GRACE_S = 10.0

# How often the store is asked whether somebody has let a stopped partition be read again.
AGAIN_S = 5.0

Alarm = Callable[[str, Partition, int | None], None]
"""(topic, partition, offset from which its log is not what was stored): reading is stopped. None: the store had said so."""


class Places(ConsumerRebalanceListener):  # type: ignore[misc]
    """The bookkeeping of one consumer; also its rebalance listener."""

    def __init__(self, consumer: Any, positions: Positions, alarm: Alarm) -> None:
        self._consumer, self._positions, self._alarm = consumer, positions, alarm
        self._aside: set[TopicPartition] = set()
        self.ids: dict[TopicPartition, str] = {}  # topic id under which each is read
        self._pending: set[TopicPartition] = set()  # handed on and not stored yet
        self._stored: dict[TopicPartition, int] = {}  # next offset to be stored
        self._below: dict[TopicPartition, float] = {}  # since when the log ends below the stored offset
        self._stopped: dict[TopicPartition, str] = {}  # given up, with the topic id it had
        self._asked_at = 0.0  # when the store was last asked about those

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the library, on its thread."""
        for tp in assigned:
            self.set_aside(tp)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the library, on its thread."""
        for tp in revoked:
            self._aside.discard(tp)
            self._pending.discard(tp)
            for known in (self.ids, self._stored, self._below, self._stopped):
                known.pop(tp, None)

    def set_aside(self, tp: TopicPartition) -> None:
        """Reads nothing of it until it is settled again."""
        if tp in self._stopped:
            return
        self._aside.add(tp)
        self._pending.discard(tp)
        self._consumer.pause(tp)
        self._consumer.seek(tp, 0)  # any position at all, or the library would ask for Kafka's commit and fail

    def settle(self, topic_ids: Callable[[set[str]], Mapping[str, str]]) -> None:
        """Brings what is set aside to the store's offset; a stopped one when that wants it again or the topic was made anew."""
        assigned = self._consumer.assignment()
        waiting = [tp for tp in (*self._aside, *self._stopped) if tp in assigned]
        ids = topic_ids({tp.topic for tp in waiting}) if waiting else {}
        again = time.monotonic() - self._asked_at >= AGAIN_S
        wanted = {
            tp: Partition(ids[tp.topic], tp.partition)
            for tp in waiting
            if tp.topic in ids and (again or self._stopped.get(tp) != ids[tp.topic])
        }
        if not wanted:
            return
        self._asked_at = time.monotonic() if again else self._asked_at
        stored = self._positions(list(wanted.values()))
        starts = self._consumer.beginning_offsets(list(wanted), timeout_ms=REQUEST_MS)
        ends = self._consumer.end_offsets(list(wanted), timeout_ms=REQUEST_MS)
        for tp, partition in wanted.items():
            place = stored.get(partition)
            if partition not in stored:
                if tp not in self._stopped:
                    logger.critical("%s-%s is not read: it was stopped, and nobody has let it go on.", *tp)
                    self._stop(tp, partition, None)
            elif place is None:
                self._resume(tp, partition.topic_id, Place(starts[tp]))
            elif place.offset > ends[tp]:
                self._log_is_short(tp, partition, place.offset, ends[tp])
            else:
                # An offset before the start has expired: the first record that comes is beyond it, a gap that the store notes.
                self._resume(tp, partition.topic_id, place._replace(offset=max(place.offset, starts[tp])))

    def cut(self, found: Mapping[TopicPartition, Any]) -> None:
        """The broker has found logs to be others than those that were read, from an offset on (None: it does not know where)."""
        for tp, place in found.items():
            stored, at = self._stored.get(tp), 0 if place is None else place.offset
            if stored is not None and tp in self.ids and at < stored:
                self._give_up(tp, Partition(self.ids[tp], tp.partition), stored, at)

    def taken(self, tp: TopicPartition) -> str | None:
        """Notes that records of it are handed on; its topic id, or None where they must be dropped and read again."""
        if tp in self._aside or tp not in self.ids:
            return None
        self._pending.add(tp)
        return self.ids[tp]

    def kept(self, next_offsets: Mapping[Partition, int]) -> dict[TopicPartition, int]:
        """Notes what is stored; -> the same by topic name, for what is still ours."""
        ours = {}
        for tp, topic_id in list(self.ids.items()):
            offset = next_offsets.get(Partition(topic_id, tp.partition))
            if offset is not None:
                self._pending.discard(tp)
                self._stored[tp] = ours[tp] = offset
        return ours

    def lag(self) -> dict[tuple[str, int], int]:
        """Records from the next one to be stored to the end, where the former is known and it is read. Raises KafkaError."""
        found = {}
        read = [tp for tp in self._consumer.assignment() if tp not in self._stopped]
        for tp, end in self._consumer.end_offsets(read, timeout_ms=REQUEST_MS).items():
            # Behind a transaction's marker nothing is left to store, though the stored offset stands before it.
            reading = tp in self.ids and tp not in self._aside and tp not in self._pending
            at = self._consumer.position(tp, timeout_ms=0) if reading else self._stored.get(tp)
            if at is not None:
                found[tp.topic, tp.partition] = max(0, end - at)
        return found

    def _resume(self, tp: TopicPartition, topic_id: str, place: Place) -> None:
        if tp not in self._consumer.assignment():
            return  # revoked this very moment
        # With the epoch the library has the broker compare logs before it reads; its public `seek` takes none.
        self._consumer._subscription.seek(tp, OffsetAndMetadata(place.offset, "", place.epoch))
        self._below.pop(tp, None)
        self._stopped.pop(tp, None)
        self.ids[tp] = topic_id
        self._stored[tp] = place.offset
        self._aside.discard(tp)
        self._consumer.resume(tp)
        logger.info("Reading %s-%s (topic id %s) from offset %s", tp.topic, tp.partition, topic_id, place.offset)

    def _log_is_short(self, tp: TopicPartition, partition: Partition, stored: int, end: int) -> None:
        since = self._below.setdefault(tp, time.monotonic())
        if time.monotonic() - since >= BELOW_GRACE_S:
            self._give_up(tp, partition, stored, end)

    def _give_up(self, tp: TopicPartition, partition: Partition, stored: int, at: int) -> None:
        logger.critical(
            "Kafka's log of %s-%s is another one from offset %s on, but everything before %s was stored: records are lost, and"
            " new ones stand under old offsets. This partition is no longer read.",
            tp.topic,
            tp.partition,
            at,
            stored,
        )
        self._stop(tp, partition, at)

    def _stop(self, tp: TopicPartition, partition: Partition, at: int | None) -> None:
        self._alarm(tp.topic, partition, at)  # first: where the store does not hear it, it is told again
        self._consumer.pause(tp)
        self._aside.discard(tp)
        self._pending.discard(tp)
        self._stopped[tp] = partition.topic_id
