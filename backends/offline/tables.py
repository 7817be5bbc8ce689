"""Offline tables, one per group version: what was computed and when, a row per entity and applied batch. Their only writer.

They are for BI and audits; training and history compute from the log. Rows of a backfill stand apart (`__backfilled`): they are
values as of past event times, many of one entity at one position.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa
from django.db import connections, transaction
from psycopg2 import sql
from psycopg2.errors import UniqueViolation
from psycopg2.extras import execute_values
from pyarrow import csv

from core import types
from core.entity import decode_key
from core.since import at_reading
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
_PLAIN = ("BIGINT", "DOUBLE", "STRING", "BOOLEAN")
_SYSTEM = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})  # names that PostgreSQL keeps for itself in every table
_ready: dict[str, tuple[str | None, ...]] = {}  # code -> the output types its table was made for in this process
_JSONB = 3802  # PostgreSQL's number of the type
Computed = tuple[str, int, Sequence[Any] | None]  # encoded key, as of (us), output values or None without an output row


def table_name(code: str) -> str:
    """The name of a version's table, from its code alone."""
    return f"fv_{code}"


def column_name(name: str) -> str:
    """The column of a key or feature: its name, but for those that no table can have. No feature begins with two underscores."""
    return f"__{name}" if name in _SYSTEM else name


def record(spec: GroupSpec, version: VersionSpec, position: int, rows: Sequence[Computed], *, backfilled: bool = False) -> None:
    """Keep rows as computed over the log up to `position`. Repeats add nothing."""
    if not rows:
        return
    prepare(spec, version)
    outputs = [(name, text) for name, text in zip(version.outputs, spec.layout_of(version).outputs, strict=True)]
    known = [(i, _kind(text), types.parse_type(text)) for i, (_, text) in enumerate(outputs) if text is not None]
    columns = [*map(column_name, spec.entity), "__as_of", "__position", "__exists", "__backfilled"]
    columns += [column_name(outputs[i][0]) for i, _, _ in known]
    sorts = ["text"] * len(spec.entity) + ["timestamptz", "bigint", "boolean", "boolean", *(_sort(kind) for _, kind, _ in known)]
    keys = zip(*(decode_key(key, len(spec.entity)) for key, _, _ in rows), strict=True)
    arrays = [pa.array(column, pa.string()) for column in keys]
    arrays.append(pa.array([as_of for _, as_of, _ in rows], pa.timestamp("us", "UTC")))
    arrays.append(pa.array([position] * len(rows), pa.int64()))
    arrays.append(pa.array([values is not None for _, _, values in rows], pa.bool_()))
    arrays.append(pa.array([backfilled] * len(rows), pa.bool_()))
    read = [None if values is None else at_reading(version.forms, values, as_of) for _, as_of, values in rows]
    for i, kind, parsed in known:
        cells = [None if values is None else _cell(kind, parsed, values[i]) for values in read]
        arrays.append(pa.array(cells, types.arrow_type(parsed) if kind in _PLAIN else pa.string()))
    _insert(table_name(version.code), columns, sorts, pa.Table.from_arrays(arrays, names=columns))


def _insert(name: str, columns: Sequence[str], sorts: Sequence[str], rows: pa.Table) -> None:
    """COPY, which takes a third of the time of INSERT but knows no ON CONFLICT; so a batch of which some was kept before (after a
    crash) comes again as INSERT. A temporary table for each batch would bloat the catalogue."""
    table, names = sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    text = pa.BufferOutputStream()
    csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
    try:
        with transaction.atomic(using="default"), connections["default"].cursor() as c:
            c.copy_expert(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(table, names), io.BytesIO(text.getvalue()))
    except UniqueViolation:
        # CAST binds the sign: -9223372036854775808::bigint would be the negative of a number that no bigint holds
        cells = sql.SQL(", ").join(sql.SQL("CAST(%s AS {})").format(sql.SQL(kind)) for kind in sorts)
        with connections["default"].cursor() as c:
            execute_values(
                c.cursor,
                sql.SQL("INSERT INTO {} ({}) VALUES %s ON CONFLICT DO NOTHING").format(table, names),
                list(zip(*(column.to_pylist() for column in rows.columns), strict=True)),
                sql.SQL("({})").format(cells).as_string(c.cursor),
            )


def _kind(text: str) -> str:
    return text.partition("(")[0].partition("<")[0]


def _sort(kind: str) -> str:
    return _KINDS.get(kind, "jsonb")


def _cell(kind: str, parsed: types.ColumnType, value: Any) -> Any:
    """Numbers, text and booleans as they are, the others as text that PostgreSQL reads."""
    if value is None or kind in _PLAIN:
        return value
    found = types.to_json(parsed, value)
    return found if isinstance(found, str) else orjson.dumps(found).decode()


def prepare(spec: GroupSpec, version: VersionSpec) -> None:
    """Make the version's table, and columns for features whose type became known since."""
    outputs = spec.layout_of(version).outputs
    if _ready.get(version.code) == outputs:
        return
    name = table_name(version.code)
    table, keys = sql.Identifier(name), [sql.Identifier(column_name(key)) for key in spec.entity]
    entity = sql.SQL(", ").join(keys)
    statements = [
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {} ({}, __as_of timestamptz NOT NULL, __position bigint NOT NULL,"
            " __exists boolean NOT NULL, __backfilled boolean NOT NULL DEFAULT false)"
        ).format(table, sql.SQL(", ").join(sql.SQL("{} text NOT NULL").format(key) for key in keys)),
        sql.SQL("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({}, __position) WHERE NOT __backfilled").format(
            sql.Identifier(f"{name}_applied"), table, entity
        ),
        sql.SQL("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({}, __as_of, __position) WHERE __backfilled").format(
            sql.Identifier(f"{name}_history"), table, entity
        ),
    ]
    for output, text in zip(version.outputs, outputs, strict=True):
        if text is not None:
            statements.append(
                sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                    table, sql.Identifier(column_name(output)), sql.SQL(_sort(_kind(text)))
                )
            )
    with transaction.atomic(using="default"), connections["default"].cursor() as c:
        c.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [version.code])
        for statement in statements:
            c.execute(statement)
    _ready[version.code] = outputs


def forget() -> None:
    """After the database was away: what came back may have other tables."""
    _ready.clear()


def drop(code: str) -> None:
    """Delete a version's table."""
    with connections["default"].cursor() as c:
        c.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table_name(code))))
    _ready.pop(code, None)


def latest(spec: GroupSpec, version: VersionSpec, key: str) -> tuple[int, dict[str, Any]] | None:
    """The newest applied row of an entity. -> (position, {column: value}), or None."""
    prepare(spec, version)
    where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column_name(name))) for name in spec.entity)
    with connections["default"].cursor() as c:
        c.execute(
            sql.SQL("SELECT * FROM {} WHERE {} AND NOT __backfilled ORDER BY __position DESC LIMIT 1").format(
                sql.Identifier(table_name(version.code)), where
            ),
            decode_key(key, len(spec.entity)),
        )
        found, described = c.fetchone(), c.description
    if found is None:
        return None
    row = {column.name: _read(column.type_code, cell) for column, cell in zip(described, found, strict=True)}
    return row.pop("__position"), row


def _read(type_code: int, cell: Any) -> Any:
    """Django leaves jsonb as text."""
    return orjson.loads(cell) if type_code == _JSONB and cell is not None else cell
