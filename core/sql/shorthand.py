"""What is written short, written out: GROUP BY ALL, named windows, STRING(x) for a CAST, LIKE ANY, several percentiles at once,
and forms that the parser reads in a way of its own. All that follows sees the long forms only."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from sqlglot import exp

from core.sql.aggregate_calls import aggregate_call
from core.sql.refusal import NOT_ALLOWED, Text

_CASTS = {
    "STRING": "STRING", "BIGINT": "BIGINT", "INT": "INT", "SMALLINT": "SMALLINT", "TINYINT": "TINYINT", "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN", "DECIMAL": "DECIMAL(10,0)",
}  # fmt: skip
_SHIFTS: dict[type[exp.Expr], str] = {exp.BitwiseLeftShift: "SHIFTLEFT", exp.BitwiseRightShift: "SHIFTRIGHT"}
_SEVERAL = frozenset({"PERCENTILE", "PERCENTILE_APPROX", "APPROX_PERCENTILE"})
MOST_PERCENTILES = 16


def write_out(tree: exp.Expr, text: Text) -> None:
    """Change the tree in place. Raises Invalid for windows that are not named."""
    for kind, longer in _LONGER.items():
        for node in list(tree.find_all(kind)):
            written = longer(node)
            if written is not None:
                node.replace(written)
    for select in list(tree.find_all(exp.Select)):
        _windows(select, text)
        group = select.args.get("group")
        if group is not None and group.args.get("all") is True and not group.expressions:
            group.set("all", None)
            group.set("expressions", [item.unalias().copy() for item in select.expressions if not _aggregates(item)])


def _call(node: exp.Expr) -> exp.Expr | None:
    name, given = str(node.this), node.expressions
    if name in _CASTS and len(given) == 1:
        return exp.Cast(this=given[0], to=exp.DataType.build(_CASTS[name], dialect="spark"))
    if name in _SEVERAL and len(given) in (2, 3) and _is_list(given[1]):
        parts = given[1].expressions
        if isinstance(node.parent, (exp.Filter, exp.Window)) or not 1 <= len(parts) <= MOST_PERCENTILES:
            return None
        made = exp.Anonymous(this="ARRAY", expressions=[_percentile(name, given[0], part) for part in parts])
        some = exp.GT(this=exp.Anonymous(this="COUNT", expressions=[given[0].copy()]), expression=exp.Literal.number(0))
        return exp.Case(ifs=[exp.If(this=some, true=made)])
    return None


def _percentile(name: str, value: exp.Expr, part: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[value.copy(), part])


def _is_list(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.this == "ARRAY"


def _transform(node: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="TRANSFORM", expressions=[node.this, node.args.get("expression")])


def _shift(node: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=_SHIFTS[type(node)], expressions=[node.this, node.expression])


def _any(node: exp.Expr) -> exp.Expr | None:
    """ANY(x) as an aggregate; x = ANY (…) and LIKE ANY are something else."""
    if isinstance(node.parent, (exp.Binary, exp.Like, exp.ILike)) or not isinstance(node.this, exp.Paren):
        return None
    return exp.Anonymous(this="BOOL_OR", expressions=[node.this.this])


def _like(node: exp.Expr) -> exp.Expr | None:
    several = node.expression
    if not isinstance(several, (exp.Any, exp.All)) or not isinstance(several.this, exp.Tuple) or not several.this.expressions:
        return None
    each = [type(node)(this=node.this.copy(), expression=one) for one in several.this.expressions]
    word = exp.Or if isinstance(several, exp.Any) else exp.And
    made: exp.Expr = exp.Paren(this=reduce(lambda a, b: word(this=a, expression=b), each))
    return exp.Not(this=made) if node.args.get("negate") else made


_LONGER: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]] = {
    exp.Transform: _transform, exp.BitwiseLeftShift: _shift, exp.BitwiseRightShift: _shift, exp.Like: _like, exp.ILike: _like,
    exp.Any: _any, exp.Anonymous: _call,
}  # fmt: skip


def _aggregates(item: exp.Expr) -> bool:
    return any(aggregate_call(node) is not None or isinstance(node, exp.Window) for node in item.find_all(exp.Expr))


def _windows(select: exp.Select, text: Text) -> None:
    named = {str(one.this.name).lower(): one for one in select.args.get("windows") or [] if isinstance(one.this, exp.Identifier)}
    if len(named) < len(select.args.get("windows") or []):
        raise text.refuse(NOT_ALLOWED, "two windows have one name", select.args["windows"][0])
    for window in list(select.find_all(exp.Window)):
        name = window.args.get("alias")
        if name is None or window.find_ancestor(exp.Select) is not select:
            continue
        found = named.get(str(name.name).lower())
        if found is None or any(window.args.get(part) for part in ("partition_by", "order", "spec")):
            raise text.refuse(NOT_ALLOWED, f"no window {name.name} stands under WINDOW; write OVER {name.name} or OVER (…)", name)
        window.set("alias", None)
        for part in ("partition_by", "order", "spec"):
            value = found.args.get(part)
            copied = [one.copy() for one in value] if isinstance(value, list) else value.copy() if value is not None else None
            window.set(part, copied)
    select.set("windows", None)
