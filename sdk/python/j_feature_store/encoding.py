"""Events and arguments to JSON text: times, dates, decimals, numpy scalars, and refusals that name the place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Union
from uuid import UUID

from j_feature_store.errors import NotEncodable

Moment = Union[datetime, str]

# The escape itself, not the text backslash-u-0000: an odd number of backslashes before it.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def format_time(moment: Moment) -> str:
    """RFC 3339 in UTC with `Z`; a naive datetime is UTC, text passes unchanged (the server checks it)."""
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime):
        raise TypeError(f"a time must be a datetime or RFC 3339 text, not {type(moment).__name__}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def encode_event(event: Mapping[str, Any], place: str) -> bytes:
    """One event as UTF-8 JSON; numbers must be finite and text free of NUL and lone surrogates.

    The server refuses a whole request for one of these, so such an event raises NotEncodable here, naming its place
    ("events[3]") and column, before the others of its batch are sent.
    """
    if not isinstance(event, Mapping):
        raise NotEncodable("not_an_object", f"{place} must be a mapping, not {type(event).__name__}")
    for key in event:
        if not isinstance(key, str):  # json would write 1 and "1" as the same key
            raise NotEncodable("not_encodable", f"{place}: column names must be text, not {key!r}")
    try:
        return encode_json(dict(event))
    except RecursionError:
        raise NotEncodable("too_deep", f"{place} is nested too deeply") from None
    except (TypeError, ValueError) as error:
        inner, reason = _find_fault(event, _reason(error))
        raise NotEncodable("not_encodable", f"{place}{inner}: {reason}") from None


def encode_json(value: Any) -> bytes:
    """UTF-8 JSON; raises TypeError or ValueError where it has none."""
    text = json.dumps(value, default=_simplify, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in text and NUL.search(text):
        raise ValueError("holds a NUL character")
    return text.encode("utf-8")


def _simplify(value: Any) -> Any:
    """What json cannot write by itself."""
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas' missing values; NaT even claims to be a datetime
        return None
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _simplify_decimal(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        raise TypeError("a set has no order; give a list")
    return _simplify_numpy(value)


def _simplify_decimal(value: Decimal) -> int | float | str:
    """A number where a JSON number keeps every digit, else text.

    So undeclared columns stay numbers, and columns declared DECIMAL are exact either way: the server takes up to 15
    digits from a number and the rest from text. An undeclared column refuses the text, as it refuses integers beyond 2^53.
    """
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number; give None")
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    number = float(value)
    return number if len(digits) <= 15 and Decimal(repr(number)) == value else format(value, "f")


def _simplify_numpy(value: Any) -> Any:
    """numpy scalars and arrays; recognised by their shape, since numpy is no dependency."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M":
        return [_simplify_numpy(moment) for moment in value] if value.ndim else _simplify_datetime64(value)
    if kind in ("b", "i", "u", "f", "U", "O") and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _simplify_datetime64(value: Any) -> str | None:
    """A numpy time (UTC by numpy's convention); a day stays a date. item() would turn nanoseconds into a bare integer."""
    text = str(value)
    if text == "NaT":
        return None
    return f"{value.astype('datetime64[us]')}Z" if "T" in text else text


def _find_fault(value: Any, reason: str, place: str = "") -> tuple[str, str]:
    """-> (where, why) of the first member that cannot be encoded; walks only once encoding has failed."""
    if isinstance(value, float) and not math.isfinite(value):
        return place, f"{value} is not a finite number; give None"
    members: Any = ()
    if isinstance(value, Mapping):
        members = [(f"{place}.{key}", member) for key, member in value.items()]
    elif isinstance(value, (list, tuple)):
        members = [(f"{place}[{number}]", member) for number, member in enumerate(value)]
    for inner, member in members:
        try:
            encode_json(member)
        except (TypeError, ValueError) as error:  # UnicodeEncodeError is a ValueError
            return _find_fault(member, _reason(error), inner)
    return place, reason


def _reason(error: Exception) -> str:
    return "holds a lone surrogate, which is no Unicode text" if isinstance(error, UnicodeEncodeError) else str(error)
