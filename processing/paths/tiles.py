"""The tile path: partials per hop, merged (never subtracted) into the row for now and the row after the next change.

A record keeps the merged partials of its rows. So what arrives is merged into them and into its tile, however many tiles the
window has; only a window that has moved on is merged from its tiles again. A whole-history group keeps its one tile inside
the record. What has too many distinct values to be merged is computed from the log (processing.paths.beyond).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backends.engine import Engine
from backends.offline.program import Program
from backends.offline.routed import Routed
from core.clock import FOREVER, NEVER
from core.record import Record, Run, pack_tile
from processing.paths import beyond
from processing.paths.built import Built, Entity
from processing.paths.pieces import Answers, Pieces
from processing.paths.plans import Plan, Side, from_runs, from_tiles, whole_history


def touched(made: Program, entity_events: Sequence[Any]) -> list[int]:
    """The tiles of a windowed group that events belong to: they must be read together with the record."""
    assert made.window is not None
    return list({made.window.tile(event.time) for event in entity_events})


def needs_tiles(made: Program, entity: Entity, now: int) -> bool:
    """Whether an entity's window has moved on since its record was written, so that all its tiles are needed."""
    record = entity.record
    if made.window is None or record is None or entity.whole:
        return False
    moved_on = len(record.runs) > 1 and record.runs[1].valid_from <= now
    return moved_on or any(run.newest != NEVER and not run.partials for run in record.runs)


def build(
    made: Program,
    entities: Sequence[Entity],
    position: int,
    keep: bool,
    now: int,
    on: Engine | None = None,
    batch: Routed | None = None,
) -> list[Built]:
    """New events into tiles, tiles into rows. keep: a sweep; records keep their positions. Raises EngineFailed.

    Entities that `needs_tiles` names come with all their tiles, the others with those that their events touch.
    """
    pieces = Pieces(made)
    arrived = pieces.take_events(entities, now, batch, on)
    plans = [_plan(made, pieces, e, new, now) for e, new in zip(entities, arrived, strict=True)]
    groups: list[Sequence[int]] = []
    for plan in plans:
        for side in (plan.current, plan.following):
            if side is not None and side.pieces:
                side.group = len(groups)
                groups.append(side.pieces)
        for tile, members in plan.changed.items():
            if len(members) > 1:
                plan.groups[tile] = len(groups)
                groups.append(members)
    answers = Answers(made, pieces.merge(groups, on)) if groups else None
    rows: dict[int, Any] = {}
    if answers is not None:
        beyond.compute(made, plans, answers, position, now, on)
        shown = [p.current.group for p in plans if p.current.group >= 0]
        answers.count(shown)
        # a sweep brings nothing new to the offline table
        rows = {} if keep else answers.rows(shown)
    return [_built(made, pieces, plan, answers, rows, None if keep else position, now) for plan in plans]


def _plan(made: Program, pieces: Pieces, entity: Entity, arrived: Sequence[Any], now: int) -> Plan:
    if made.window is None:
        return whole_history(pieces, entity, arrived, now)
    if entity.record is None or entity.whole:
        return from_tiles(made.window, pieces, entity, arrived, now)
    return from_runs(made.window, pieces, entity, arrived, now)


def _built(
    made: Program, pieces: Pieces, plan: Plan, answers: Answers | None, rows: dict[int, Any], position: int | None, now: int
) -> Built:
    tiles = {}
    for tile, members in plan.changed.items():
        group = plan.groups.get(tile)
        block = pieces.block(members[0]) if group is None or answers is None else answers.partials[group]
        tiles[tile] = pack_tile(made.layout, plan.newest[tile], block)
    keep = made.window is not None
    runs = [_run(now, plan.current, answers, True)]
    if plan.following is not None and plan.next is not None:
        runs.append(_run(plan.next, plan.following, answers, keep))
    before = plan.entity.record
    at = position if position is not None else (before.position if before else 0)
    end = plan.end if plan.next is not None else FOREVER
    record = Record(at, made.layout, tuple(runs), end, tuple(plan.held))
    values = None
    if runs[0].exists and position is not None:
        group = plan.current.group
        values = rows[group] if group >= 0 else made.outputs.to_arrow_row(made.outputs.unpack(runs[0].values))
    return Built(plan.entity, record, values, tiles, plan.gone)


def _run(start: int, side: Side, answers: Answers | None, keep: bool) -> Run:
    if side.kept is not None:
        return side.kept._replace(valid_from=start)
    if side.group < 0 or answers is None:
        return Run(start, any_event=side.any_event)
    exists = bool(answers.exists[side.group])
    values = answers.values[side.group] if exists else b""
    return Run(start, side.newest, exists, side.any_event, values, answers.partials[side.group] if keep else b"")
