"""V(t) from the log: what `at`, history, training and the general path compute. One function, whoever asks.

V(t) = the SQL over the entity's events with floor_h(t - W) < event_time <= t that are live at a log position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backends.engine import Engine, EngineFailed
from backends.offline import checkpoints, log, log_reading
from backends.offline.checkpoints import Base, bases, standing
from backends.offline.inference import as_decided, open_columns
from backends.offline.inputs import Event, Misfit, fitting
from backends.offline.pairs import Pair, ready_pair
from backends.offline.program import MULTIPLE, Program, program
from backends.offline.retention import snapshot
from backends.offline.routed import event_of
from core import types
from core.clock import now_us
from core.codec import open_json
from core.defaults import shown_defaults
from core.errors import Invalid, Unavailable
from core.since import at_reading
from core.spec import GroupSpec, VersionSpec

_SHARE = 2_000_000  # events times runs in one statement; more runs are computed in several


@dataclass(frozen=True)
class Evaluated:
    """V(t) of one entity. values None: no output row; newest_us: the newest event counted; any_event: it has events at t; beyond:
    too much of the log is purged to tell."""

    values: dict[str, Any] | None
    newest_us: int | None
    any_event: bool
    beyond: bool = False


def pair_of(spec: GroupSpec) -> Pair:
    """The group's index of the log, complete."""
    return ready_pair(spec.project, spec.entity, spec.timestamp_column, spec.time_kind)


def events_between(
    made: Program,
    pair: Pair,
    wants: Sequence[tuple[str, int, int]],
    upto: int,
    misfits: list[Misfit] | None = None,
) -> list[list[Event]]:
    """The group's fitting events for each (key, lower exclusive, upper inclusive), by (time, position); others to `misfits`."""
    route = made.spec.route(made.version)
    found: list[list[Event]] = [[] for _ in wants]
    for n, _, row in log_reading.scan(made.spec.project, pair, wants, upto):
        event = event_of(route, row)
        if event is not None:
            found[n].append(event)
    flat, wrong = fitting(made.version, made.column_types, [e for events in found for e in events])
    if len(flat) == sum(map(len, found)):
        return found
    if misfits is not None:
        misfits += wrong
    good = {e.row.position for e in flat}
    return [[e for e in events if e.row.position in good] for events in found]


def with_events(made: Program, pair: Pair, keys: Sequence[str], t: int, upto: int) -> set[str]:
    """Of these entities those with an event at or before t (us): an empty window, and not an entity that never was.

    The newest row tells it of nearly all; only where the group leaves that one out are the others read.
    """
    route, found, unsure = made.spec.route(made.version), set(), []
    for n, row in log_reading.newest(made.spec.project, pair, [(key, t) for key in keys], upto):
        event = event_of(route, row)
        if event is not None and fitting(made.version, made.column_types, [event])[0]:
            found.add(keys[n])
        else:
            unsure.append(keys[n])
    rest = events_between(made, pair, [(key, -1, t) for key in unsure], upto) if unsure else []
    return found | {key for key, events in zip(unsure, rest, strict=True) if events}


def value_at(
    spec: GroupSpec,
    version: int | VersionSpec,
    entity_key: str,
    t_us: int,
    *,
    as_known: bool = False,
    head: int | None = None,
) -> Evaluated:
    """V(t) of one entity by event time; `as_known`: over the log as it was at t, corrections of later days not yet made.

    head: the position up to which the log is read, its own without.
    """
    made, pair = ready(spec, version)
    with snapshot(spec.project) as kept:
        upto = max(log.head(spec.project).position if head is None else head, kept.reaches)
        if as_known:
            upto = log_reading.position_at(spec.project, t_us, upto)
        if t_us < (kept.exact_from(made.spec, made.version) or 0) or (
            made.window is None and not kept.whole_at(made.spec, made.version, upto)
        ):
            return Evaluated(None, None, False, beyond=True)
        (events,) = standing(kept, events_between(made, pair, [(entity_key, made.lower(t_us), t_us)], upto))
        base = bases(kept, made, [entity_key]).get(entity_key)
        any_event = bool(events) or (base is not None and base.oldest <= t_us)
        if not any_event and made.window is not None:
            any_event = bool(with_events(made, pair, [entity_key], t_us, upto))
    newest = max([e.time for e in events[-1:]] + ([base.newest] if base is not None and base.block else []), default=None)
    if newest is None:
        return Evaluated(None, None, any_event)
    return Evaluated(_json(made, _computed(made, events, base, [t_us]).get(0), t_us), newest, True)


