"""Which pieces make which row of one entity, and when its next change is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.clock import FOREVER, NEVER
from core.record import Held, Run, unpack_tile
from core.windows import Window
from processing.paths.built import Entity, timeline
from processing.paths.pieces import WHOLE, Arrived, Pieces


@dataclass(slots=True)
class Side:
    """A row to be made: of these pieces, or `kept` as it is. `group`: which merge answers it."""

    pieces: list[int] = field(default_factory=list)
    newest: int = NEVER
    any_event: bool = False
    kept: Run | None = None
    group: int = -1

    def add(self, piece: int, newest: int) -> None:
        """One more piece of the row."""
        self.pieces.append(piece)
        if newest > self.newest:
            self.newest = newest


@dataclass(slots=True)
class Plan:
    """What becomes of one entity. `next`: the time of the row after the next change, None where no change is to come; `end`: of
    the change after that. `changed`: the pieces of tiles to be written, `newest`: the newest time of each; `gone`: dead tiles."""

    entity: Entity
    current: Side
    following: Side | None = None
    next: int | None = None
    end: int = FOREVER
    held: list[Held] = field(default_factory=list)
    changed: dict[int, list[int]] = field(default_factory=dict)
    newest: dict[int, int] = field(default_factory=dict)
    gone: Sequence[int] = ()
    groups: dict[int, int] = field(default_factory=dict)


def whole_history(pieces: Pieces, entity: Entity, arrived: Sequence[Arrived], now: int) -> Plan:
    """Without a window: one tile, inside the record; only a held event changes V without an arrival."""
    plan, waiting = _begin(pieces, entity, arrived, now)
    record, current = entity.record, plan.current
    if record is not None and record.runs[0].partials:
        current.add(pieces.add(record.layout, record.runs[0].partials), record.runs[0].newest)
    for one in waiting.due:
        current.add(one.piece, one.newest)
    for one in arrived:
        if not one.held:
            current.add(one.piece, one.newest)
    current.any_event = current.any_event or bool(current.pieces)
    plan.next, plan.end = timeline((one.newest for one in waiting.later), now)
    if plan.next is not None:
        plan.following = Side(list(current.pieces), current.newest, True)
        for one in waiting.later:
            if one.newest <= plan.next:
                plan.following.add(one.piece, one.newest)
    return plan


def from_tiles(window: Window, pieces: Pieces, entity: Entity, arrived: Sequence[Arrived], now: int) -> Plan:
    """All tiles are there: the rows are merged from them."""
    plan, waiting = _begin(pieces, entity, arrived, now)
    tiles: dict[int, list[int]] = defaultdict(list)
    record = entity.record
    if record is not None:
        for number, data in entity.state.tiles.items():
            layout, newest, block = unpack_tile(data)
            tiles[number].append(pieces.add(layout, block))
            plan.newest[number] = newest
    fresh = [*waiting.due, *(one for one in arrived if not one.held)]
    for one in fresh:
        tiles[one.tile].append(one.piece)
        plan.newest[one.tile] = max(plan.newest.get(one.tile, NEVER), one.newest)
    plan.current.any_event = plan.current.any_event or bool(fresh)
    first = window.first_live_tile(now)
    plan.gone = [k for k in tiles if k < first]
    live = {k: members for k, members in tiles.items() if k >= first}
    plan.changed = {one.tile: live[one.tile] for one in fresh if one.tile in live}
    _timeline(plan, window, live, waiting.later, now)
    ready = record.run_at(now)[0] if record is not None and now < record.end else None
    if not fresh and record is not None and ready is not None and _as_it_is(ready, record.layout, pieces):
        plan.current.kept = ready  # made when its turn was yet to come
    else:
        _fill(plan.current, live, plan.newest)
    if plan.following is not None and plan.next is not None:
        lowest = window.first_live_tile(plan.next)
        _fill(plan.following, {k: members for k, members in live.items() if k >= lowest}, plan.newest)
        _come_due(plan.following, window, waiting.later, plan.next)
    return plan


def from_runs(window: Window, pieces: Pieces, entity: Entity, arrived: Sequence[Arrived], now: int) -> Plan:
    """The record's first row holds now: what arrived is merged into its rows, and into the tiles that it touches."""
    plan, _ = _begin(pieces, entity, arrived, now)
    record = entity.record
    assert record is not None
    first = window.first_live_tile(now)
    fresh = [one for one in arrived if not one.held and one.tile >= first]
    plan.current.any_event = plan.current.any_event or any(not one.held for one in arrived)
    for one in fresh:
        if one.tile not in plan.changed:
            plan.changed[one.tile], plan.newest[one.tile] = [], NEVER
            if (data := entity.state.tiles.get(one.tile)) is not None:
                layout, plan.newest[one.tile], block = unpack_tile(data)
                plan.changed[one.tile].append(pieces.add(layout, block))
        plan.changed[one.tile].append(one.piece)
        plan.newest[one.tile] = max(plan.newest[one.tile], one.newest)
    then = record.runs[1].valid_from if len(record.runs) > 1 else FOREVER
    new_held = [one for one in arrived if one.held]
    _timeline(plan, window, {one.tile for one in fresh}, new_held, now, (then, record.end))
    base = _of_run(pieces, record.layout, record.runs[0])
    for one in [*base, *fresh]:
        plan.current.add(one.piece, one.newest)
    if plan.following is not None and plan.next is not None:
        if plan.next == then:
            base = _of_run(pieces, record.layout, record.runs[1])
        # before that change nothing of the first row leaves: a tile that leaves earlier is one that just arrived
        lowest = window.first_live_tile(plan.next)
        for one in [*base, *(one for one in fresh if one.tile >= lowest)]:
            plan.following.add(one.piece, one.newest)
        plan.following.any_event = plan.current.any_event or (plan.next == then and record.runs[1].any_event)
        _come_due(plan.following, window, new_held, plan.next)
    return plan


