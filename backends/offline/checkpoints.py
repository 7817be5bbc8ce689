"""Checkpoints: what a version still needs of rows that were purged, by entity. Rebuilds, corrections and past values start there.

A version without window keeps the merged partials (path tiles) or the newest row that passes (path row), any version the oldest
event time, which tells an empty window from an entity that never was. Blocks are core.codec's; `layout` says under which types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connections

from backends.engine import Engine
from backends.offline.copying import copy_rows
from backends.offline.inputs import Event, input_table, size_of
from backends.offline.pairs import BUCKETS, Pair
from backends.offline.program import Merged, Program, values_of
from backends.offline.retention import Kept
from core.clock import NEVER
from core.entity import bucket_of
from core.record import Held, Record, Run


@dataclass(frozen=True)
class Base:
    """One entity's purged events. Times in us. `newest`: of those counted, NEVER without; `position`: of the row of path row.

    `size`: of their numbers, as inputs.size_of tells it.
    """

    oldest: int
    newest: int
    position: int
    layout: int
    size: float
    block: bytes

    def record(self, made: Program) -> Record | None:
        """The record as it would stand had only these events come, to build on; None where no later value needs them."""
        if made.window is not None:
            return None
        if made.version.path == "row":  # a row whose time has come keeps its position, by which equal times are settled
            held = (Held(self.newest, self.position, self.block),) if self.block else ()
            return Record(self.position, self.layout, (Run(self.oldest, any_event=True),), held=held)
        return Record(self.position, self.layout, (Run(self.oldest, self.newest, any_event=True, partials=self.block),))


def bases(kept: Kept, made: Program, keys: Sequence[str]) -> dict[str, Base]:
    """The checkpoints of some entities that have one."""
    if not kept.purges:
        return {}
    with connections["default"].cursor() as c:
        c.execute(
            "SELECT DISTINCT ON (l.key) l.key, l.oldest, l.newest, l.position, l.layout, l.size, l.block"
            " FROM unnest(%s::smallint[], %s::text[]) AS w(bucket, key)"
            " JOIN log_checkpoint l ON l.code = %s AND l.bucket = w.bucket AND l.key = w.key AND l.purge <= %s"
            " ORDER BY l.key, l.purge DESC",
            [[bucket_of(key, BUCKETS) for key in keys], list(keys), made.version.code, kept.number],
        )
        return {
            key: Base(oldest, newest, position, layout, size, bytes(block))
            for key, oldest, newest, position, layout, size, block in c.fetchall()
        }


def standing(kept: Kept, found: list[list[Event]]) -> list[list[Event]]:
    """Events without those that the checkpoints hold already: between the first and the last row that a purge deletes."""
    if not kept.deleting:
        return found
    gone = leaving(kept.project, [event.row.position for events in found for event in events])
    return [[event for event in events if event.row.position not in gone] for events in found] if gone else found


def leaving(project: str, positions: Sequence[int]) -> set[int]:
    """Which of these rows a purge has marked to go."""
    with connections["default"].cursor() as c:
        c.execute("SELECT position FROM log_leaving WHERE project = %s AND position = ANY(%s)", [project, list(positions)])
        return {position for (position,) in c.fetchall()}


def merged(made: Program, events: Mapping[str, Sequence[Event]], before: Mapping[str, Base]) -> dict[str, Base]:
    """Fitting events that go, put to what the entities' checkpoints hold. -> the new ones. Raises EngineFailed."""
    if made.window is not None:
        return {key: _base(made, before.get(key), of, NEVER, 0, b"") for key, of in events.items()}
    if made.version.path == "row":
        return _newest_rows(made, events, before)
    keys = list(events)
    found = _finish(made, [events[key] for key in keys], [before.get(key) for key in keys])
    blocks = made.partial_blocks.pack(found.partials)
    return {
        key: _base(made, old := before.get(key), of, _newest(old, of), 0, block)
        for (key, of), block in zip(events.items(), blocks, strict=True)
    }


def _base(made: Program, old: Base | None, events: Sequence[Event], newest: int, position: int, block: bytes) -> Base:
    oldest, size = min(event.time for event in events), size_of(made.column_types, events)
    if old is not None:
        oldest, size = min(oldest, old.oldest), size + old.size
    return Base(oldest, newest, position, made.layout, size, block)


def _newest(base: Base | None, events: Sequence[Event]) -> int:
    return max([event.time for event in events], default=NEVER) if base is None else max(base.newest, *(e.time for e in events))


