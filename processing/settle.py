"""Types of columns that were not declared: from the first non-null value, in log order, under which the SQL still checks.

Decided over the log itself and not over a batch, so that it does not depend on which applier comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backends.engine.provisional import provisional_types
from backends.offline import log_reading
from backends.offline.log_reading import LogRow
from backends.offline.program import compiled
from backends.offline.routed import event_of
from core import types
from core.errors import Invalid
from core.spec import GroupSpec, VersionSpec
from features import services

_CHUNK = 500
_searched: dict[tuple[str, str], int] = {}  # (version code, column) -> the log up to here decides nothing


def open_columns(spec: GroupSpec, version: VersionSpec) -> list[str]:
    """Input columns of a version whose type is not known yet."""
    return [name for name in version.input_columns if spec.columns.get(name) is None]


def settle(spec: GroupSpec, version: VersionSpec, upto: int) -> GroupSpec:
    """Fix every type that the log up to a position decides. -> the group as it is then; the same object where nothing changed."""
    for name in open_columns(spec, version):
        start = _searched.get((version.code, name), 0)
        if start >= upto:
            continue
        found = _first(spec, version, name, start, upto)
        if found is None:
            _searched[version.code, name] = upto
            continue
        spec = services.fix_types(spec.project, spec.name, spec.layout, {name: found})
        current = spec.versions.get(version.number)
        if current is None or current.code != version.code:
            return spec
        version = current
    return spec


def decides(spec: GroupSpec, version: VersionSpec, rows: Sequence[LogRow]) -> bool:
    """Whether a batch may hold a value for a column that is still open, so that the log must be asked."""
    names = open_columns(spec, version)
    return bool(names) and any(row.row.get(name) is not None for row in rows for name in names)


def _first(spec: GroupSpec, version: VersionSpec, name: str, start: int, upto: int) -> str | None:
    sql = compiled(version.sql, spec.entity, spec.timestamp_column)
    known = {column: spec.columns.get(column) for column in version.input_columns}
    refused: set[str] = set()
    for value in _values(spec, version, name, start, upto):
        inferred = types.infer(value)
        if inferred is None or str(inferred) in refused:
            continue
        try:
            provisional_types(sql, spec.entity, spec.timestamp_column, {**known, name: str(inferred)})
        except Invalid:
            refused.add(str(inferred))
            continue
        return str(inferred)
    return None


def _values(spec: GroupSpec, version: VersionSpec, name: str, start: int, upto: int) -> Iterator[object]:
    route = spec.route(version)
    while start < upto:
        rows = log_reading.read_with(spec.project, name, start, _CHUNK, upto)
        for row in rows:
            if event_of(route, row) is not None:
                yield row.row[name]
        if len(rows) < _CHUNK:
            return
        start = rows[-1].position
