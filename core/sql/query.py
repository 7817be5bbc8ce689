"""A whole query -> a Relation: CTEs, SELECT, set operations, each carrying the run."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from core.sql.expressions import Expressions
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED
from core.sql.relation import POSITION, RUN, TIME, Env, Relation
from core.sql.scope import build_scope
from core.sql.select import Levels, check_grouping, group_nodes, items_of, query_ctes, ungrouped_aggregate


def query(node: exp.Expression, env: Env, ctes: Mapping[str, Relation], root: bool = False) -> Relation:
    """Render a SELECT or set operation. `root` is the one whose rows are the features. Raises Invalid."""
    known = dict(ctes)
    for name, body in query_ctes(node).items():
        if name == "input_data" or name in known:
            raise env.text.refuse(NOT_ALLOWED, f"the name {name} is taken", body)
        if not isinstance(body, (exp.Select, exp.SetOperation)):
            raise env.text.refuse(NOT_ALLOWED, "a CTE is a SELECT", body)
        known[name] = query(body, env, known)
    if isinstance(node, exp.Select):
        return select(node, env, known, root)
    raise env.text.refuse(NOT_ALLOWED, f"{type(node).__name__.upper()} is not allowed here", node)


def levels_of(node: exp.Select, env: Env, ctes: Mapping[str, Relation]) -> Levels:
    """The sources and outputs of a SELECT, before anything is written."""
    return Levels(env, build_scope(node, env, ctes, query), items_of(node, env))


def grouping(node: exp.Select, levels: Levels, root: bool) -> bool:
    """Render GROUP BY into the levels; whether it is exactly the key."""
    rows = levels.rows()
    levels.grouped = True
    levels.groups = [(one, rows.emit(one)) for one in group_nodes(node, levels)]
    return check_grouping([value for _, value in levels.groups], levels.env, node.args["group"], root)


def outputs(levels: Levels, level: Expressions) -> list[Sql]:
    """Render the outputs in order; each sees the names of those before it."""
    values = []
    for place, item in enumerate(levels.items):
        levels.visible = place
        values.append(level.emit(item.node))
    levels.visible = len(values)
    return values


def select(node: exp.Select, env: Env, ctes: Mapping[str, Relation], root: bool) -> Relation:
    """Render one SELECT."""
    levels = levels_of(node, env, ctes)
    rows = levels.rows()
    where = node.args.get("where")
    condition = f" WHERE {rows.boolean(where.this).text}" if where is not None else ""
    sources = [source.relation for source in levels.scope.sources]
    if node.args.get("group") is not None:
        single = grouping(node, levels, root)
        return _grouped(node, levels, condition, single)
    if (refusal := ungrouped_aggregate(levels, node, root)) is not None:
        raise refusal
    level = Expressions(env.text, env.dialect, env.budget, lambda n: levels.aliased(n, level) or levels.scope.column(n), rows.call)
    values = outputs(levels, level)
    order = levels.order()
    shown = [f"s0.{RUN} AS {RUN}", *_named(levels, values), *_carried(order)]
    text = f"(SELECT {', '.join(shown)} FROM {levels.scope.text}{condition})"
    plain = all(source.row_level for source in sources) and len(sources) == 1
    return Relation(text, _columns(levels, values), len(order) - 1 if order else None, all(source.single for source in sources), plain)


def _grouped(node: exp.Select, levels: Levels, condition: str, single: bool) -> Relation:
    level = levels.over_groups()
    values = outputs(levels, level)
    having = node.args.get("having")
    kept = f" WHERE {level.boolean(having.this).text}" if having is not None else ""
    order = levels.order()
    if order is not None and len(order) > 2:
        order = None  # the largest of several positions is not one event's any more
    inner = [f"s0.{RUN} AS {RUN}", *(f"{value.text} AS __g{place}" for place, (_, value) in enumerate(levels.groups))]
    inner += [f"{text} AS {slot.name}" for text, slot in levels.slots.items()]
    inner += [f"MAX({place.text}) AS {name}" for place, name in zip(order or [], (TIME, f"{POSITION}0"), strict=False)]
    keys = ", ".join([f"s0.{RUN}", *(value.text for _, value in levels.groups)])
    groups = f"(SELECT {', '.join(inner)} FROM {levels.scope.text}{condition} GROUP BY {keys}) AS g"
    carried = [f"g.{name} AS {name}" for name in (TIME, f"{POSITION}0")] if order else []
    shown = [f"g.{RUN} AS {RUN}", *_named(levels, values), *carried]
    text = f"(SELECT {', '.join(shown)} FROM {groups}{kept})"
    return Relation(text, _columns(levels, values), 1 if order else None, single, False)


def _named(levels: Levels, values: list[Sql]) -> list[str]:
    return [f"{value.text} AS {levels.env.quoted(item.name)}" for item, value in zip(levels.items, values, strict=True)]


def _carried(order: list[Sql] | None) -> list[str]:
    names = [TIME, *(f"{POSITION}{i}" for i in range(len(order or []) - 1))]
    return [f"{place.text} AS {name}" for place, name in zip(order or [], names, strict=False)]


def _columns(levels: Levels, values: list[Sql]) -> dict[str, tuple[str, Sql]]:
    return {item.name.lower(): (item.name, value) for item, value in zip(levels.items, values, strict=True)}
