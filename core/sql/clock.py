"""`current_timestamp` is the t of V(t). It may be compared with the time of an event; nothing else in SQL may read it.

So V moves only when an event's time, moved by a constant, meets the clock: `changes` collects by how much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from core.clock import MICRO
from core.errors import Invalid
from core.sql.pieces import Sql
from core.sql.types import INTERVAL, TIMESTAMP

if TYPE_CHECKING:
    from core.sql.expressions import Expressions

CLOCK = frozenset(["NOW", "CURRENT_TIMESTAMP"])
OTHER_CLOCKS = frozenset(["CURRENT_DATE", "CURDATE", "LOCALTIMESTAMP", "CURRENT_TIMEZONE"])
REASON = "it compares the time with current_timestamp: the values move at times of their own"
LARGEST = 36_500 * 86_400 * MICRO
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE}
# event + c OP t: by how much more than c the answer changes for the first time, and for the second
_FLIPS: dict[type[exp.Expr], tuple[int, ...]] = {exp.GT: (0,), exp.GTE: (1,), exp.LT: (1,), exp.LTE: (0,)}


def is_clock(node: exp.Expr) -> bool:
    """Whether this is `current_timestamp`, `current_timestamp()` or `now()`."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).upper() in CLOCK and not node.expressions
    return isinstance(node, exp.CurrentTimestamp)


def reads_clock(tree: exp.Expr) -> bool:
    """Whether `current_timestamp` stands anywhere below."""
    return any(is_clock(node) for node in tree.walk())


def refusal(node: exp.Expr, level: Expressions) -> Invalid:
    """The refusal of a clock that stands where it may not be read, and of clocks that are never read."""
    name = str(node.this).upper() if isinstance(node, exp.Anonymous) else "CURRENT_DATE"
    if not isinstance(node, exp.CurrentTimestamp) and name not in CLOCK:
        return level.refuse(f"{name.lower()} has no meaning here; current_timestamp has: it is the time of the reading", node)
    return level.refuse(
        "current_timestamp may be compared with the time column, as in timestamp > current_timestamp - INTERVAL 7 DAYS, or be an"
        " output of its own, the time since the first or last event: TIMESTAMPDIFF(HOUR, MAX(timestamp), current_timestamp)",
        node,
    )


def sides(node: exp.Expr, level: Expressions) -> list[Sql] | None:
    """Both sides of a comparison with the clock, None where neither reads it. Notes when its answer changes. Raises Invalid."""
    moved = [_moved(side, level) for side in (node.this, node.expression)]
    if moved[0] is None and moved[1] is None:
        return None
    if None not in moved:
        raise level.refuse("current_timestamp is compared with itself here; compare it with the time column", node)
    place, ahead = next((place, one) for place, one in enumerate(moved) if one is not None)
    other = level.emit(node.expression if place == 0 else node.this)
    if other.shift is None or other.type != TIMESTAMP:
        raise level.refuse(
            "current_timestamp is compared with the time column, with MAX or MIN of it, or with one of these ± INTERVAL", node
        )
    if abs(other.shift - ahead) > LARGEST:
        raise level.refuse("a distance from current_timestamp is at most 36,500 days", node)
    kind = type(node) if place == 1 else _MIRRORED.get(type(node), type(node))
    level.changes.update(other.shift - ahead + more for more in _FLIPS.get(kind, (0, 1)))
    clock = Sql(level.now if not ahead else f"({level.now} + INTERVAL '{ahead // MICRO}' SECOND)", TIMESTAMP)
    return [clock, other] if place == 0 else [other, clock]


def between(node: exp.Between, level: Expressions) -> exp.Expr | None:
    """A BETWEEN of which a part reads the clock, as two comparisons."""
    if all(_moved(node.args[part], level) is None for part in ("this", "low", "high")):
        return None
    value = node.this
    return exp.And(
        this=exp.GTE(this=value.copy(), expression=node.args["low"].copy()),
        expression=exp.LTE(this=value.copy(), expression=node.args["high"].copy()),
    )


def _moved(node: exp.Expr, level: Expressions) -> int | None:
    """By how much `current_timestamp ± INTERVAL …` is moved, us; None for any other expression."""
    node = node.unnest()
    if is_clock(node):
        return 0
    if not isinstance(node, (exp.Add, exp.Sub)):
        return None
    clock, by = node.this, node.expression
    if isinstance(node, exp.Add) and isinstance(clock.unnest(), exp.Interval):
        clock, by = by, clock
    ahead = _moved(clock, level)
    if ahead is None:
        return None
    interval = level.emit(by)
    if interval.type != INTERVAL:
        raise level.refuse("current_timestamp is moved by INTERVAL and a constant, such as INTERVAL 7 DAYS", node)
    if interval.shift is None:
        raise level.refuse("months and years are not of one length; say the distance from current_timestamp in days", node)
    return ahead + (interval.shift if isinstance(node, exp.Add) else -interval.shift)
