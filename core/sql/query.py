"""A whole query -> a Relation: CTEs, SELECT, set operations, each carrying the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from core.errors import TooLarge
from core.sql.expressions import Expressions
from core.sql.finishing import OVERFLOW, number
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED
from core.sql.relation import POSITION, TIME, Env, Relation
from core.sql.scope import build_scope
from core.sql.select import Levels, check_grouping, group_nodes, items_of, query_ctes, ungrouped_aggregate
from core.sql.sets import combined
from core.sql.windows import Windows

MAX_LEAVES = 64
MAX_TEXT = 1_000_000


def query(node: exp.Expr, env: Env, ctes: Mapping[str, Relation], root: bool = False) -> Relation:
    """Render a SELECT or set operation. `root` is the one whose rows are the features. Raises Invalid."""
    known = with_ctes(node, env, ctes)
    if isinstance(node, exp.Select):
        made = select(node, env, known, root)
    elif isinstance(node, exp.SetOperation):
        made = combined(node, env, known, root, query, distinct)
    else:
        raise env.text.refuse(NOT_ALLOWED, f"{type(node).__name__.upper()} is not allowed here", node)
    if made.leaves > MAX_LEAVES or len(made.text) > MAX_TEXT:
        raise TooLarge(
            "too_large",
            f"the SQL reads input_data more than {MAX_LEAVES} times, or grows too long, once its CTEs are written out",
        )
    return made


def with_ctes(node: exp.Expr, env: Env, ctes: Mapping[str, Relation]) -> Mapping[str, Relation]:
    """The relations that a query may name: those from around it and its own CTEs."""
    known = dict(ctes)
    for name, body in query_ctes(node).items():
        if name == "input_data" or name in known:
            raise env.text.refuse(NOT_ALLOWED, f"the name {name} is taken", body)
        if not isinstance(body, (exp.Select, exp.SetOperation)):
            raise env.text.refuse(NOT_ALLOWED, "a CTE is a SELECT", body)
        known[name] = query(body, env, known)
    return known


def levels_of(node: exp.Select, env: Env, ctes: Mapping[str, Relation]) -> Levels:
    """The sources and outputs of a SELECT, before anything is written."""
    scope = build_scope(node, env, ctes, query)
    return Levels(env, scope, items_of(node, env, scope))


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
    below = Below(levels.scope.text, f" WHERE {rows.boolean(where.this).text}" if where is not None else "", "s0", levels.order())
    if node.args.get("group") is not None:
        single = grouping(node, levels, root)
    elif (refusal := ungrouped_aggregate(levels, node, root)) is not None:
        raise refusal
    else:
        single = one_each(node, levels)
        if node.args.get("having") is not None:
            raise env.text.refuse(NOT_ALLOWED, "HAVING needs GROUP BY; WHERE chooses rows", node.args["having"])
    windows = None
    if any(item.node.find(exp.Window) for item in levels.items) or node.args.get("qualify") is not None:
        windows = Windows(
            levels, levels.over_groups if levels.grouped else levels.row_outputs, "g" if levels.grouped else "s0", []
        )
        windows.order = levels.group_order() if levels.grouped else below.order
        level = windows.level()
    else:
        level = levels.over_groups() if levels.grouped else levels.row_outputs()
    values = outputs(levels, level)
    if levels.grouped:
        below = _groups(node, levels, below)
    if windows is not None:
        below = _windowed(node, windows, level, below)
        single = single or _ranked_first(node.args.get("qualify"), level)
    shown = [*env.run_as(below.alias), *named(levels, values), *carried(below.order)]
    counted = root and below.alias == "g" and bool(levels.overflow)
    if counted:
        shown.append(f"{number(levels.overflow)} AS {OVERFLOW}")
    text = f"(SELECT {', '.join(shown)} FROM {below.source}{below.condition})"
    sources = [source.relation for source in levels.scope.sources]
    plain = not levels.grouped and windows is None and len(sources) == 1 and sources[0].row_level
    columns = {
        item.name.lower(): (item.name, replace(value, literal=None)) for item, value in zip(levels.items, values, strict=True)
    }
    positions = len(below.order) - 1 if below.order else None
    made = Relation(text, columns, positions, single, plain, leaves=sum(source.leaves for source in sources), counted=counted)
    return distinct(made, env) if node.args.get("distinct") is not None else made


@dataclass(frozen=True)
class Below:
    """What a level reads from: FROM, WHERE, the alias of its rows and what orders them."""

    source: str
    condition: str
    alias: str
    order: list[Sql] | None


def _groups(node: exp.Select, levels: Levels, below: Below) -> Below:
    having = node.args.get("having")
    kept = f" WHERE {levels.over_groups().boolean(having.this).text}" if having is not None else ""
    # the largest of several positions is not one event's any more
    order = below.order if below.order is not None and len(below.order) == 2 else None
    inner = [*levels.env.run_as("s0"), *(f"{value.text} AS __g{place}" for place, (_, value) in enumerate(levels.groups))]
    inner += [f"{slot.partial.plain()} AS {slot.name}" for slot in levels.slots.values()]
    inner += [f"MAX({place.text}) AS {name}" for place, name in zip(order or [], (TIME, f"{POSITION}0"), strict=False)]
    keys = ", ".join([*levels.env.run("s0"), *(value.text for _, value in levels.groups)])
    source = f"(SELECT {', '.join(inner)} FROM {below.source}{below.condition} GROUP BY {keys}) AS g"
    return Below(source, kept, "g", levels.group_order())


def _windowed(node: exp.Select, windows: Windows, level: Expressions, below: Below) -> Below:
    qualify = node.args.get("qualify")
    kept = f" WHERE {level.boolean(qualify.this).text}" if qualify is not None else ""
    inner = [*windows.levels.env.run_as(below.alias), *windows.columns(), *carried(below.order)]
    source = f"(SELECT {', '.join(inner)} FROM {below.source}{below.condition}) AS w"
    order = (
        None
        if below.order is None
        else [replace(place, text=f"w.{name}") for place, name in zip(below.order, order_names(below.order), strict=True)]
    )
    return Below(source, kept, "w", order)


def one_each(node: exp.Select, levels: Levels) -> bool:
    """Whether an ungrouped SELECT gives one row for each entity: its sources do, or WHERE keeps the first of a ROW_NUMBER."""
    ranked = _firsts(node.args.get("where"), levels.row_outputs())
    return all(source.relation.single or source.alias in ranked for source in levels.scope.sources)


def _ranked_first(clause: exp.Expr | None, level: Expressions) -> bool:
    return bool(_firsts(clause, level))


def _firsts(clause: exp.Expr | None, level: Expressions) -> set[str]:
    """The aliases whose ROW_NUMBER over the key is 1 under this condition."""
    if clause is None:
        return set()
    condition, found = clause.this.unnest(), set()
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        part = part.unnest()
        if isinstance(part, exp.EQ):
            for side, other in ((part.this, part.expression), (part.expression, part.this)):
                if (
                    isinstance(side, (exp.Column, exp.Window))
                    and isinstance(other, exp.Literal)
                    and other.this == "1"
                    and level.emit(side).rank
                ):
                    found.add(level.emit(side).text.split(".")[0])
    return found


def distinct(relation: Relation, env: Env) -> Relation:
    """SELECT DISTINCT over a relation: groups of equal rows, each as late as its latest row."""
    names = [env.quoted(written) for written, _ in relation.columns.values()]
    late = [f"MAX(d.{name}) AS {name}" for name in (TIME, f"{POSITION}0")] if relation.positions == 1 else []
    shown = ", ".join([*env.run_as("d"), *(f"d.{name} AS {name}" for name in names), *late])
    text = f"(SELECT {shown} FROM {relation.text} AS d GROUP BY {', '.join([*env.run('d'), *(f'd.{name}' for name in names)])})"
    return replace(relation, text=text, positions=1 if late else None, row_level=False, counted=False)


def named(levels: Levels, values: list[Sql]) -> list[str]:
    """The outputs under their names."""
    return [f"{value.text} AS {levels.env.quoted(item.name)}" for item, value in zip(levels.items, values, strict=True)]


def order_names(order: list[Sql] | None) -> list[str]:
    """The names that carry an order."""
    return [TIME, *(f"{POSITION}{i}" for i in range(len(order) - 1))] if order else []


def carried(order: list[Sql] | None) -> list[str]:
    """The columns that carry an order to the level above."""
    return [f"{place.text} AS {name}" for place, name in zip(order or [], order_names(order), strict=True)]
