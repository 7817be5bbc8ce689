"""Types that the log decides become the group's, before anything is computed with them."""

from __future__ import annotations

from collections.abc import Sequence

from backends.offline.inference import decided, open_columns
from backends.offline.log_reading import LogRow
from core.spec import GroupSpec, VersionSpec
from features import services


def settle(spec: GroupSpec, version: VersionSpec, upto: int) -> GroupSpec:
    """Fix every type that the log up to a position decides. -> the group as it is then; the same object where nothing changed."""
    found = decided(spec, version, upto)
    return services.fix_types(spec.project, spec.name, spec.layout, found) if found else spec


def decides(spec: GroupSpec, version: VersionSpec, rows: Sequence[LogRow]) -> bool:
    """Whether a batch may hold a value for a column that is still open, so that the log must be asked."""
    names = open_columns(spec, version)
    return bool(names) and any(row.row.get(name) is not None for row in rows for name in names)
