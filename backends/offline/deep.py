"""One entity with more events than are ever held as rows: its events as `input_data`, read and made a piece at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from backends.offline import log_reading
from backends.offline.inputs import Misfit, fitting, input_table
from backends.offline.pairs import Pair
from backends.offline.program import Program
from backends.offline.routed import event_of
from core.clock import NEVER

PIECE = 5_000  # rows of the log that are read at once
MOST_BYTES = 256 * 2**20  # of input_data: half of what the engine may use by default


class TooDeep(Exception):
    """The events of one entity do not fit into what one computation may hold."""


@dataclass(frozen=True)
class Deep:
    """The fitting events of one entity by (time, position): input_data with `__run` 0, and their times in us."""

    table: pa.Table
    times: np.ndarray[tuple[int], np.dtype[np.int64]]

    def any_event(self, t: int) -> bool:
        """Whether any of them has its time by t."""
        return bool(len(self.times)) and int(self.times[0]) <= t

    def newest(self, made: Program, t: int) -> int:
        """The newest time that counts at t, NEVER where none does."""
        end = int(np.searchsorted(self.times, t, side="right"))
        return int(self.times[end - 1]) if end and self.times[end - 1] > made.lower(t) else NEVER

    def inside(self, made: Program, t: int) -> pa.Table:
        """The events that count at t; no copy."""
        first, end = np.searchsorted(self.times, [made.lower(t), t], side="right")
        return self.table.slice(int(first), int(end - first))

    def changes(self, made: Program, now: int) -> tuple[int | None, int | None]:
        """The next two times after now at which V can change; None where there is none (see paths.recompute)."""
        later = [self.times, *(self.times + offset for offset in made.compiled.offsets)]
        if made.window is not None:
            leaves = -(-self.times // made.window.hop) * made.window.hop + made.window.size
            later = [np.minimum(times, leaves) for times in later] + [leaves]
        found = np.unique(np.concatenate([times[times > now] for times in later]))[:2]
        return (int(found[0]) if len(found) else None), (int(found[1]) if len(found) > 1 else None)


def reading(
    made: Program, pair: Pair, key: str, low: int, upto: int, note: Callable[[list[Misfit]], None]
) -> Generator[None, None, Deep]:
    """The entity's events later than `low` (us), live at a log position; yields between pieces. What does not fit is given to
    `note`. Raises TooDeep."""
    route, times, tables = made.spec.route(made.version), array("q"), []
    after: tuple[int, int] | None = (-1, -1)
    size = 0
    while after is not None:
        rows, after = log_reading.scan_after(made.spec.project, pair, key, low, after, upto, PIECE)
        events = [event for row in rows if (event := event_of(route, row)) is not None]
        events, wrong = fitting(made.version, made.column_types, events)
        if wrong:
            note(wrong)
        times.extend(event.time for event in events)
        table = input_table(made.spec, made.version, made.column_types, events, [0] * len(events))
        size += table.nbytes
        if size > MOST_BYTES:
            raise TooDeep(f"more than {len(times)} events, {size // 2**20} MiB")
        tables.append(table)
        yield
    return Deep(pa.concat_tables(tables), np.frombuffer(times, np.int64) if times else np.empty(0, np.int64))


def any_before(made: Program, pair: Pair, key: str, t: int, upto: int) -> Generator[None, None, bool]:
    """Whether the group took any event of the entity up to t (us); yields between pieces."""
    route = made.spec.route(made.version)
    after: tuple[int, int] | None = (-1, -1)
    while after is not None:
        rows, after = log_reading.scan_after(made.spec.project, pair, key, -1, after, upto, PIECE)
        events = [event for row in rows if (event := event_of(route, row)) is not None]
        events, _ = fitting(made.version, made.column_types, events)
        if events:
            return events[0].time <= t
        yield
    return False