def history(
    spec: GroupSpec,
    version: int | VersionSpec,
    entity_key: str,
    start_us: int | None,
    end_us: int | None,
    limit: int,
    cursor: str | None,
    head: int | None = None,
) -> tuple[list[tuple[int, dict[str, Any] | None]], str | None]:
    """V at each distinct event time in [start, end], ascending, with the defaults where the SQL gives no row; None where too much
    of the log is purged to tell.

    -> (rows of (event time, values), cursor of the next page).
    """
    made, pair = ready(spec, version)
    first = start_us if start_us is not None else 0
    if cursor is not None:
        first = max(first, _cursor(cursor) + 1)
    last = min(end_us if end_us is not None else now_us(), now_us())
    with snapshot(spec.project) as kept:
        exact_from = kept.exact_from(made.spec, made.version) or 0
        upto = max(log.head(spec.project).position if head is None else head, kept.reaches)
        (events,) = standing(kept, events_between(made, pair, [(entity_key, made.lower(first), last)], upto))
        base = bases(kept, made, [entity_key]).get(entity_key)
    times = sorted({e.time for e in events if first <= e.time <= last})
    page, more = times[:limit], len(times) > limit
    absent = dict(zip(made.version.outputs, shown_defaults(made.version), strict=True))
    rows: list[tuple[int, dict[str, Any] | None]] = [(t, None) for t in page if t < exact_from]
    for part in _parts(page[len(rows) :], len(events)):
        found = _computed(made, events, base, part)
        rows += [(t, _json(made, found.get(run), t) or absent) for run, t in enumerate(part)]
    return rows, str(page[-1]) if more else None


def computed(
    made: Program, events: Sequence[Event], base: Base | None, times: Sequence[int], on: Engine | None = None
) -> dict[int, Any]:
    """V of one entity at some times for which it can be told, from its events by (time, position) and its checkpoint.

    -> {index of the time: output values, or MULTIPLE}, absent without an output row. Raises EngineFailed.
    """
    if base is not None and base.block:
        return checkpoints.values(made, base, events, times, on)
    counted: list[Event] = []
    runs: list[int] = []
    for run, t in enumerate(times):
        inside = made.inside(events, t)
        counted += inside
        runs += [run] * len(inside)
    return {**made.general(counted, runs, times, on)}


def ready(spec: GroupSpec, version: int | VersionSpec) -> tuple[Program, Pair]:
    """The program of a version (or part of one) under all types that the log decides, and its group's complete index."""
    found = spec.version(version) if isinstance(version, int) else version
    assert found is not None
    if open_columns(spec, found):
        spec, found = as_decided(spec, found, log.head(spec.project).position)
    return program(spec, found), pair_of(spec)


def _parts(times: list[int], events: int) -> list[list[int]]:
    step = max(1, _SHARE // max(1, events))
    return [times[i : i + step] for i in range(0, len(times), step)]


def _computed(made: Program, events: Sequence[Event], base: Base | None, times: Sequence[int]) -> dict[int, Any]:
    try:
        return computed(made, events, base, times)
    except EngineFailed as error:
        if error.kind == "sql":  # these events under this SQL: asking again changes nothing
            raise Invalid("computation_failed", "the SQL cannot be computed over the events of this entity") from error
        raise Unavailable("computation_failed", f"the engine could not compute this value: {error.kind}") from error


def _json(made: Program, row: Any, t: int) -> dict[str, Any] | None:
    if row is None:
        return None
    if row == MULTIPLE:
        raise Unavailable("multiple_rows", "the SQL gives more than one row for this entity at this time")
    kinds = made.spec.layout_of(made.version).outputs
    return {
        name: open_json(value) if kind is None else types.to_json(types.parse_type(kind), value)
        for name, kind, value in zip(made.version.outputs, kinds, at_reading(made.version.forms, row, t), strict=True)
    }


def _cursor(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise Invalid("bad_cursor", "this is no cursor of a history page", pointer="/cursor")
    return int(text)
