"""One value at a time: JSON -> what Arrow takes, and what Arrow gives -> JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from core.clock import EPOCH, format_time, parse_timestamp
from core.epoch import UNIT_US, epoch_us
from core.errors import Invalid
from core.types.model import ColumnType

INT64 = 1 << 63
EXACT = 1 << 53  # the integers up to here are exact as doubles
FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_800_000_000  # the years 1 to 9999
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d{1,80}(?:\.\d{0,80})?|\.\d{1,80})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_FITS = Context(prec=200, traps=[Inexact, InvalidOperation])
_FLOAT_DIGITS = 15  # every decimal of so many digits comes back from a double as it was sent


class Mismatch(Invalid):
    """A value that is not of the column's type."""

    def __init__(self, detail: str) -> None:
        super().__init__("type_mismatch", detail)


def coerce(column_type: ColumnType, value: Any) -> Any:
    """A JSON value -> the Python value that pyarrow takes for arrow_type(column_type); null is None; raises Mismatch.

    DECIMAL becomes Decimal, DATE a date, TIMESTAMP and EPOCH_* int microseconds, STRUCT a dict, MAP a list of pairs.
    Nothing is rounded: what does not fit exactly does not fit.
    """
    return None if value is None else _COERCE[column_type.kind](column_type, value)


def _refuse(column_type: ColumnType, value: object, why: str = "") -> Mismatch:
    shown = repr(value)
    return Mismatch(f"{shown if len(shown) <= 60 else shown[:57] + '...'} is no {column_type}{': ' + why if why else ''}")


def _bigint(column_type: ColumnType, value: Any) -> int:
    if type(value) is int and -INT64 <= value < INT64:
        return value
    if type(value) is float and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    raise _refuse(column_type, value)


def _double(column_type: ColumnType, value: Any) -> float:
    if type(value) is float and value - value == 0:
        return value
    if type(value) is int:
        if abs(value) <= EXACT:
            return float(value)
        raise Mismatch("an integer beyond 2^53 is not exact as DOUBLE: declare BIGINT or DECIMAL")
    raise _refuse(column_type, value)


def _decimal(column_type: ColumnType, value: Any) -> Decimal:
    if (type(value) is str and _DECIMAL.fullmatch(value)) or (type(value) is int and value.bit_length() <= 130):
        number = Decimal(value)
    elif type(value) is float and value - value == 0:
        number = Decimal(repr(value))
        if len(number.normalize(_FITS).as_tuple().digits) > _FLOAT_DIGITS:
            raise _refuse(column_type, value, "more digits than a JSON number keeps, send text")
    else:
        raise _refuse(column_type, value)
    try:
        number = number.quantize(Decimal((0, (1,), -column_type.scale)), context=_FITS)
    except (Inexact, InvalidOperation):
        raise _refuse(column_type, value, "it does not fit exactly") from None
    if len(number.as_tuple().digits) > column_type.precision:
        raise _refuse(column_type, value, "it does not fit exactly")
    return number if number else number.copy_abs()


def _string(column_type: ColumnType, value: Any) -> str:
    if type(value) is str and (value.isascii() or not _SURROGATE.search(value)):
        return value
    raise _refuse(column_type, value)


def _boolean(column_type: ColumnType, value: Any) -> bool:
    if type(value) is bool:
        return value
    raise _refuse(column_type, value)


def _date(column_type: ColumnType, value: Any) -> date:
    if type(value) is str and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _refuse(column_type, value, "no such day") from None
    raise _refuse(column_type, value, "send YYYY-MM-DD")


def _timestamp(column_type: ColumnType, value: Any) -> int:
    if type(value) is str:
        try:
            us = parse_timestamp(value)
        except ValueError as error:
            raise _refuse(column_type, value, str(error)) from None
        if FIRST_US <= us < LAST_US:
            return us
    raise _refuse(column_type, value, "send RFC 3339 text, or declare EPOCH_S or EPOCH_MS")


def _epoch(column_type: ColumnType, value: Any) -> int:
    us = epoch_us(value, UNIT_US[column_type.kind])
    if us is not None and FIRST_US <= us < LAST_US:
        return us
    raise _refuse(column_type, value)


def _array(column_type: ColumnType, value: Any) -> list[Any]:
    if type(value) is list and column_type.item is not None:
        return [coerce(column_type.item, x) for x in value]
    raise _refuse(column_type, value)


def _struct(column_type: ColumnType, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise _refuse(column_type, value)
    if not value.keys() <= {name for name, _ in column_type.fields}:
        raise _refuse(column_type, value, "it has another field")
    return {name: coerce(field, value.get(name)) for name, field in column_type.fields}


def _map(column_type: ColumnType, value: Any) -> list[tuple[str, Any]]:
    if type(value) is dict and column_type.item is not None:
        return [(name, coerce(column_type.item, x)) for name, x in value.items()]
    raise _refuse(column_type, value)


_COERCE: dict[str, Callable[[ColumnType, Any], Any]] = {
    "BIGINT": _bigint, "DOUBLE": _double, "DECIMAL": _decimal, "STRING": _string, "BOOLEAN": _boolean, "DATE": _date,
    "TIMESTAMP": _timestamp, "EPOCH_S": _epoch, "EPOCH_MS": _epoch, "ARRAY": _array, "STRUCT": _struct, "MAP": _map,
}  # fmt: skip


def to_json(column_type: ColumnType | None, value: Any) -> Any:
    """A Python value as Arrow's as_py gives it (times also as microseconds) -> a value for orjson. An open column (None) is NULL.

    DECIMAL is text with its scale, DATE and TIMESTAMP are ISO text; a non-finite double, and a BIGINT beyond int64, is None.
    """
    if value is None or column_type is None:
        return None
    kind, item = column_type.kind, column_type.item
    if kind == "DOUBLE":
        return float(value) if value - value == 0 else None
    if kind == "BIGINT":
        return int(value) if -INT64 <= value < INT64 else None
    if kind == "DECIMAL":
        return format(value, f".{column_type.scale}f")
    if kind == "DATE":
        return value.isoformat()
    if kind in ("TIMESTAMP", "EPOCH_S", "EPOCH_MS"):
        return format_time(value if isinstance(value, int) else _micros(value))
    if kind == "ARRAY" and item is not None:
        return [to_json(item, x) for x in value]
    if kind == "STRUCT":
        return {name: to_json(field, value.get(name)) for name, field in column_type.fields}
    if kind == "MAP" and item is not None:
        return {name: to_json(item, x) for name, x in dict(value).items()}
    return value


def _micros(value: datetime) -> int:
    return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)
