"""Whole columns of JSON values -> Arrow, at Arrow's speed where the values are alike, one by one where they are not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.epoch import UNIT_US
from core.types.arrow import arrow_type
from core.types.model import ColumnType
from core.types.values import FIRST_US, LAST_US, Mismatch, coerce

_NONE = type(None)
_ZONE = r"(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?"
_DAY_US = 86_400_000_000


def coerce_column(column_type: ColumnType, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
    """JSON values of one column -> (array of arrow_type, the indices of values that do not fit, ascending).

    The array is as long as the values, NULL at the bad ones; `coerce` says what is wrong with each, and agrees on which fit.
    """
    if column_type.kind == "ARRAY" and column_type.item is not None:
        return _arrays(column_type, column_type.item, values)
    if column_type.kind == "STRUCT":
        return _structs(column_type, values)
    fast = _FAST.get(column_type.kind)
    if fast is not None:
        try:
            array = fast(column_type, values, set(map(type, values)))
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            array = None  # some value does not fit: below finds which
        if array is not None:
            return array, []
    return _one_by_one(column_type, values)


def _one_by_one(column_type: ColumnType, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
    good, bad = [], []
    for i, value in enumerate(values):
        try:
            good.append(coerce(column_type, value))
        except Mismatch:
            good.append(None)
            bad.append(i)
    return pa.array(good, arrow_type(column_type)), bad


def _same(column_type: ColumnType, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
    return pa.array(values, arrow_type(column_type)) if kinds <= {_PYTHON[column_type.kind], _NONE} else None


_PYTHON: dict[str, type] = {"BIGINT": int, "STRING": str, "BOOLEAN": bool}


def _doubles(column_type: ColumnType, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
    if not kinds <= {float, int, _NONE}:
        return None
    array = pa.array(values, pa.float64())  # Arrow refuses integers beyond 2^53 by itself
    return array if pc.all(pc.is_finite(array)).as_py() is not False else None


def _dates(column_type: ColumnType, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
    if not kinds <= {str, _NONE}:
        return None
    texts = pa.array(values, pa.string())
    if pc.all(pc.match_substring_regex(texts, r"^\d{4}-\d\d-\d\d$")).as_py() is False:
        return None
    array = texts.cast(pa.date32())
    return array if _within(array.cast(pa.int32()), FIRST_US // _DAY_US, LAST_US // _DAY_US) else None


def _timestamps(column_type: ColumnType, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
    if not kinds <= {str, _NONE}:
        return None
    texts = pa.array(values, pa.string())
    for pattern, target in ((_MOMENT + _ZONE + "$", pa.timestamp("us", "UTC")), (_MOMENT + "$", pa.timestamp("us"))):
        if pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False:
            array = texts.cast(target).cast(pa.timestamp("us"))
            return array if _within(array.cast(pa.int64()), FIRST_US, LAST_US) else None
    return None


def _epochs(column_type: ColumnType, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
    if not kinds <= {int, _NONE}:
        return None
    array = pc.multiply_checked(pa.array(values, pa.int64()), UNIT_US[column_type.kind])
    return array.cast(pa.timestamp("us")) if _within(array, FIRST_US, LAST_US) else None


def _within(array: pa.Array, first: int, end: int) -> bool:
    found = pc.min_max(array)
    low, high = found["min"].as_py(), found["max"].as_py()
    return low is None or (first <= low and high < end)


_FAST: dict[str, Callable[[ColumnType, Sequence[Any], set[type]], pa.Array | None]] = {
    "BIGINT": _same, "STRING": _same, "BOOLEAN": _same, "DOUBLE": _doubles, "DATE": _dates, "TIMESTAMP": _timestamps,
    "EPOCH_S": _epochs, "EPOCH_MS": _epochs,
}  # fmt: skip


def _arrays(column_type: ColumnType, item: ColumnType, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
    bad = {i for i, value in enumerate(values) if value is not None and type(value) is not list}
    lists = [value if type(value) is list else () for value in values]
    offsets = [0, *accumulate(map(len, lists))]
    items, bad_items = coerce_column(item, list(chain.from_iterable(lists)))
    bad.update(bisect_right(offsets, at) - 1 for at in bad_items)
    nulls = pa.array([value is None or i in bad for i, value in enumerate(values)], pa.bool_())
    array = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, mask=nulls)
    return array.cast(arrow_type(column_type)), sorted(bad)


def _structs(column_type: ColumnType, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
    names = {name for name, _ in column_type.fields}
    bad = {i for i, value in enumerate(values) if value is not None and not (type(value) is dict and value.keys() <= names)}
    rows = [{} if value is None or i in bad else value for i, value in enumerate(values)]
    arrays = []
    for name, field in column_type.fields:
        array, bad_rows = coerce_column(field, [row.get(name) for row in rows])
        arrays.append(array)
        bad.update(bad_rows)
    nulls = pa.array([value is None or i in bad for i, value in enumerate(values)], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=list(arrow_type(column_type)), mask=nulls), sorted(bad)
