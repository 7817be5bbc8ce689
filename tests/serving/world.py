"""The small world of these tests: groups published and records written as their writers do it, without computing anything."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from backends.online import published
from backends.online.keys import cursor_key, record_key
from core.clock import FOREVER, NEVER, now_us
from core.codec import Block
from core.entity import bucket_of, encode_key
from core.record import WHOLE, Cursor, Held, Record, Run, pack_record
from core.spec import GroupSpec, Layout, VersionSpec

BUCKETS = 16
SECOND = 1_000_000
_codes = itertools.count(1)


def version(
    number: int = 1,
    outputs: Mapping[str, str | None] | None = None,
    *,
    status: str = "active",
    window: str | None = None,
    ttl: int | None = None,
    defaults: Mapping[str, Any] | None = None,
    layouts: Sequence[Sequence[str | None]] = (),
    code: str | None = None,
) -> VersionSpec:
    outputs = {"total": "DOUBLE", "n": "BIGINT"} if outputs is None else outputs
    return VersionSpec(
        number=number,
        code=code or f"code{next(_codes):06d}",
        status=status,
        sql="SELECT 1",
        window=window,
        ttl=ttl,
        defaults=defaults or {},
        path="tiles",
        path_reason="",
        input_columns=("amount",),
        outputs=tuple(outputs),
        layouts=tuple(Layout(("DOUBLE",), tuple(types)) for types in (layouts or [tuple(outputs.values())])),
    )


def group(
    name: str, *versions: VersionSpec, entity: Sequence[str] = ("user_id",), active: int | None = 1, **more: Any
) -> GroupSpec:
    made = versions or (version(),)
    fields: dict[str, Any] = {
        "project": "default",
        "name": name,
        "title": name,
        "type": "numerical",
        "description": "",
        "entity": tuple(entity),
        "timestamp_column": "timestamp",
        "time_kind": "TIMESTAMP",
        "source": "events",
        "columns": {"amount": "DOUBLE"},
        "declared": {},
        "layout": len(made[0].layouts) - 1,
        "active": active,
        "versions": {v.number: v for v in made},
    }
    return GroupSpec(**{**fields, **more})


def publish(spec: GroupSpec, revision: int = 1) -> GroupSpec:
    if published.publish_group(spec, revision) == published.EMPTY:
        published.replace_all(spec.project, [(spec, revision)])
    return spec


def cursor(equal_at: int | None = None, state: int = WHOLE) -> Cursor:
    return Cursor(1, 7, now_us() if equal_at is None else equal_at, state, 1, 1)


def put_cursors(redis: Redis, spec: GroupSpec, value: Cursor | None = None, number: int = 1) -> None:
    """Every bucket of a version is whole and fresh, or as said."""
    code = spec.versions[number].code
    packed = (value or cursor()).pack()
    redis.mset({cursor_key(spec.project, bucket, code): packed for bucket in range(BUCKETS)})


def run(
    spec: GroupSpec,
    row: Sequence[Any] | None,
    newest: int,
    valid_from: int = NEVER,
    any_event: bool = True,
    number: int = 1,
    layout: int = 0,
) -> Run:
    """A run with these output values, None for no output row."""
    values = b"" if row is None else Block(spec.versions[number].layouts[layout].outputs).pack(row)
    return Run(valid_from, newest, row is not None, any_event, values)


def put(
    redis: Redis,
    spec: GroupSpec,
    keys: Sequence[str],
    *runs: Run,
    number: int = 1,
    end: int = FOREVER,
    failed: bool = False,
    plain: bool = False,
    layout: int = 0,
    held: Sequence[Held] = (),
) -> None:
    """Write one entity's record."""
    key = encode_key(keys)
    record = Record(7, layout, runs, end, tuple(held), failed)
    place = record_key(spec.project, bucket_of(key, BUCKETS), spec.versions[number].code, key)
    redis.set(place, pack_record(record, plain))
