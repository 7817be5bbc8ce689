"""Quarantine records: stored rows that a group had to leave out. Written by the applier, once per (group, position, code)."""

from __future__ import annotations

from collections.abc import Container, Sequence

from backends.offline.inputs import Misfit
from backends.offline.log_reading import LogRow
from backends.offline.pairs import BUCKETS
from core.routing import BAD_KEY, Route, takes
from core.spec import GroupSpec
from processing.dead_letters import Letter, store


def bad_keys(route: Route, rows: Sequence[LogRow], buckets: Container[int]) -> list[LogRow]:
    """Rows whose key this group cannot use. They have no bucket, so their position picks one applier among several."""
    return [
        row
        for row in rows
        if row.position % BUCKETS in buckets
        and not row.deleted
        and row.source == route.source
        and takes(route, row.row, row.address) is BAD_KEY
    ]


def note(spec: GroupSpec, misfits: Sequence[Misfit], wrong_keys: Sequence[LogRow]) -> None:
    """Write the records of one batch; repeated batches add nothing."""
    letters = [_letter(spec, m.event.row, "type_mismatch", m.detail) for m in misfits]
    letters += [
        _letter(spec, row, "invalid_entity", f"a key of {spec.name} is neither text nor an integer") for row in wrong_keys
    ]
    store(letters)


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
