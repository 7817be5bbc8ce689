"""Types of columns that were not declared: from the first non-null value, in log order, under which the SQL still checks.

Decided over the log itself and not over a batch, so that it does not depend on who reads it or comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backends.offline import log_reading
from backends.offline.program import compiled
from backends.offline.routed import event_of
from core import types
from core.errors import Invalid
from core.spec import GroupSpec, VersionSpec
from core.sql.layouts import layout_for
from core.sql.provisional import provisional_types

_CHUNK = 500
_searched: dict[tuple[str, str], int] = {}  # (version code, column) -> the log up to here decides nothing


def open_columns(spec: GroupSpec, version: VersionSpec) -> list[str]:
    """Input columns of a version whose type is not known yet."""
    return [name for name in version.input_columns if spec.columns.get(name) is None]


def decided(spec: GroupSpec, version: VersionSpec, upto: int) -> dict[str, str]:
    """{open column: type} as the log up to a position decides them; columns that it leaves open are absent."""
    found: dict[str, str] = {}
    for name in open_columns(spec, version):
        start = _searched.get((version.code, name), 0)
        if start >= upto:
            continue
        kind = _first(spec, version, name, start, upto, found)
        if kind is None:
            _searched[version.code, name] = upto
        else:
            found[name] = kind
    return found


def forget() -> None:
    """After the database was away: what came back may be another log."""
    _searched.clear()


def as_decided(spec: GroupSpec, version: VersionSpec, upto: int) -> tuple[GroupSpec, VersionSpec]:
    """The group as it will be once the applier has fixed what the log decides: reads from the log must not wait for it."""
    news = decided(spec, version, upto)
    if not news:
        return spec, version
    columns = {**spec.columns, **news}
    sql = compiled(version.sql, spec.entity, spec.timestamp_column)
    layout = layout_for(sql, spec.entity, spec.timestamp_column, columns)
    version = replace(version, layouts=(*version.layouts[: spec.layout], layout))
    return replace(spec, columns=columns, versions={**spec.versions, version.number: version}), version


def _first(spec: GroupSpec, version: VersionSpec, name: str, start: int, upto: int, found: dict[str, str]) -> str | None:
    sql = compiled(version.sql, spec.entity, spec.timestamp_column)
    known = {column: found.get(column) or spec.columns.get(column) for column in version.input_columns}
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
