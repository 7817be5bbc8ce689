"""Rows of typed values as bytes: what online records and tiles hold.

A block is a null bitmap, then one fixed cell per column (8 bytes; booleans 1, decimals 16; for text and nested values its
length, 4 bytes), then the bytes of the text and nested values in column order. Nested values are JSON, so that answers can pass
them on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from struct import Struct
from typing import Any

import orjson

from core import types
from core.clock import EPOCH

_DAY0 = date(1970, 1, 1)
_CELL = {"BIGINT": "q", "DOUBLE": "d", "TIMESTAMP": "q", "DATE": "q", "BOOLEAN": "?", "DECIMAL": "16s"}
_EXACT = Context(prec=76)  # the default one would round to 28 digits
_ZERO: dict[str, Any] = {"BIGINT": 0, "DOUBLE": 0.0, "TIMESTAMP": 0, "DATE": 0, "BOOLEAN": False, "DECIMAL": bytes(16)}


class Block:
    """The codec of one list of column types (type texts). None is a column whose type is open: its values are kept as JSON,
    since SQL over columns seen only as null may well give one, as COALESCE(SUM(x), 0) does."""

    def __init__(self, column_types: Sequence[str | None]) -> None:
        self.types = tuple(column_types)
        self.kinds = tuple("OPEN" if t is None else t.partition("(")[0].partition("<")[0] for t in column_types)
        self._parsed = tuple(None if t is None else types.parse_type(t) for t in column_types)
        self.mask_bytes = (len(self.kinds) + 7) // 8
        self._fixed = Struct(f"<{self.mask_bytes}s" + "".join(_CELL.get(kind, "I") for kind in self.kinds))
        self._plain = all(kind in ("BIGINT", "DOUBLE") for kind in self.kinds)
        self._as_is = all(kind in ("BIGINT", "DOUBLE", "STRING", "BOOLEAN") for kind in self.kinds)
        self._var = [i for i, kind in enumerate(self.kinds) if kind not in _CELL]
        self._no_nulls = bytes(self.mask_bytes)
        self._scale = {i: _scale(self.types[i]) for i, kind in enumerate(self.kinds) if kind == "DECIMAL"}

    def pack(self, values: Sequence[Any]) -> bytes:
        """One row (Python values as Arrow's to_pylist gives them) -> bytes."""
        if self._plain and None not in values:
            return self._fixed.pack(self._no_nulls, *values)
        mask, cells, tail = 0, [], []
        for i, (kind, value) in enumerate(zip(self.kinds, values, strict=True)):
            if value is None:
                mask |= 1 << i
                cells.append(_ZERO.get(kind, 0))
            elif kind in _CELL:
                cells.append(self._to_cell(i, kind, value))
            else:
                data = value.encode() if kind == "STRING" else self._to_json_bytes(i, kind, value)
                cells.append(len(data))
                tail.append(data)
        return self._fixed.pack(mask.to_bytes(self.mask_bytes, "little"), *cells) + b"".join(tail)

    def _to_json_bytes(self, i: int, kind: str, value: Any) -> bytes:
        if kind == "OPEN":
            return _open_bytes(value)
        return orjson.dumps(types.to_json(self._parsed[i], value))

    def _to_cell(self, i: int, kind: str, value: Any) -> Any:
        if kind == "TIMESTAMP":
            return to_us(value)
        if kind == "DATE":
            return (value - _DAY0).days
        if kind == "DECIMAL":
            return int(value.scaleb(self._scale[i], _EXACT)).to_bytes(16, "little", signed=True)
        return value

    def unpack(self, data: bytes, offset: int = 0) -> list[Any]:
        """bytes -> a row of storage values: numbers, text, TIMESTAMP in us, DATE in days, nested and open values as JSON."""
        mask, *cells = self._fixed.unpack_from(data, offset)
        row: list[Any] = cells
        if self._var:
            at = offset + self._fixed.size
            for i in self._var:
                end = at + row[i]
                row[i] = data[at:end].decode() if self.kinds[i] == "STRING" else data[at:end]
                at = end
        for i, scale in self._scale.items():
            row[i] = Decimal(int.from_bytes(row[i], "little", signed=True)).scaleb(-scale, _EXACT)
        if mask != self._no_nulls:
            bits = int.from_bytes(mask, "little")
            for i in range(len(row)):
                if bits >> i & 1:
                    row[i] = None
        return row

    def to_arrow_row(self, row: Sequence[Any]) -> list[Any]:
        """A row as unpack gives it -> values for pyarrow, by the columns' Arrow types; an open column is null there."""
        return list(row) if self._as_is else [None if v is None else self._arrow(i, v) for i, v in enumerate(row)]

    def _arrow(self, i: int, value: Any) -> Any:
        kind, parsed = self.kinds[i], self._parsed[i]
        if kind == "TIMESTAMP":
            return EPOCH.replace(tzinfo=None) + timedelta(microseconds=value)
        if kind == "DATE":
            return _DAY0 + timedelta(days=value)
        if kind == "OPEN":
            return None
        if isinstance(value, bytes) and parsed is not None:
            return types.coerce(parsed, orjson.loads(value))
        return value

    def carried(self, block: bytes, offset: int, new: Block) -> list[Any]:
        """A block as values for `new`, the codec of the same columns when more of their types are known."""
        row = self.unpack(block, offset)
        found = self.to_arrow_row(row)
        for i, kind in enumerate(self.kinds):
            if kind == "OPEN" and row[i] is not None:
                value, parsed = orjson.loads(row[i]), new._parsed[i]
                try:
                    found[i] = value if parsed is None else types.coerce(parsed, value)
                except types.Mismatch:  # the value of a guess at the type, which was another
                    found[i] = None
        return found

    def to_json_row(self, row: Sequence[Any]) -> list[Any]:
        """A row as unpack gives it -> values for orjson; nested values pass as fragments, non-finite doubles as null."""
        return [
            v if v is None or self.kinds[i] in ("BIGINT", "STRING", "BOOLEAN") else _json(self.kinds[i], v)
            for i, v in enumerate(row)
        ]


def _json(kind: str, value: Any) -> Any:
    if kind == "DOUBLE":
        return value if value - value == 0 else None
    if kind == "TIMESTAMP":
        return types.to_json(types.parse_type("TIMESTAMP"), EPOCH + timedelta(microseconds=value))
    if kind == "DATE":
        return (_DAY0 + timedelta(days=value)).isoformat()
    if kind == "DECIMAL":
        return format(value, "f")
    return orjson.Fragment(value)


def _open_bytes(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


def open_json(value: Any) -> Any:
    """A value of a column whose type is open, as a record of it would show."""
    return orjson.loads(_open_bytes(value))


def _scale(text: str | None) -> int:
    return int((text or "").partition("(")[2].rstrip(")").partition(",")[2] or 0)


def to_us(value: datetime | int) -> int:
    """A datetime (naive = UTC) or microseconds -> microseconds."""
    if isinstance(value, int):
        return value
    return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)
