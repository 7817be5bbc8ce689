"""Rows of the registry -> the values that are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from backends.online.grants import KeyGrant
from core.clock import EPOCH, MICRO
from core.since import Since
from core.spec import GroupSpec, Layout, VersionSpec
from features.models import ApiKey, Group, Version


def group_spec(group: Group, versions: Iterable[Version]) -> GroupSpec:
    """The spec of a group with those of its versions that are settled in its row; a deleted group has none."""
    deleted = group.deleted_at is not None
    alive = [] if deleted else [v for v in versions if v.incarnation == group.incarnation and str(v.number) in group.layouts]
    return GroupSpec(
        project=group.project,
        name=group.name,
        title=group.title,
        type=group.type,
        description=group.description,
        entity=tuple(group.entity),
        timestamp_column=group.timestamp_column,
        time_kind=group.time_kind,
        source=group.source,
        columns=group.columns,
        declared=group.declared,
        layout=group.layout,
        active=None if deleted else group.active,
        versions={v.number: version_spec(group, v) for v in sorted(alive, key=lambda v: v.number)},
        deleted=deleted,
        next_version=group.last_version + 1,
    )


def version_spec(group: Group, version: Version) -> VersionSpec:
    """The spec of one settled version."""
    return VersionSpec(
        number=version.number,
        code=version.code,
        status=group.states[str(version.number)],
        sql=version.sql,
        window=version.window,
        ttl=version.ttl,
        defaults={name: _as_sent(value) for name, value in version.defaults.items()},
        path=version.path,
        path_reason=version.path_reason,
        input_columns=tuple(version.input_columns),
        outputs=tuple(version.outputs),
        layouts=tuple(layout_value(row) for row in group.layouts[str(version.number)]),
        windows=tuple(version.windows),
        forms=tuple(map(Since.loads, version.forms)),
    )


def _as_sent(value: Any) -> Any:
    """A default as it was sent: jsonb turns 1e22 into an integer of 23 digits, and such integers are never accepted."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    return {name: _as_sent(item) for name, item in value.items()} if isinstance(value, dict) else value


def layout_value(row: dict[str, list[str | None]]) -> Layout:
    """A stored layout -> value."""
    return Layout(tuple(row["columns"]), tuple(row["outputs"]), tuple(p for p in row["partials"] if p is not None))


def layout_row(layout: Layout) -> dict[str, list[str | None]]:
    """A layout -> what is stored."""
    return {"columns": list(layout.columns), "outputs": list(layout.outputs), "partials": list(layout.partials)}


def forms_row(forms: Mapping[str, Since], outputs: Iterable[str]) -> list[dict[str, int] | None]:
    """The forms of some outputs -> what is stored, nothing where there are none."""
    return [asdict(forms[output]) if output in forms else None for output in outputs] if forms else []


def grant_of(key: ApiKey) -> KeyGrant:
    """The published form of a key."""
    return KeyGrant(
        public_id=key.public_id,
        project=key.project,
        digest=key.digest,
        scopes=tuple(key.scopes),
        expires_us=None if key.expires_at is None else micros(key.expires_at),
        name=key.name,
    )


def micros(moment: datetime) -> int:
    """An aware datetime -> microseconds since 1970."""
    elapsed = moment - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * MICRO + elapsed.microseconds
