"""Column types as Arrow types: what the engines are given, and what they give back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
from pyarrow import types as pat

from core.errors import Invalid
from core.types.model import MOST_DIGITS, ColumnType

_ARROW = {
    "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "STRING": pa.string(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"), "EPOCH_S": pa.timestamp("us"), "EPOCH_MS": pa.timestamp("us"),
}  # fmt: skip


@lru_cache(maxsize=4096)
def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The Arrow type a column has in the engines. Every kind of time is timestamp[us] without a zone, in UTC."""
    if column_type.kind == "DECIMAL":
        return pa.decimal128(column_type.precision, column_type.scale)
    if column_type.kind == "STRUCT":
        return pa.struct([pa.field(name, arrow_type(field)) for name, field in column_type.fields])
    if column_type.item is not None:
        item = arrow_type(column_type.item)
        return pa.list_(item) if column_type.kind == "ARRAY" else pa.map_(pa.string(), item)
    return _ARROW[column_type.kind]


_SCALARS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pat.is_integer, "BIGINT"), (pat.is_floating, "DOUBLE"), (pat.is_boolean, "BOOLEAN"), (pat.is_string, "STRING"),
    (pat.is_large_string, "STRING"), (pat.is_string_view, "STRING"), (pat.is_null, "STRING"), (pat.is_date, "DATE"),
    (pat.is_timestamp, "TIMESTAMP"),
)  # fmt: skip


def from_arrow(data_type: pa.DataType, *, hugeint: bool = True) -> ColumnType:
    """The type of an engine's output column; raises Invalid("unsupported_type") for TIME, BLOB, INTERVAL and the like.

    Every integer is BIGINT, every float DOUBLE, and an output that is always NULL a STRING. decimal128(38, 0) is what DuckDB's
    HUGEINT, the exact sum of BIGINTs, looks like in Arrow, so it is BIGINT (to_json gives None beyond int64); `hugeint=False`
    reads it as a DECIMAL(38,0), right where the caller knows that the SQL casts its integer outputs.
    """
    for test, kind in _SCALARS:
        if test(data_type):
            return ColumnType(kind)
    if pat.is_dictionary(data_type):
        return from_arrow(data_type.value_type, hugeint=hugeint)
    if pat.is_decimal(data_type) and data_type.precision <= MOST_DIGITS and 0 <= data_type.scale <= data_type.precision:
        if hugeint and (data_type.precision, data_type.scale) == (MOST_DIGITS, 0):
            return ColumnType("BIGINT")
        return ColumnType("DECIMAL", data_type.precision, data_type.scale)
    if pat.is_list(data_type) or pat.is_large_list(data_type) or pat.is_fixed_size_list(data_type):
        return ColumnType("ARRAY", item=from_arrow(data_type.value_type, hugeint=hugeint))
    if pat.is_map(data_type) and from_arrow(data_type.key_type) == ColumnType("STRING"):
        return ColumnType("MAP", item=from_arrow(data_type.item_type, hugeint=hugeint))
    if pat.is_struct(data_type) and data_type.num_fields:
        fields = ((field.name, from_arrow(field.type, hugeint=hugeint)) for field in data_type.fields)
        return ColumnType("STRUCT", fields=tuple(fields))
    raise Invalid("unsupported_type", f"a feature cannot be of the type {data_type}: cast it")
