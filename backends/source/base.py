"""What every pulled source looks like: records out, `ack` back, at least once.

The caller stores a batch first and acknowledges it after; the identity of a record makes a repeat harmless. Where a source
starts is the store's business: `Positions` asks it, so a process that remembers more than the store re-reads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Partition(NamedTuple):
    """One ordered part of a source. `topic_id` changes when a topic is deleted and made again under its old name."""

    topic_id: str
    partition: int


class SourceRecord(NamedTuple):
    """One record as the source gave it: bytes (None for a tombstone), time in microseconds UTC. epoch: see Place."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    timestamp_us: int
    value: bytes | None
    epoch: int = -1


class Place(NamedTuple):
    """Where a store goes on. epoch: of the leader that took the record before (-1: unknown).

    By it a source can tell a log that was cut and has grown again from the one that was read.
    """

    offset: int
    epoch: int = -1


Positions = Callable[[Sequence[Partition]], Mapping[Partition, Place | None]]
"""Where the store goes on in each partition. None = it has never stored any of it. One that is left out must not be read."""


class SourceUnavailable(Exception):
    """The source did not answer; nothing was lost, the caller tries again later."""


class Source(ABC):
    """A source that is polled. Not thread-safe: one process, one thread, one source."""

    @abstractmethod
    def poll(self, timeout_s: float) -> list[SourceRecord]:
        """The next records, in offset order within a partition; [] when none came in time. Raises SourceUnavailable."""

    @abstractmethod
    def ack(self, next_offsets: Mapping[Partition, int]) -> None:
        """Tells the source what is stored. A hint for its own tools: reading never starts from it."""

    @abstractmethod
    def rewind(self) -> None:
        """Forgets every position; the next `poll` asks the store again. Called when storing a batch failed."""

    @abstractmethod
    def idle(self, timeout_s: float) -> None:
        """Keeps the membership in the group for a while without reading, as the store is away."""

    @abstractmethod
    def lag(self) -> dict[tuple[str, int], int]:
        """Records in each (topic, partition) held by this process that are not stored yet."""

    @abstractmethod
    def close(self) -> None:
        """Leaves the group and closes the connections."""
