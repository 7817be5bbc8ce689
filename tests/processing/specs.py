"""Published groups made by hand, for what needs no database."""

from __future__ import annotations

from collections.abc import Sequence

from core.spec import GroupSpec, Layout, VersionSpec


def version(number: int = 1, inputs: Sequence[str] = ("amount",), status: str = "active") -> VersionSpec:
    """A version whose SQL nobody runs."""
    return VersionSpec(
        number=number,
        code=f"v{number}",
        status=status,
        sql="",
        window=None,
        ttl=None,
        defaults={},
        path="tiles",
        path_reason="",
        input_columns=tuple(inputs),
        outputs=("total",),
        layouts=(Layout(tuple(None for _ in inputs), (None,)),),
    )


def group(
    name: str = "spending",
    entity: Sequence[str] = ("user_id",),
    inputs: Sequence[str] = ("amount",),
    time: tuple[str, str] = ("timestamp", "TIMESTAMP"),
    types: dict[str, str] | None = None,
    source: str = "events",
    deleted: bool = False,
) -> GroupSpec:
    """A group with one version; `types`: of its input columns, open without."""
    known = {column: (types or {}).get(column) for column in inputs}
    return GroupSpec(
        project="default",
        name=name,
        title=name,
        type="numerical",
        description="",
        entity=tuple(entity),
        timestamp_column=time[0],
        time_kind=time[1],
        source=source,
        columns=known,
        declared={},
        layout=0,
        active=None if deleted else 1,
        versions={} if deleted else {1: version(inputs=inputs)},
        deleted=deleted,
        next_version=2,
    )
