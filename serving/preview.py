"""Values that a definition would have, before it is stored: its SQL over real events of a few entities, by the engine and the
program that would serve them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from backends.engine import EngineFailed
from backends.offline import log, log_reading
from backends.offline.evaluate import events_between
from backends.offline.inputs import Event, fitting, input_table
from backends.offline.pairs import Pair, known_pairs
from backends.offline.program import MULTIPLE, Program, make
from backends.offline.routed import events_of
from core import types
from core.clock import format_time, now_us
from core.codec import open_json
from core.entity import decode_key
from core.errors import Invalid, JStoreError, Unavailable
from core.since import at_reading
from core.spec import GroupSpec, VersionSpec
from core.sql import Compiled
from core.sql.layouts import layout_for
from features.sql_check import Checked
from serving.preview_request import Wanted

NEWEST, FEW = 1_000, 100  # rows of the log that are looked through for entities, and for columns alone
SECONDS, ALL = 5.0, 15.0  # of one computation, and of all of a preview


@dataclass(frozen=True)
class Sample:
    """The newest rows of the log up to a position."""

    position: int
    rows: Sequence[log_reading.LogRow]


def sample(project: str, most: int) -> Sample:
    """What the log's newest rows are, `most` of them."""
    head = log.head(project).position
    rows = log_reading.read(project, max(0, head - most), most, head)
    return Sample(head, [row for row in rows if not row.deleted and row.superseded_pos is None])


def preview(project: str, checked: Checked, wanted: Wanted, newest: Sample) -> dict[str, Any]:
    """-> {as_of, complete, rows}: V(now) of each entity, `complete` where all of its events were read, not only the newest of
    the log. A row that could not be computed has an `error`. Raises Invalid where no types of open columns fit the SQL."""
    assert checked.compiled is not None
    now = now_us()
    spec, version = _as_stored(project, checked, checked.compiled, newest)
    events = events_of(spec.route(version), newest.rows)
    keys = wanted.keys or tuple(dict.fromkeys(event.key for event in reversed(events)))[: wanted.limit]
    pair = _pair(project, spec)
    until = time.monotonic() + ALL
    rows = [_row(spec, version, pair, key, [e for e in events if e.key == key], newest.position, now, until) for key in keys]
    return {"as_of": format_time(now), "complete": pair is not None, "rows": rows}


def _as_stored(project: str, checked: Checked, compiled: Compiled, newest: Sample) -> tuple[GroupSpec, VersionSpec]:
    """The definition as specs, with open types as the newest rows decide them."""
    definition = checked.definition
    keys, clock = definition.entity, definition.timestamp_column
    columns = _decided(compiled, dict(checked.inputs), newest)
    layout = layout_for(compiled, keys, clock, columns).over(definition.windows)
    features = definition.features(compiled.outputs)
    written = [output for output in compiled.outputs for _ in definition.windows or (None,)]
    version = VersionSpec(
        number=1,
        code="preview",
        status="draft",
        sql=compiled.sql,
        window=definition.window,
        ttl=None,
        defaults={},
        path=compiled.path,
        path_reason=compiled.path_reason,
        input_columns=compiled.input_columns,
        outputs=features,
        layouts=(layout,),
        windows=definition.windows,
        forms=tuple(compiled.forms.get(name) for name in written) if compiled.forms else (),
    )
    spec = GroupSpec(
        project=project,
        name=definition.name,
        title="",
        type="",
        description="",
        entity=keys,
        timestamp_column=clock,
        time_kind=definition.time_kind,
        source=definition.source,
        columns=columns,
        declared={},
        layout=0,
        active=1,
        versions={1: version},
    )
    return spec, version


def _decided(compiled: Compiled, columns: dict[str, str | None], newest: Sample) -> dict[str, str | None]:
    """Open columns by the first value of the newest rows under which the SQL checks."""
    for name in [name for name, kind in columns.items() if kind is None]:
        refused: set[str] = set()
        for row in newest.rows:
            kind = types.infer(row.row.get(name))
            if kind is None or str(kind) in refused:
                continue
            try:
                compiled.output_types({**columns, name: str(kind)})
            except Invalid:
                refused.add(str(kind))
                continue
            columns[name] = str(kind)
            break
    return columns


def _pair(project: str, spec: GroupSpec) -> Pair | None:
    """The log's index of the entity, where it is there already: a preview makes none."""
    wanted = (spec.entity, spec.timestamp_column, spec.time_kind)
    return next((p for p in known_pairs(project) if p.complete and (p.keys, p.time_column, p.time_kind) == wanted), None)


def _row(
    spec: GroupSpec, version: VersionSpec, pair: Pair | None, key: str, near: Sequence[Event], upto: int, now: int, until: float
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    counted: list[Event] = []
    error: dict[str, str] | None = None
    for part in version.parts:
        made = make(spec, part)
        try:
            inside = _events(made, pair, key, near, upto, now)
            values |= _values(made, inside, now, f"_{part.window}" if version.windows else "", until)
        except (JStoreError, EngineFailed) as refused:
            ours = isinstance(refused, JStoreError)  # the engine's words may hold paths
            error = {
                "code": refused.code if isinstance(refused, JStoreError) else "computation_failed",
                "detail": refused.detail if ours else "the SQL cannot be computed over the events of this entity",
            }
            break
        counted = inside if len(inside) > len(counted) else counted
    found = None if error is not None else {name: values.get(name) for name in version.outputs}
    return {
        "entity": dict(zip(spec.entity, decode_key(key, len(spec.entity)), strict=True)),
        "events": len(counted),
        "event_time": format_time(counted[-1].time) if counted else None,
        "values": found,
        "error": error,
    }


def _events(made: Program, pair: Pair | None, key: str, near: Sequence[Event], upto: int, now: int) -> list[Event]:
    """The entity's events that count now, by time and position. Raises Invalid where they are too many to be read for this."""
    if pair is None:
        events, _ = fitting(made.version, made.column_types, sorted(near, key=lambda e: (e.time, e.row.position)))
        return list(made.inside(events, now))
    span = (key, made.lower(now), now)
    most = int(settings.JSTORE_GATE_EVENTS)
    if log_reading.counts_between(pair, [span], upto, most + 1)[0] > most:
        raise Invalid("too_large", f"this entity has more than {most} events in the window: too many for a preview")
    (events,) = events_between(made, pair, [span], upto)
    return events


def _values(made: Program, events: Sequence[Event], now: int, suffix: str, until: float) -> dict[str, Any]:
    """V(now) by feature; `suffix`: what the window adds to the name of each."""
    if not events:
        return {}
    left = until - time.monotonic()
    if left <= 0:
        raise EngineFailed("timeout", "the preview took too long")
    table = input_table(made.spec, made.version, made.column_types, events, [0] * len(events))
    row = made.general_over(table, [now], deadline_s=min(SECONDS, left)).get(0)
    if row is None:
        return {}
    if row == MULTIPLE:
        raise Unavailable("multiple_rows", "the SQL gives more than one row for this entity")
    kinds = made.spec.layout_of(made.version).outputs
    read = at_reading(made.version.forms, row, now)
    return {
        f"{name}{suffix}": open_json(value) if kind is None else types.to_json(types.parse_type(kind), value)
        for name, kind, value in zip(made.version.outputs, kinds, read, strict=True)
    }
