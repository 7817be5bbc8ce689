"""What entities are made anew from: the log as it stands at a position, and the checkpoints of what was purged from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backends.offline import checkpoints
from backends.offline.evaluate import events_between, with_events
from backends.offline.inputs import Event, Misfit
from backends.offline.pairs import Pair
from backends.offline.program import Program
from backends.offline.retention import Purged, snapshot
from core.record import Record

LATEST = (1 << 62) - 1


@dataclass(frozen=True)
class Past:
    """One entity: its events that may still count, the record of its purged ones, whether it has any event before its window."""

    events: list[Event]
    base: Record | None
    older: bool

    @property
    def known(self) -> bool:
        """Whether the group has, or had, any event of it."""
        return bool(self.events) or self.base is not None or self.older


def pasts(made: Program, pair: Pair, keys: Sequence[str], now: int, upto: int, misfits: list[Misfit]) -> list[Past]:
    """The pasts of some entities, in their order. Raises Purged where the log at this position can no longer be told."""
    with snapshot(made.spec.project) as kept:
        if kept.reaches > upto:
            raise Purged
        wants = [(key, made.lower(now), LATEST) for key in keys]
        found = checkpoints.standing(kept, events_between(made, pair, wants, upto, misfits=misfits))
        bases = checkpoints.bases(kept, made, keys)
        silent = [
            key for key, events in zip(keys, found, strict=True) if key not in bases and not any(e.time <= now for e in events)
        ]
        older: set[str] = set()
        if silent and made.window is not None:
            older = with_events(made, pair, silent, made.lower(now), upto)
    return [
        Past(events, base.record(made) if (base := bases.get(key)) else None, base is not None or key in older)
        for key, events in zip(keys, found, strict=True)
    ]
