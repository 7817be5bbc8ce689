"""V(t) from the log: what `at`, history, training and the general path compute. One function, whoever asks.

V(t) = the SQL over the entity's events with floor_h(t - W) < event_time <= t that are live at a log position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backends.engine import EngineFailed
from backends.offline import log, log_reading
from backends.offline.inference import as_decided, open_columns
from backends.offline.inputs import Event, Misfit, fitting
from backends.offline.pairs import Pair, ready_pair
from backends.offline.program import MULTIPLE, Program, program
from backends.offline.routed import event_of
from core import types
from core.clock import now_us
from core.codec import open_json
from core.errors import Invalid, Unavailable
from core.since import at_reading
from core.spec import GroupSpec, VersionSpec

_SHARE = 2_000_000  # events times runs in one statement; more runs are computed in several


@dataclass(frozen=True)
class Evaluated:
    """V(t) of one entity. values None: no output row; newest_us: the newest event counted; any_event: it has events at t."""

    values: dict[str, Any] | None
    newest_us: int | None
    any_event: bool


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
    upto = log.head(spec.project).position if head is None else head
    if as_known:
        upto = log_reading.position_at(spec.project, t_us, upto)
    (events,) = events_between(made, pair, [(entity_key, made.lower(t_us), t_us)], upto)
    if not events:
        return Evaluated(
            None,
            None,
            made.window is not None and bool(with_events(made, pair, [entity_key], t_us, upto)),
        )
    found = _general(made, events, [0] * len(events), [t_us]).get(0)
    return Evaluated(_json(made, found, t_us), events[-1].time, True)


def history(
    spec: GroupSpec,
    version: int | VersionSpec,
    entity_key: str,
    start_us: int | None,
    end_us: int | None,
    limit: int,
    cursor: str | None,
    head: int | None = None,
) -> tuple[list[tuple[int, dict[str, Any]]], str | None]:
    """V at each distinct event time in [start, end], ascending. -> (rows of (event time, values), cursor of the next page)."""
    head = log.head(spec.project).position if head is None else head
    made, pair = ready(spec, version)
    first = start_us if start_us is not None else 0
    if cursor is not None:
        first = max(first, _cursor(cursor) + 1)
    last = min(end_us if end_us is not None else now_us(), now_us())
    (events,) = events_between(made, pair, [(entity_key, made.lower(first), last)], head)
    times = sorted({e.time for e in events if first <= e.time <= last})
    page, more = times[:limit], len(times) > limit
    rows: list[tuple[int, dict[str, Any]]] = []
    for part in _parts(page, len(events)):
        counted: list[Event] = []
        runs: list[int] = []
        for run, t in enumerate(part):
            inside = made.inside(events, t)
            counted += inside
            runs += [run] * len(inside)
        found = _general(made, counted, runs, part)
        rows += [(t, _json(made, found.get(run), t) or dict.fromkeys(made.version.outputs)) for run, t in enumerate(part)]
    return rows, str(page[-1]) if more else None


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


def _general(made: Program, events: list[Event], runs: list[int], times: list[int]) -> dict[int, Any]:
    try:
        return made.general(events, runs, times)
    except EngineFailed as error:
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
