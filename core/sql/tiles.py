"""The tile path: SQL that makes partials of the rows of a tile, and SQL that merges them into the values of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from core.sql.aggregate_calls import aggregate_call
from core.sql.aggregates import Partial, count, extreme
from core.sql.finishing import safe
from core.sql.pieces import Sql
from core.sql.query import grouping, levels_of, outputs
from core.sql.relation import RUN, Env
from core.sql.select import Levels
from core.sql.types import Type


def why_not(tree: exp.Expr) -> str | None:
    """What in the form of the query keeps it from tiles; None where nothing does."""
    if not isinstance(tree, exp.Select):
        return "a set operation needs the events themselves"
    if tree.args.get("with_") is not None or not isinstance(tree.args["from_"].this, exp.Table):
        return "a CTE or subquery needs the events themselves"
    if tree.args.get("joins"):
        return "a join needs the events themselves"
    if tree.args.get("distinct") is not None:
        return "SELECT DISTINCT needs the events themselves"
    if tree.find(exp.Window) is not None:
        return "a window function needs the events themselves"
    return None


def aggregates_of(tree: exp.Select, env: Env) -> tuple[list[str], list[str]]:
    """The names of the aggregates, and the reasons of those that do not merge."""
    levels = levels_of(tree, env, {})
    grouping(tree, levels, root=True)
    level = levels.over_groups()
    outputs(levels, level)
    if (having := tree.args.get("having")) is not None:
        level.boolean(having.this)
    calls = [aggregate_call(node) for node in tree.find_all(exp.Anonymous, bfs=False)]
    return list(dict.fromkeys(call.name for call in calls if call is not None)), levels.whole


@dataclass(frozen=True)
class Tiles:
    """The two texts of one query on the tile path, and the types of its partials."""

    partial: str
    finish: str
    types: tuple[Type, ...]


def build(tree: exp.Select, env: Env) -> Tiles:
    """Render a query that `why_not` lets pass. Raises Invalid as `query` does."""
    levels = levels_of(tree, env, {})
    where = tree.args.get("where")
    condition = levels.rows().boolean(where.this).text if where is not None else None
    source = levels.scope.text
    if condition is not None:
        # computed once per row; a run whose rows all fail still has its row of partials
        levels.where = "s0.__passes"
        source = f"(SELECT s0.*, {condition} AS __passes FROM {source}) AS s0"
    grouping(tree, levels, root=True)
    level = levels.over_groups()
    values = outputs(levels, level)
    having = tree.args.get("having")
    kept = level.boolean(having.this).text if having is not None else "TRUE"
    shown = [(item.name, value) for item, value in zip(levels.items, values, strict=True) if value.key is None]
    # an output may use the key itself: all rows of a run share it
    used = " ".join([kept, *(value.text for _, value in shown)])
    keys = [
        (f"__g{i}", extreme("MIN", group, None).partials[0]) for i, (_, group) in enumerate(levels.groups) if f"g.__g{i}" in used
    ]
    passing = count(None, levels.where).partials[0]
    columns = [("p_0", passing), *((slot.name, slot.partial) for slot in levels.slots.values()), *keys]
    places = {name: f"t.p_{place}" for place, (name, _) in enumerate(columns)}
    made = ", ".join(f"{column.plain()} AS p_{place}" for place, (_, column) in enumerate(columns))
    partial = f"SELECT s0.{RUN} AS {RUN}, {made} FROM {source} GROUP BY s0.{RUN}"
    return Tiles(partial, _finish(levels, columns, places, shown, kept), tuple(c.type for _, c in columns))


def _finish(
    levels: Levels, columns: Sequence[tuple[str, Partial]], places: dict[str, str], shown: Sequence[tuple[str, Sql]], kept: str
) -> str:
    families = {slot.name: slot.family for slot in levels.slots.values()}
    means: dict[str, str] = {}
    merged = []
    for name, partial in columns:
        words = {"p": places[name]}
        if len(family := families.get(name, ())) == 3:
            n, mean = places[family[0]], places[family[1]]
            whole = means.setdefault(
                f"SUM({n} * {mean}) OVER (PARTITION BY t.{RUN}) / NULLIF(SUM({n}) OVER (PARTITION BY t.{RUN}), 0)",
                f"__m{len(means)}",
            )
            words |= {"n": n, "mean": mean, "m": f"t.{whole}"}
        merged.append(f"{str(partial.merge).format(**words)} AS {name}")
    inner = "partials AS t"
    if means:
        inner = f"(SELECT t.*, {', '.join(f'{text} AS {name}' for text, name in means.items())} FROM partials AS t) AS t"
    env = levels.env
    exists = f"COALESCE(g.p_0 > 0 AND {kept}, FALSE) AS __exists"
    made = ", ".join([exists, *(f"{value.text} AS __o{place}" for place, (_, value) in enumerate(shown))])
    merging = f"(SELECT t.{RUN} AS {RUN}, {', '.join(merged)} FROM {inner} GROUP BY t.{RUN}) AS g"
    outs = [f"f.{RUN} AS {RUN}", *(f"f.{name} AS p_{place}" for place, (name, _) in enumerate(columns)), "f.__exists AS __exists"]
    for place, (name, value) in enumerate(shown):
        outs.append(f"CASE WHEN f.__exists THEN {safe(f'f.__o{place}', value, env.dialect)} END AS {env.quoted(name)}")
    return f"SELECT {', '.join(outs)} FROM (SELECT g.*, {made} FROM {merging}) AS f"
