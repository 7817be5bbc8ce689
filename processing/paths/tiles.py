"""The tile path: partials per hop, merged (never subtracted) into the row for now and the row after the next change.

A whole-history group keeps its one tile inside the record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backends.engine import Engine
from backends.offline.inputs import Event
from backends.offline.program import Finished, Program
from core.clock import FOREVER, NEVER
from core.record import Held, Record, Run, pack_tile, unpack_tile
from processing.paths.built import Built, Entity, timeline

WHOLE = 0  # the one tile of a group without window


@dataclass(frozen=True)
class Piece:
    """Some events' partials and the newest time among them."""

    newest: int
    partials: Sequence[Any]


@dataclass
class _Work:
    """One entity on its way: its pieces by tile, what is held, and which tiles changed."""

    entity: Entity
    any_event: bool
    tiles: dict[int, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    changed: set[int] = field(default_factory=set)
    held: list[tuple[Held, Piece]] = field(default_factory=list)


def build(made: Program, entities: Sequence[Entity], position: int | None, now: int, on: Engine | None = None) -> list[Built]:
    """New events into tiles, tiles into rows. position None: keep each record's own (a sweep). Raises EngineFailed."""
    works = [_start(made, e, now) for e in entities]
    _take_events(made, works, now, on)
    plans = [_Plan(made, w, now) for w in works]
    pieces: list[Sequence[Any]] = []
    runs: list[int] = []
    asked: list[list[Piece]] = [group for plan in plans for group in plan.groups()]
    for run, group in enumerate(asked):
        pieces += [piece.partials for piece in group]
        runs += [run] * len(group)
    answers = made.finish(pieces, runs, on)
    built, at = [], 0
    for plan in plans:
        count = len(plan.groups())
        built.append(plan.build([answers.get(run) for run in range(at, at + count)], position))
        at += count
    return built


def _start(made: Program, entity: Entity, now: int) -> _Work:
    """What Redis holds: tiles decoded, held events that have come due moved into theirs."""
    record = entity.record
    if record is None:
        return _Work(entity, entity.fresh and entity.older)
    run, _ = record.run_at(now)
    work = _Work(entity, run.any_event)
    if made.window is None:
        if record.runs[0].partials:
            work.tiles[WHOLE].append(Piece(record.runs[0].newest, made.partials_of(record.layout, record.runs[0].partials)))
    else:
        for number, data in entity.state.tiles.items():
            layout, newest, block = unpack_tile(data)
            work.tiles[number].append(Piece(newest, made.partials_of(layout, block)))
    for held in record.held:
        _hold(made, work, held.due, held.position, Piece(held.due, made.partials_of(record.layout, held.block)), now)
    return work


def _hold(made: Program, work: _Work, due: int, position: int, piece: Piece, now: int) -> None:
    """A piece of one event: held while its time has not come, else part of its tile."""
    if due > now:
        work.held.append((Held(due, position, made.partials.pack(piece.partials)), piece))
        return
    tile = WHOLE if made.window is None else made.window.tile(due)
    work.tiles[tile].append(piece)
    work.changed.add(tile)
    work.any_event = True


def _take_events(made: Program, works: Sequence[_Work], now: int, on: Engine | None) -> None:
    """The batch's events, as one partial per entity and tile; a held event is a partial of its own."""
    runs: dict[tuple[int, int, int], int] = {}
    events: list[Event] = []
    ids: list[int] = []
    newest: dict[int, int] = {}
    for n, work in enumerate(works):
        for event in work.entity.events:
            tile = WHOLE if made.window is None else made.window.tile(event.time)
            run = runs.setdefault((n, tile, event.row.position if event.time > now else 0), len(runs))
            events.append(event)
            ids.append(run)
            newest[run] = max(newest.get(run, NEVER), event.time)
    found = made.partial(events, ids, on)
    for (n, tile, position), run in runs.items():
        piece = Piece(newest[run], found[run])
        if position:
            _hold(made, works[n], newest[run], position, piece, now)
        else:
            works[n].tiles[tile].append(piece)
            works[n].changed.add(tile)
            works[n].any_event = True


class _Plan:
    """Which pieces make which run of one entity."""

    def __init__(self, made: Program, work: _Work, now: int) -> None:
        self.made, self.work, self.now = made, work, now
        window = made.window
        first = None if window is None else window.first_live_tile(now)
        self.gone = [k for k in work.tiles if first is not None and k < first]
        self.live = {k: pieces for k, pieces in work.tiles.items() if first is None or k >= first}
        self.changed = sorted(k for k in work.changed if k in self.live and (window is not None))
        held_tiles = [] if window is None else [window.tile(h.due) for h, _ in work.held]
        leaving = [] if window is None else [window.tile_leaves(k) for k in {*self.live, *held_tiles}]
        self.next, self.end = timeline([*leaving, *(h.due for h, _ in work.held)], now)
        self.now_pieces = [p for pieces in self.live.values() for p in pieces]
        self.next_pieces: list[Piece] = []
        if self.next is not None:
            keep = None if window is None else window.first_live_tile(self.next)
            self.next_pieces = [p for k, pieces in self.live.items() if keep is None or k >= keep for p in pieces]
            self.next_pieces += [
                p for h, p in work.held if h.due <= self.next and (window is None or window.tile(h.due) >= (keep or 0))
            ]

    def groups(self) -> list[list[Piece]]:
        """The runs to merge: each changed tile, the row for now, the row after the next change."""
        return [*(self.live[k] for k in self.changed), self.now_pieces, self.next_pieces]

    def build(self, answers: Sequence[Finished | None], position: int | None) -> Built:
        made, work = self.made, self.work
        tiles: dict[int, bytes] = {}
        for k, answer in zip(self.changed, answers, strict=False):
            assert answer is not None
            tiles[k] = pack_tile(made.layout, max(p.newest for p in self.live[k]), made.partials.pack(answer.partials))
        current, following = answers[-2], answers[-1]
        runs = [self._run(self.now, current, self.now_pieces, work.any_event, made.window is None)]
        if self.next is not None:
            due = any(h.due <= self.next for h, _ in work.held)
            runs.append(self._run(self.next, following, self.next_pieces, work.any_event or due, False))
        before = work.entity.record
        at = position if position is not None else (before.position if before else 0)
        record = Record(
            at, made.layout, tuple(runs), self.end if self.next is not None else FOREVER, tuple(h for h, _ in work.held)
        )
        values = current.values if current is not None and current.exists else None
        return Built(work.entity, record, values, tiles, self.gone)

    def _run(self, start: int, answer: Finished | None, pieces: Sequence[Piece], any_event: bool, keep_partials: bool) -> Run:
        if answer is None:
            return Run(start, any_event=any_event)
        values = self.made.outputs.pack(answer.values) if answer.exists else b""
        partials = self.made.partials.pack(answer.partials) if keep_partials else b""
        return Run(start, max(p.newest for p in pieces), answer.exists, any_event, values, partials)
