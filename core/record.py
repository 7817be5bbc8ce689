"""The online record of one entity under one version, and its tiles.

plain   : header, newest event time, values                          (row-level and nothing held)
rows    : header, swept-to, end, runs [valid_from, newest, values, partials], held [due, position, block]
          a run of the tile path keeps its merged partials, so that an event that arrives is merged into them without a tile
header  : 8 bytes: kind and flags, layout, log position (6 bytes). With the next 8 bytes it tells two states of a record apart,
          which is what a sweep's compare-and-set compares.
cursor  : epoch, position (compared by every write), then what readers need to judge freshness.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from core.clock import FOREVER, NEVER

PLAIN, ROWS = 1, 2
EXISTS, ANY_EVENT = 1, 2  # of a run: it has an output row; the entity has an event at that time
FAILED = 0x10  # of a record: the last computation failed, the values are those before it
_HEAD = Struct("<BBHIq")
_ROWS = Struct("<qB")
_RUN = Struct("<qqBII")
_COUNT = Struct("<H")
_HELD = Struct("<qQI")
_TILE = Struct("<Bq")
_CURSOR = Struct("<IQqBQI")
STATE_BYTES = 16
REBUILDING, WHOLE = 0, 1


class Run(NamedTuple):  # and not a dataclass, which takes three times as long to make: there are two for each entity of a batch
    """V from `valid_from` (us) until the next run: values and, of the tile path, the merged partials they come from."""

    valid_from: int
    newest: int = NEVER  # the newest event counted, us; NEVER where none is
    exists: bool = False
    any_event: bool = False
    values: bytes = b""
    partials: bytes = b""


class Held(NamedTuple):
    """An event that counts from `due` on: its own partials (tiles) or values (row-level); empty where the log is read again."""

    due: int
    position: int
    block: bytes = b""


class Record(NamedTuple):
    """One entity under one version. `end`: the first time for which no run is known to hold."""

    position: int
    layout: int
    runs: tuple[Run, ...]
    end: int = FOREVER
    held: tuple[Held, ...] = ()
    failed: bool = False

    @property
    def swept_to(self) -> int:
        return self.runs[0].valid_from

    @property
    def since(self) -> int:
        """The first time that it is exact for. A plain one has no start: it holds from the newest event that it counts on, and
        the host that counted it may have been ahead."""
        first = self.runs[0]
        return first.newest if first.valid_from == NEVER else first.valid_from

    def run_at(self, clock: int) -> tuple[Run, int]:
        """-> (the run to read at this clock, as_of = the last time not after the clock for which it is exact)."""
        chosen = self.runs[0]
        for run in self.runs[1:]:
            if run.valid_from <= clock:
                chosen = run
        start = self.since if chosen is self.runs[0] else chosen.valid_from
        return chosen, max(start, min(clock, self.end - 1))


def pack_record(record: Record, plain: bool = False) -> bytes:
    """-> bytes; `plain` only for one run, nothing held, no end, no partials (row-level groups)."""
    flags = FAILED if record.failed else 0
    if plain:
        run = record.runs[0]
        flags |= PLAIN | (EXISTS << 2 if run.exists else 0)
        return _HEAD.pack(flags, record.layout, record.position >> 32, record.position & 0xFFFFFFFF, run.newest) + run.values
    parts = [_HEAD.pack(flags | ROWS, record.layout, record.position >> 32, record.position & 0xFFFFFFFF, record.swept_to)]
    parts.append(_ROWS.pack(record.end, len(record.runs)))
    for run in record.runs:
        bits = (EXISTS if run.exists else 0) | (ANY_EVENT if run.any_event else 0)
        parts += (_RUN.pack(run.valid_from, run.newest, bits, len(run.values), len(run.partials)), run.values, run.partials)
    parts.append(_COUNT.pack(len(record.held)))
    for held in record.held:
        parts += (_HELD.pack(held.due, held.position, len(held.block)), held.block)
    return b"".join(parts)


def position_of(data: bytes) -> int:
    """The log position of a packed record."""
    _, _, high, low, _ = _HEAD.unpack_from(data)
    return int(high << 32 | low)


def unpack_record(data: bytes) -> Record:
    """The inverse of pack_record."""
    flags, layout, high, low, first = _HEAD.unpack_from(data)
    position, failed = high << 32 | low, bool(flags & FAILED)
    if flags & 3 == PLAIN:
        run = Run(NEVER, first, bool(flags & EXISTS << 2), True, data[STATE_BYTES:])
        return Record(position, layout, (run,), failed=failed)
    end, count = _ROWS.unpack_from(data, STATE_BYTES)
    at, runs, held = STATE_BYTES + _ROWS.size, [], []
    for _ in range(count):
        valid_from, newest, bits, size, partial_size = _RUN.unpack_from(data, at)
        at += _RUN.size
        values, partials = data[at : at + size], data[at + size : at + size + partial_size]
        runs.append(Run(valid_from, newest, bool(bits & EXISTS), bool(bits & ANY_EVENT), values, partials))
        at += size + partial_size
    (count,) = _COUNT.unpack_from(data, at)
    at += _COUNT.size
    for _ in range(count):
        due, held_position, size = _HELD.unpack_from(data, at)
        at += _HELD.size
        held.append(Held(due, held_position, data[at : at + size]))
        at += size
    return Record(position, layout, tuple(runs), end, tuple(held), failed)


def pack_tile(layout: int, newest: int, partials: bytes) -> bytes:
    """A tile: the layout of its block, its newest event time, its partials."""
    return _TILE.pack(layout, newest) + partials


def unpack_tile(data: bytes) -> tuple[int, int, bytes]:
    """-> (layout, newest event time, partials)."""
    layout, newest = _TILE.unpack_from(data)
    return layout, newest, data[_TILE.size :]


@dataclass(frozen=True)
class Cursor:
    """How far a bucket of a version is. `equal_at`: when it last equalled the head, us. `system`, `timeline`: PostgreSQL's."""

    epoch: int
    position: int
    equal_at: int
    state: int
    system: int
    timeline: int

    @property
    def whole(self) -> bool:
        return self.state == WHOLE

    def pack(self) -> bytes:
        return _CURSOR.pack(self.epoch, self.position, self.equal_at, self.state, self.system, self.timeline)

    @property
    def fence(self) -> bytes:
        """The bytes every write must find in Redis."""
        return self.pack()[:12]

    @classmethod
    def unpack(cls, data: bytes) -> Cursor:
        return cls(*_CURSOR.unpack(data))
