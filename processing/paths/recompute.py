"""The general path: any allowed SQL, run again over the entity's live events, for now and for the next change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backends.engine import Engine
from backends.offline.evaluate import events_between
from backends.offline.inputs import Event
from backends.offline.pairs import Pair
from backends.offline.program import MULTIPLE, Program
from backends.offline.remaking import LATEST
from core.clock import FOREVER, NEVER
from core.record import Record, Run
from processing import failing
from processing.paths import gate
from processing.paths.built import Built, Entity, failed, timeline


@dataclass(frozen=True)
class _Plan:
    entity: Entity
    events: Sequence[Event]
    next: int | None
    end: int


def build(
    made: Program, pair: Pair, entities: Sequence[Entity], position: int, keep: bool, now: int, on: Engine | None = None
) -> list[Built]:
    """Read each entity's events up to a log position and compute, no more than a round takes (see paths.gate). Fresh ones come
    with all their events. keep: a sweep; records keep their positions. Raises EngineFailed."""
    if all(e.fresh for e in entities):
        return _computed(made, [_plan(made, e, e.events, now) for e in entities], position, keep, now, on)
    found = gate.sort(made, pair, entities, position, now)
    built = gate.put_off(made, found, position, now, keep)
    for part in found.parts:
        wants = [(e.key, made.lower(now), LATEST) for e in part]
        read = zip(part, events_between(made, pair, wants, position), strict=True)
        built += _computed(made, [_plan(made, e, events, now) for e, events in read], position, keep, now, on)
    return built


def _computed(made: Program, plans: Sequence[_Plan], position: int, keep: bool, now: int, on: Engine | None) -> list[Built]:
    events: list[Event] = []
    runs: list[int] = []
    times: list[int] = []
    for n, plan in enumerate(plans):
        times += (now, now if plan.next is None else plan.next)
        for run, t in ((2 * n, now), (2 * n + 1, plan.next)):
            inside = [] if t is None else made.inside(plan.events, t)
            events += inside
            runs += [run] * len(inside)
    answers = made.general(events, runs, times, on)
    built = []
    for n, plan in enumerate(plans):
        before = plan.entity.record
        at = before.position if keep and before is not None else position
        current, following = answers.get(2 * n), answers.get(2 * n + 1)
        if current == MULTIPLE or following == MULTIPLE:
            failing.note(made, plan.entity, MULTIPLE, position, now, on)
            built.append(failed(plan.entity, at, made.layout, now, plan.next))  # no other answer before something changes
            continue
        any_event = (
            any(e.time <= now for e in (*plan.events, *plan.entity.events))
            or (before is not None and before.run_at(now)[0].any_event)
            or (plan.entity.fresh and plan.entity.older)
        )
        record_runs = [_run(made, plan.events, now, current, any_event)]
        if plan.next is not None:
            record_runs.append(
                _run(made, plan.events, plan.next, following, any_event or any(e.time <= plan.next for e in plan.events))
            )
        record = Record(at, made.layout, tuple(record_runs), plan.end if plan.next is not None else FOREVER)
        built.append(Built(plan.entity, record, None if current is None else current))
    return built


def _plan(made: Program, entity: Entity, events: Sequence[Event], now: int) -> _Plan:
    following, end = timeline((t for e in events for t in _changes(made, e.time)), now)
    return _Plan(entity, events, following, end)


def _changes(made: Program, time: int) -> list[int]:
    """When an event can change V: as it begins to count, as it leaves, and as it meets the clock in between."""
    if made.window is None:
        return [time, *(time + offset for offset in made.compiled.offsets)]
    leaves = made.window.leaves(time)
    return [time, leaves, *(t for offset in made.compiled.offsets if (t := time + offset) < leaves)]


def _run(made: Program, events: Sequence[Event], start: int, values: object, any_event: bool) -> Run:
    newest = max((e.time for e in made.inside(events, start)), default=NEVER)
    if values is None:
        return Run(start, newest, any_event=any_event)
    return Run(start, newest, True, any_event, made.outputs.pack(values))  # type: ignore[arg-type]  # a list here