def _newest_rows(made: Program, events: Mapping[str, Sequence[Event]], before: Mapping[str, Base]) -> dict[str, Base]:
    flat = [(key, event) for key, of in events.items() for event in of]
    passing = made.passing([event for _, event in flat])
    best: dict[str, tuple[int, int, bytes]] = {}
    for i, (key, event) in enumerate(flat):
        if i in passing:
            best[key] = max(best.get(key, (NEVER, 0, b"")), (event.time, event.row.position, _block(made, passing[i])))
    found = {}
    for key, of in events.items():
        old, here = before.get(key), best.get(key, (NEVER, 0, b""))
        if old is not None and (old.newest, old.position) > here[:2]:
            here = (old.newest, old.position, relaid(made, old))
        found[key] = _base(made, old, of, *here)
    return found


def _block(made: Program, outputs: Sequence[Any]) -> bytes:
    return b"\1" + made.outputs.pack(outputs)  # as the row path keeps a held row


def relaid(made: Program, base: Base) -> bytes:
    """A row's block under the present layout."""
    if base.layout == made.layout or not base.block:
        return base.block
    return b"\1" + made.outputs.pack(made.outputs_of(base.layout).carried(base.block, 1, made.outputs))


def values(
    made: Program, base: Base, events: Sequence[Event], times: Sequence[int], on: Engine | None = None
) -> dict[int, list[Any]]:
    """V at some times of an entity whose purged events are all older, by index of the time; absent without an output row.

    `events`: its fitting events that are left, by (time, position). Raises EngineFailed.
    """
    inside = [made.inside(events, t) for t in times]
    if made.version.path == "row":
        passing = made.passing(events, on) if events else {}
        rows = [(e.time, e.row.position, passing[i]) for i, e in enumerate(events) if i in passing]
        old = made.outputs.to_arrow_row(made.outputs.unpack(relaid(made, base), 1))
        rows.append((base.newest, base.position, old))
        return {n: max((row for row in rows if row[0] <= t), key=lambda row: row[:2])[2] for n, t in enumerate(times)}
    found = _finish(made, inside, [base] * len(times), on)
    return {n: outputs for n, outputs in enumerate(values_of(found.outputs)) if found.exists[n]}


def _finish(made: Program, events: Sequence[Sequence[Event]], before: Sequence[Base | None], on: Engine | None = None) -> Merged:
    """Runs of events, each with a checkpoint or none, merged; a run has one or the other."""
    runs = [run for run, base in enumerate(before) if base is not None]
    pieces = made.partial_blocks.unpack([made.relaid_partials(base.layout, base.block) for base in before if base is not None])
    flat = [event for of in events for event in of]
    ids = np.array(runs, np.int64)
    if flat:
        of_event = [run for run, of in enumerate(events) for _ in of]
        news, partials = made.partial(input_table(made.spec, made.version, made.column_types, flat, of_event), on)
        pieces = [pa.concat_arrays([old, new]) for old, new in zip(pieces, partials, strict=True)]
        ids = np.concatenate([ids, news])
    return made.finish(pieces, np.arange(len(ids)), ids, on)


def write(code: str, pair: Pair, purge: int, found: Mapping[str, Base]) -> None:
    """Keep the checkpoints of a purge; readers do not look at them before it deletes."""
    rows = (
        (code, pair.bucket(key), key, purge, b.layout, b.oldest, b.newest, b.position, b.size, f"\\x{b.block.hex()}")
        for key, b in found.items()
    )
    columns = ("code", "bucket", "key", "purge", "layout", "oldest", "newest", "position", "size", "block")
    with connections["default"].cursor() as c:
        copy_rows(c, "log_checkpoint", columns, rows)


def forget_older(code: str, bucket: int, purge: int) -> None:
    """Checkpoints that those of a purge took up."""
    with connections["default"].cursor() as c:
        c.execute(
            "DELETE FROM log_checkpoint a USING log_checkpoint b WHERE a.code = %s AND a.bucket = %s AND a.purge < %s"
            " AND b.code = a.code AND b.bucket = a.bucket AND b.key = a.key AND b.purge = %s",
            [code, bucket, purge, purge],
        )


def drop(code: str) -> None:
    """Delete a withdrawn version's checkpoints."""
    with connections["default"].cursor() as c:
        c.execute("DELETE FROM log_checkpoint WHERE code = %s", [code])
