"""Outputs that are the time since the first or last event: a closed list of forms, taken out of the tree before it is rendered.

In the place of `TIMESTAMPDIFF(HOUR, MAX(timestamp), current_timestamp) AS idle` stays `MAX(timestamp) AS idle`, which can be
kept; `core.since` makes the feature of it when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from core.clock import MICRO
from core.since import Since
from core.sql.clock import is_clock
from core.sql.intervals import LENGTHS
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED, Text
from core.sql.types import TIMESTAMP

_DIFFERENCES = frozenset({"DATEDIFF", "DATE_DIFF"})
_SECONDS = frozenset({"UNIX_TIMESTAMP", "UNIX_SECONDS", "TO_UNIX_TIMESTAMP"})
_DATES = frozenset({"DATE", "TO_DATE"})
_TODAY = frozenset({"CURRENT_DATE", "CURDATE"})
_Found = tuple[Since, exp.Expr]


def take_forms(tree: exp.Expr, text: Text) -> dict[str, Since]:
    """Put the moment in the place of each such output of the root SELECT. -> {output: form}. Raises Invalid where another part
    of the SELECT names one."""
    if not isinstance(tree, exp.Select):
        return {}
    forms = {}
    for one in tree.expressions:
        if isinstance(one, exp.Alias) and (found := _form(one.this)) is not None:
            forms[one.alias], moment = found
            one.set("this", moment)
    names = {name.lower() for name in forms}
    parts = [tree.args.get(part) for part in ("group", "having", "qualify", "order")]
    for part in [*tree.expressions, *(part for part in parts if part is not None)] if names else ():
        for column in part.find_all(exp.Column):
            if not column.table and column.name.lower() in names:
                raise text.refuse(
                    NOT_ALLOWED,
                    f"{column.name} is made when it is read, so nothing else here can use it; give the output another name if a"
                    " column is meant",
                    column,
                )
    return forms


def check_forms(
    forms: Mapping[str, Since], shown: Sequence[tuple[str, Sql]], row_level: bool, tree: exp.Expr, text: Text
) -> None:
    """Raises Invalid where a form counts from anything but the first or last event's time."""
    for output, value in shown:
        if output in forms and (row_level or value.shift != 0 or value.type != TIMESTAMP):
            where = next((one for one in tree.expressions if one.alias == output), tree)
            raise text.refuse(NOT_ALLOWED, f"{output} counts from MAX or MIN of the time column to current_timestamp only", where)


def _form(node: exp.Expr) -> _Found | None:
    node = node.unnest()
    if isinstance(node, exp.IntDiv):
        inner, by = _form(node.this), node.expression
        if inner is None or not isinstance(by, exp.Literal) or by.is_string or not str(by.this).isdigit() or int(by.this) < 1:
            return None
        form, moment = inner
        return Since(form.grain, form.per * int(by.this), form.sign), moment
    if isinstance(node, exp.Sub):
        ends = [_seconds(side) for side in (node.this, node.expression)]
        return None if None in ends else _ordered(MICRO, 1, ends[1], ends[0])  # type: ignore[arg-type]  # None was looked for
    if not isinstance(node, exp.Anonymous):
        return None
    name, given = str(node.this).upper(), node.expressions
    if name in _DIFFERENCES and len(given) == 2:
        return _ordered(LENGTHS["DAY"], 1, _date(given[1]), _date(given[0]))
    if name in _DIFFERENCES | {"TIMESTAMPDIFF"} and len(given) == 3:
        unit = given[0].name.upper() if isinstance(given[0], (exp.Column, exp.Literal)) else ""
        return _ordered(1, LENGTHS[unit], given[1], given[2]) if unit in LENGTHS else None
    return None


def _ordered(grain: int, per: int, start: exp.Expr, end: exp.Expr) -> _Found | None:
    """The form between a moment and the clock, whichever of them comes first."""
    start, end = start.unnest(), end.unnest()
    if is_clock(end) and not is_clock(start):
        return Since(grain, per), start
    if is_clock(start) and not is_clock(end):
        return Since(grain, per, -1), end
    return None


def _seconds(node: exp.Expr) -> exp.Expr | None:
    """What UNIX_TIMESTAMP(…) is of; without argument it is the clock's."""
    node = node.unnest()
    if not isinstance(node, exp.Anonymous) or str(node.this).upper() not in _SECONDS or len(node.expressions) > 1:
        return None
    if not node.expressions:
        return exp.CurrentTimestamp() if str(node.this).upper() == "UNIX_TIMESTAMP" else None
    inner: exp.Expr = node.expressions[0]
    return inner


def _date(node: exp.Expr) -> exp.Expr:
    """What a date is made of: DATEDIFF looks at dates anyway, and today is the date of the clock."""
    node = node.unnest()
    if isinstance(node, exp.CurrentDate):
        return exp.CurrentTimestamp()
    if isinstance(node, exp.Anonymous):
        name, given = str(node.this).upper(), node.expressions
        if name in _TODAY and not given:
            return exp.CurrentTimestamp()
        return _date(given[0]) if name in _DATES and len(given) == 1 else node
    if isinstance(node, exp.Cast) and node.args["to"].this == exp.DataType.Type.DATE:
        return _date(node.this)
    return node
