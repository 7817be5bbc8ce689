"""Time is int64 microseconds since 1970-01-01 UTC, everywhere; text is RFC 3339 with `Z`."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone

MICRO = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = 9_214_646_400 * MICRO  # 2262-01-01, the end of int64 nanoseconds, which Arrow consumers still meet
_ONE = timedelta(microseconds=1)
FOREVER = (1 << 63) - 1
NEVER = -(1 << 63)

# fromisoformat refuses more than six fraction digits and lower-case z; finer fractions are floored, so they are cut here.
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?\s?([Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?)?", re.ASCII
)


def now_us() -> int:
    """The wall clock of this host in microseconds."""
    return time.time_ns() // 1000


def parse_time(text: str) -> int:
    """RFC 3339 or plain ISO text -> microseconds. Naive text is UTC, finer fractions are floored.

    Raises ValueError for anything else, and outside 1970-01-01 .. 2262-01-01.
    """
    us = parse_timestamp(text)
    if not 0 <= us < LAST:
        raise ValueError(f"outside 1970 to 2262: {text[:64]!r}")
    return us


def parse_timestamp(text: str) -> int:
    """Like parse_time, of any year from 1 to 9999: for TIMESTAMP columns, which are no event times."""
    if _usual(text):
        try:
            return (datetime.fromisoformat(text) - EPOCH) // _ONE
        except ValueError:
            pass  # the pattern below says what is wrong with it
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text[:64]!r}")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0")[:6].ljust(6, "0")),
        _zone(zone),
    )
    return (moment - EPOCH) // _ONE


def _usual(text: str) -> bool:
    """Whether it is laid out as nearly every sender writes it, which the library reads as we do and several times faster."""
    marks = text[4:20:3]
    laid = len(text) == 20 if marks == "--T::Z" else marks == "--T::." and len(text) in (24, 27) and text[-1] == "Z"
    return laid and text[11:13] < "24"


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"no such offset: {text}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def format_time(us: int) -> str:
    """Microseconds -> RFC 3339 text with `Z`; a fraction only where there is one."""
    moment = EPOCH + timedelta(microseconds=us)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year >= 1000 else moment.isoformat(timespec="seconds")[:19]
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"
