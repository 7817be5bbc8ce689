"""Entities that could not be computed: counted, and their rows noted as quarantine records, so that people see which row it is.

The rows stay in the log and count as ever; the entity keeps its last good value, STALE, and is tried again each minute. So what
mends it is a corrected event, or a version whose SQL takes the row.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence

import structlog

from backends import metrics
from backends.engine import Engine, EngineFailed
from backends.offline import log_reading
from backends.offline.evaluate import pair_of
from backends.offline.inputs import Event, fitting, input_table
from backends.offline.program import MULTIPLE, Program
from backends.offline.routed import event_of
from processing import quarantine
from processing.paths.built import Entity

CODE = "computation_failed"
MOST = 10  # rows of an entity that are noted at once
_SECONDS, _STATEMENTS, _DEADLINE = 3.0, 60, 2.0  # of the search for the rows
_REMEMBERED = 10_000
_logger = structlog.get_logger(__name__)
_WORDS = {
    "sql": "the SQL cannot be computed over it",
    "timeout": "computing it ran into the deadline",
    "killed": "computing it broke a limit of memory or time",
    MULTIPLE: "the SQL gives several rows for its entity",
}
_noted: OrderedDict[tuple[str, str], int] = OrderedDict()  # (code, key) -> the newest position that was looked at


def note(made: Program, entity: Entity, kind: str, upto: int, now: int, on: Engine | None = None, detail: str = "") -> None:
    """Count the failure of one entity, alone, over the log up to a position; the first time with these events, note its rows.

    kind, detail: of the EngineFailed, or MULTIPLE.
    """
    spec, version = made.spec, made.version
    metrics.FAILED_COMPUTATIONS.labels(group=spec.name, kind=kind).inc()
    events = list(entity.events) or _newest(made, entity.key, upto, now)
    place, newest = (version.code, entity.key), max((e.row.position for e in events), default=0)
    if not events or _noted.get(place) == newest:
        return
    alone = _guilty(made, events, on)
    last = max(events, key=lambda e: (e.row.position, e.time))
    words = f"version {version.number}: {_WORDS[kind]}{_class(detail)}"
    found = [(e.row, words) for e in alone] or [(last.row, f"{words}, together with the entity's other events")]
    quarantine.note_failed(spec, CODE, found)
    _logger.warning("computation_failed", group=spec.name, version=version.number, kind=kind, rows=len(found))
    _noted[place] = newest
    _noted.move_to_end(place)
    while len(_noted) > _REMEMBERED:
        _noted.popitem(last=False)


def _newest(made: Program, key: str, upto: int, now: int) -> list[Event]:
    """The entity's newest event, where it failed without a new one: a window that moved on, another try."""
    for _, row in log_reading.newest(made.spec.project, pair_of(made.spec), [(key, now)], upto):
        event = event_of(made.spec.route(made.version), row)
        if event is not None:
            return fitting(made.version, made.column_types, [event])[0]
    return []


def _guilty(made: Program, events: Sequence[Event], on: Engine | None) -> list[Event]:
    """Those events that fail the SQL each by itself, the first few; [] where none was found in time."""
    until, tries = time.monotonic() + _SECONDS, 0
    found: list[Event] = []
    parts = [list(events)]
    while parts and len(found) < MOST and tries < _STATEMENTS and time.monotonic() < until:
        part = parts.pop()
        tries += 1
        if _passes(made, part, on):
            continue
        if len(part) == 1:
            found.append(part[0])
        else:
            half = len(part) // 2
            parts += [part[half:], part[:half]]
    return found


def _passes(made: Program, events: Sequence[Event], on: Engine | None) -> bool:
    """Whether the SQL can be computed over each of some events alone."""
    table = input_table(made.spec, made.version, made.column_types, events, range(len(events)))
    try:
        made.general_over(table, [e.time for e in events], on, _DEADLINE)
    except EngineFailed:
        return False
    return True


def _class(detail: str) -> str:
    """The engine's name of the error, without its words: they may hold values and paths."""
    name = detail.partition(":")[0].strip()
    return f" ({name})" if 0 < len(name) <= 40 and name.replace(" ", "").isalpha() and name != detail else ""
