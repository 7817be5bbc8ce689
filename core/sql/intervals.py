"""INTERVAL literals, and times moved by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from core.clock import MICRO
from core.sql import casts
from core.sql.pieces import Sql, reads_of
from core.sql.types import BIGINT, DATE, INTERVAL, TIMESTAMP, UNKNOWN

if TYPE_CHECKING:
    from core.sql.expressions import Expressions

LENGTHS = {"SECOND": MICRO, "MINUTE": 60 * MICRO, "HOUR": 3600 * MICRO, "DAY": 86_400 * MICRO}
_CALENDAR = ("MONTH", "YEAR")
_MOST = 10_000_000


def interval(node: exp.Interval, level: Expressions) -> Sql:
    """A literal INTERVAL; `shift` is its length, None where the calendar tells it. Raises Invalid."""
    unit = str(node.args.get("unit") or "").upper().rstrip("S")
    try:
        count = int(str(node.this.this))
    except (AttributeError, TypeError, ValueError):
        raise level.refuse("an INTERVAL is a whole number and a unit, such as INTERVAL 7 DAYS", node) from None
    if unit not in (*LENGTHS, "WEEK", *_CALENDAR) or abs(count) > _MOST:
        raise level.refuse("an INTERVAL is at most 10,000,000 of SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR", node)
    if unit == "WEEK":
        unit, count = "DAY", count * 7
    return Sql(f"INTERVAL '{count}' {unit}", INTERVAL, shift=count * LENGTHS[unit] if unit in LENGTHS else None)


def moved(node: exp.Expr, sign: str, left: Sql, right: Sql, level: Expressions) -> Sql:
    """A date or timestamp ± INTERVAL, a date ± days, an INTERVAL ± another. Raises Invalid for other sums with a time in them."""
    if left.type == right.type == INTERVAL and left.shift is not None and right.shift is not None:
        total = left.shift + (right.shift if sign == "+" else -right.shift)
        return Sql(f"({left.text} {sign} {right.text})", INTERVAL, shift=total)
    if left.type == DATE and right.type == BIGINT:
        return level.emit(exp.Anonymous(this="DATE_ADD" if sign == "+" else "DATE_SUB", expressions=[node.this, node.expression]))
    if left.type == INTERVAL and sign == "+":
        left, right = right, left
    if right.type != INTERVAL or left.type not in (DATE, TIMESTAMP, UNKNOWN):
        raise level.refuse("only a date or timestamp ± INTERVAL is known here; for a distance use DATEDIFF or UNIX_MICROS", node)
    time, shift = casts.convert(left, TIMESTAMP, level.dialect), None
    if left.shift is not None and right.shift is not None:
        shift = left.shift + (right.shift if sign == "+" else -right.shift)
    return Sql(f"({time.text} {sign} {right.text})", TIMESTAMP, reads_of((left, right)), shift=shift)
