"""What is written short, written out: GROUP BY ALL, named windows, TRANSFORM and other forms that the parser reads in a way of
its own. All that follows sees the long forms only."""

from __future__ import annotations

from sqlglot import exp

from core.sql.aggregate_calls import aggregate_call
from core.sql.refusal import NOT_ALLOWED, Text


def write_out(tree: exp.Expr, text: Text) -> None:
    """Change the tree in place. Raises Invalid for windows that are not named."""
    for node in list(tree.find_all(exp.Transform)):
        node.replace(exp.Anonymous(this="TRANSFORM", expressions=[node.this, node.args.get("expression")]))
    for select in list(tree.find_all(exp.Select)):
        _windows(select, text)
        group = select.args.get("group")
        if group is not None and group.args.get("all") is True and not group.expressions:
            group.set("all", None)
            group.set("expressions", [item.unalias().copy() for item in select.expressions if not _aggregates(item)])


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
