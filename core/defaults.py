"""What stands in for an output where there is no row to read: NOT_FOUND and EMPTY_WINDOW, online and from the log alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core import types
from core.spec import VersionSpec


def shown_defaults(version: VersionSpec) -> tuple[Any, ...]:
    """By output, the declared default as a value of its type would be answered in JSON; None without one.

    An output of open type shows what was declared, and None once the type turned out to be another.
    """
    return tuple(
        value if kind is None else _as_json(types.parse_type(kind), value) for kind, value in zip(*_of(version), strict=True)
    )


def typed_defaults(version: VersionSpec) -> tuple[Any, ...]:
    """The same as values for pyarrow; None for an output of open type, whose column is null."""
    return tuple(
        None if kind is None else _coerced(types.parse_type(kind), value) for kind, value in zip(*_of(version), strict=True)
    )


def _of(version: VersionSpec) -> tuple[Sequence[str | None], Sequence[Any]]:
    return version.layouts[-1].outputs, [version.defaults.get(name) for name in version.outputs]


def _coerced(kind: types.ColumnType, value: Any) -> Any:
    try:
        return None if value is None else types.coerce(kind, value)
    except types.Mismatch:
        return None


def _as_json(kind: types.ColumnType, value: Any) -> Any:
    typed = _coerced(kind, value)
    return None if typed is None else types.to_json(kind, typed)
