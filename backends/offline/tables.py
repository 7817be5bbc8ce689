"""Offline tables, one per group version: a row per entity and applied batch, with keys, as_of, position and features. Their only writer.

They are what was computed and when, for BI and audits; training and history compute from the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from django.db import connections, transaction
from psycopg2 import sql

from core import types
from core.clock import EPOCH
from core.entity import decode_key
from core.spec import GroupSpec, VersionSpec

_KINDS = {
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "STRING": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamptz",
    "DECIMAL": "numeric",
}
_ready: dict[str, int] = {}  # code -> the layout its table was made for in this process


def table_name(code: str) -> str:
    """The name of a version's table, from its code alone."""
    return f"fv_{code}"


def record(
    spec: GroupSpec, version: VersionSpec, position: int, as_of: int, rows: Sequence[tuple[str, Sequence[Any] | None]]
) -> None:
    """Keep (encoded key, output values or None) rows as computed for `as_of` (us) over the log up to `position`. Repeats add nothing."""
    if not rows:
        return
    layout = spec.layout_of(version)
    kinds = [None if text is None else text.partition("(")[0].partition("<")[0] for text in layout.outputs]
    parsed = [None if text is None else types.parse_type(text) for text in layout.outputs]
    known = [i for i, kind in enumerate(kinds) if kind is not None]
    prepare(spec, version)
    moment = (EPOCH + timedelta(microseconds=as_of)).isoformat()
    columns = [*spec.entity, "__as_of", "__position", "__exists", *(version.outputs[i] for i in known)]
    sorts = ["text"] * len(spec.entity) + ["timestamptz", "bigint", "boolean", *(_sort(kinds[i]) for i in known)]
    lines = []
    for key, values in rows:
        cells: list[Any] = [*decode_key(key, len(spec.entity)), moment, position, values is not None]
        cells += [None if values is None or values[i] is None else _cell(kinds[i], parsed[i], values[i]) for i in known]
        lines.append(dict(zip(columns, cells, strict=True)))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    shape = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(kind)) for n, kind in zip(columns, sorts, strict=True)
    )
    # One JSON parameter: COPY knows no ON CONFLICT, and a temporary table for each batch would bloat the catalogue.
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM json_to_recordset(%s) AS x({}) ON CONFLICT DO NOTHING")
    with connections["default"].cursor() as c:
        c.execute(statement.format(sql.Identifier(table_name(version.code)), names, names, shape), [orjson.dumps(lines).decode()])


def _sort(kind: str | None) -> str:
    return _KINDS.get(kind or "", "jsonb")


def _cell(kind: str | None, parsed: Any, value: Any) -> Any:
    if kind in ("BIGINT", "DOUBLE", "STRING", "BOOLEAN"):
        return value
    shown = types.to_json(parsed, value)
    return shown


def prepare(spec: GroupSpec, version: VersionSpec) -> None:
    """Make the version's table, and columns for features whose type became known since."""
    if _ready.get(version.code) == spec.layout:
        return
    name = sql.Identifier(table_name(version.code))
    with transaction.atomic(using="default"), connections["default"].cursor() as c:
        keys = sql.SQL(", ").join(sql.SQL("{} text NOT NULL").format(sql.Identifier(key)) for key in spec.entity)
        primary = sql.SQL(", ").join([*map(sql.Identifier, spec.entity), sql.SQL("__position")])
        c.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [version.code])
        c.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} ({}, __as_of timestamptz NOT NULL, __position bigint NOT NULL, __exists boolean NOT NULL, PRIMARY KEY ({}))"
            ).format(name, keys, primary)
        )
        for output, text in zip(version.outputs, spec.layout_of(version).outputs, strict=True):
            if text is not None:
                kind = sql.SQL(_sort(text.partition("(")[0].partition("<")[0]))
                c.execute(sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(name, sql.Identifier(output), kind))
    _ready[version.code] = spec.layout


def drop(code: str) -> None:
    """Delete a version's table."""
    with connections["default"].cursor() as c:
        c.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table_name(code))))
    _ready.pop(code, None)


def latest(spec: GroupSpec, version: VersionSpec, key: str) -> tuple[int, dict[str, Any]] | None:
    """The newest computed row of an entity. -> (position, {column: value}), or None."""
    prepare(spec, version)
    where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in spec.entity)
    with connections["default"].cursor() as c:
        c.execute(
            sql.SQL("SELECT * FROM {} WHERE {} ORDER BY __position DESC LIMIT 1").format(
                sql.Identifier(table_name(version.code)), where
            ),
            decode_key(key, len(spec.entity)),
        )
        found = c.fetchone()
        names = [column.name for column in c.description]
    if found is None:
        return None
    row = dict(zip(names, found, strict=True))
    return row.pop("__position"), row