@dataclass(slots=True)
class _Waiting:
    """Events that were ahead of the clock: those whose time has come, and those still held."""

    due: list[Arrived]
    later: list[Arrived]


def _begin(pieces: Pieces, entity: Entity, arrived: Sequence[Arrived], now: int) -> tuple[Plan, _Waiting]:
    record = entity.record
    any_event = entity.fresh and entity.older if record is None else record.run_at(now)[0].any_event
    plan, waiting = Plan(entity, Side(any_event=any_event)), _Waiting([], [])
    window = pieces.made.window
    for held in record.held if record is not None else ():
        assert record is not None
        tile = WHOLE if window is None else window.tile(held.due)
        one = Arrived(tile, held.due, pieces.add(record.layout, held.block), held.position)
        (waiting.later if held.due > now else waiting.due).append(one)
    waiting.later += [one for one in arrived if one.held]
    plan.held = [Held(one.newest, one.held, pieces.block(one.piece)) for one in waiting.later]
    return plan, waiting


def _timeline(
    plan: Plan, window: Window, tiles: Iterable[int], held: Sequence[Arrived], now: int, known: Sequence[int] = ()
) -> None:
    leaving = [window.tile_leaves(k) for k in {*tiles, *(one.tile for one in held)}]
    following, plan.end = timeline([*leaving, *(one.newest for one in held), *(t for t in known if t < FOREVER)], now)
    if following is not None:
        plan.next, plan.following = following, Side(any_event=plan.current.any_event)


def _as_it_is(run: Run, layout: int, pieces: Pieces) -> bool:
    return layout == pieces.made.layout and (run.newest == NEVER or bool(run.partials))


def _fill(side: Side, tiles: dict[int, list[int]], newest: dict[int, int]) -> None:
    for tile, members in tiles.items():
        side.pieces += members
        side.newest = max(side.newest, newest[tile])


def _come_due(side: Side, window: Window, held: Sequence[Arrived], t: int) -> None:
    lowest = window.first_live_tile(t)
    for one in held:
        if one.newest <= t:
            side.any_event = True
            if one.tile >= lowest:
                side.add(one.piece, one.newest)


def _of_run(pieces: Pieces, layout: int, run: Run) -> list[Arrived]:
    return [Arrived(0, run.newest, pieces.add(layout, run.partials))] if run.partials else []
