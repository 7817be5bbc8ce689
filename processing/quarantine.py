"""Quarantine records: stored rows that a group had to leave out. Written by the applier, once per (group, position, code)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from backends.offline import log_reading
from backends.offline.inputs import Misfit
from backends.offline.log_reading import LogRow
from backends.offline.pairs import BUCKETS, FUTURE, Pair
from core.clock import format_time
from core.routing import BAD_KEY, TAKES, BadTime, Route, row_time, takes
from core.spec import GroupSpec, VersionSpec
from processing.dead_letters import Letter, store

_CHUNK = 1000


def left_out(route: Route, unplaced: Sequence[LogRow], buckets: Container[int]) -> list[LogRow]:
    """Of rows without entity or time, those that the group would take. They have no bucket: their position picks one applier."""
    return [row for row in unplaced if row.position % BUCKETS in buckets and _fault(route, row) is not None]


def _fault(route: Route, row: LogRow) -> tuple[str, str] | None:
    """(code, detail) of what keeps a row from a group that would take it; None where it would not, or has it."""
    if row.deleted or row.source != route.source:
        return None
    outcome = takes(route, row.row, row.address)
    if outcome is BAD_KEY:
        return "invalid_entity", f"a key of {route.group_name} is neither text nor an integer: {', '.join(route.keys)}"
    if outcome is not TAKES:
        return None
    try:
        time = row_time(row.row, route.timestamp_column, route.time_kind, row.record_time)
    except BadTime as error:
        return error.code, error.detail
    if time > row.ingested_at + FUTURE:
        return "future_timestamp", f"{route.timestamp_column} {format_time(time)} is more than 5 minutes ahead"
    return None


def note(spec: GroupSpec, version: VersionSpec, misfits: Sequence[Misfit], unusable: Sequence[LogRow]) -> None:
    """Write the records of some rows; repeated ones add nothing."""
    route = spec.route(version)
    letters = [_letter(spec, m.event.row, "type_mismatch", m.detail) for m in misfits]
    letters += [_letter(spec, row, *fault) for row in unusable if (fault := _fault(route, row)) is not None]
    store(letters)


def note_failed(spec: GroupSpec, code: str, rows: Sequence[tuple[LogRow, str]]) -> None:
    """Write the records of rows, each with its reason, that count but cannot be computed; repeated ones add nothing."""
    store([_letter(spec, row, code, detail) for row, detail in rows])


def note_earlier(spec: GroupSpec, version: VersionSpec, pair: Pair, buckets: Container[int], upto: int) -> Iterator[None]:
    """The records of rows that the index does not hold, so that no load of entities meets them; in pieces."""
    after, route = 0, spec.route(version)
    while rows := log_reading.unplaced(spec.project, pair, after, _CHUNK, upto):
        note(spec, version, (), left_out(route, rows, buckets))
        after = rows[-1].position
        yield


def _letter(spec: GroupSpec, row: LogRow, code: str, detail: str) -> Letter:
    return Letter(
        spec.project,
        code,
        detail,
        row.source,
        row.row,
        row.ingested_at,
        address=row.address or "",
        group=spec.name,
        position=row.position,
    )
