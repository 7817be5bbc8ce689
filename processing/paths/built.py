"""What the three paths work on and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backends.offline.inputs import Event
from backends.online.store import EntityState, EntityWrite
from core.clock import FOREVER
from core.record import FAILED, STATE_BYTES, Record, Run, pack_record, unpack_record


@dataclass(frozen=True)
class Entity:
    """One entity of a batch: what Redis holds of it, its new events. `fresh`: forget the former, `events` is all there is.

    `base`: with fresh, the record to build on, of events that are no longer in the log.
    """

    key: str
    bucket: int
    state: EntityState
    events: Sequence[Event] = ()
    fresh: bool = False
    older: bool = False  # with fresh: the entity has events before its window
    whole: bool = False  # `state` has all tiles of the entity, not only those that its events touch
    base: Record | None = None

    @cached_property
    def record(self) -> Record | None:
        if self.fresh:
            return self.base
        return None if self.state.record is None else unpack_record(self.state.record)

    @property
    def broken(self) -> bool:
        """Whether the last computation failed: the events of that time are in the log, but not in its record and tiles."""
        return self.state.record is not None and bool(self.state.record[0] & FAILED)


@dataclass(frozen=True)
class Built:
    """The next state of one entity. `values`: the output values now, None without an output row; the offline table keeps them."""

    entity: Entity
    record: Record
    values: Sequence[Any] | None
    tiles: dict[int, bytes] = field(default_factory=dict)
    gone: Sequence[int] = ()
    plain: bool = False
    absent: bool = False
    retry_at: int | None = None  # of one that failed, or was put off: when to try again
    deep: bool = False  # it has too many events to be computed here (see paths.gate)

    def write(self) -> EntityWrite:
        """-> the write for the online store; `expected` is what a sweep compares. An absent one leaves nothing behind."""
        if self.absent:
            return EntityWrite(self.entity.key, b"", None, fresh=True)
        due = self.record.runs[1].valid_from if len(self.record.runs) > 1 else None
        if self.record.failed or self.deep:
            due = self.retry_at
        before = self.entity.state.record
        return EntityWrite(
            self.entity.key,
            pack_record(self.record, self.plain),
            due,
            self.tiles,
            self.gone,
            self.entity.fresh,
            before[:STATE_BYTES] if before else b"",
        )


def clock_for(now: int, entities: Iterable[Entity]) -> int:
    """The time to compute for: now, or what a faster clock has already computed for. A record's clock never goes back."""
    records = (e.record for e in entities)
    return max([now, *(r.since for r in records if r is not None)])


def failed(entity: Entity, position: int, layout: int, now: int, retry_at: int | None) -> Built:
    """The last good state, marked: served as STALE until a later computation succeeds."""
    before = None if entity.state.record is None else unpack_record(entity.state.record)
    if before is None:
        record = Record(position, layout, (Run(now, any_event=True),), failed=True)
    else:
        record = before._replace(position=max(position, before.position), failed=True)
        if before.swept_to < 0:  # a plain record has no start
            record = record._replace(runs=(before.runs[0]._replace(valid_from=now),))
    return Built(entity, record, None, retry_at=retry_at)


def timeline(changes: Iterable[int], now: int) -> tuple[int | None, int]:
    """Times of change -> (the next one after now, or None; the one after that, FOREVER without)."""
    later = sorted({t for t in changes if t > now})
    return (later[0] if later else None), (later[1] if len(later) > 1 else FOREVER)
