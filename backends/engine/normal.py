"""One shape of Arrow data at the engines' door: the widths and zones that the engines differ in are settled here."""

from __future__ import annotations

import pyarrow as pa

_TIME = pa.timestamp("us")


def inward(table: pa.Table) -> pa.Table:
    """A caller's table as the engines take it: zoned times become plain UTC."""
    return _as(table, pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema]))


def outward(table: pa.Table) -> pa.Table:
    """An engine's answer as callers get it: int64, float64, timestamp[us] in UTC, plain lists and strings."""
    return _as(table, pa.schema([pa.field(field.name, _normal(field.type)) for field in table.schema]))


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table if table.schema.equals(schema) else table.cast(schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    return _TIME if pa.types.is_timestamp(kind) else kind


def _normal(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind):
        return _TIME
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_normal(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(_normal(kind.key_type), _normal(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _normal(field.type)) for field in kind])
    return kind
