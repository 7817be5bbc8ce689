"""The row path: row-level SQL; the newest passing row by (event time, position) is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backends.engine import Engine
from backends.offline.program import Program
from core.clock import FOREVER
from core.record import Held, Record, Run
from processing.paths.built import Built, Entity, timeline


@dataclass(frozen=True, order=True)
class _Row:
    """An event and its packed output; block b"" where WHERE leaves it out."""

    time: int
    position: int
    block: bytes


def build(made: Program, entities: Sequence[Entity], position: int | None, now: int, on: Engine | None = None) -> list[Built]:
    """position None: keep each record's own (a sweep). Raises EngineFailed."""
    events = [(n, event) for n, entity in enumerate(entities) for event in entity.events]
    passing = made.passing([event for _, event in events], on) if events else {}
    fresh: list[list[_Row]] = [[] for _ in entities]
    for i, (n, event) in enumerate(events):
        # an output row of open columns alone packs to nothing; one byte keeps it apart from a row that did not pass
        block = b"\1" + made.outputs.pack(passing[i]) if i in passing else b""
        fresh[n].append(_Row(event.time, event.row.position, block))
    return [_build_one(made, entity, rows, position, now) for entity, rows in zip(entities, fresh, strict=True)]


def _build_one(made: Program, entity: Entity, rows: list[_Row], position: int | None, now: int) -> Built:
    before = entity.record
    any_event = entity.fresh and entity.older
    if before is not None:
        run, _ = before.run_at(now)
        any_event = run.any_event
        rows = rows + [_Row(h.due, h.position, _relaid(made, before.layout, h.block)) for h in before.held]
        for run in before.runs:  # the row after the next change may be the only one that is left
            if run.exists and run.newest <= now:
                # applied before every row of this batch, so it loses ties: position 0
                rows.append(_Row(run.newest, 0, _relaid(made, before.layout, b"\1" + run.values)))
    any_event = any_event or any(r.time <= now for r in rows)
    held = sorted(r for r in rows if r.time > now)
    window = made.window

    def served(t: int) -> _Row | None:
        newest = max((r for r in rows if r.time <= t and r.block), default=None)
        return newest if newest is not None and (window is None or t < window.leaves(newest.time)) else None

    current = served(now)
    leaving = [] if window is None else [window.leaves(r.time) for r in rows if r.block]
    following, end = timeline([*leaving, *(r.time for r in held)], now)
    runs = [_run(now, current, any_event)]
    if following is not None:
        runs.append(_run(following, served(following), any_event or any(r.time <= following for r in held)))
    at = position if position is not None else (before.position if before else 0)
    record = Record(
        at,
        made.layout,
        tuple(runs),
        end if following is not None else FOREVER,
        tuple(Held(r.time, r.position, r.block) for r in held),
    )
    values = None if current is None else made.outputs.to_arrow_row(made.outputs.unpack(current.block, 1))
    return Built(entity, record, values, plain=window is None and not held and current is not None)


def _run(start: int, row: _Row | None, any_event: bool) -> Run:
    return Run(start, any_event=any_event) if row is None else Run(start, row.time, True, any_event, row.block[1:])


def _relaid(made: Program, layout: int, block: bytes) -> bytes:
    """A block of an older layout as one of this; between the two, types became known."""
    if layout == made.layout or not block:
        return block
    return b"\1" + made.outputs.pack(made.outputs_of(layout).carried(block, 1, made.outputs))
