"""The tile path: SQL that makes partials of the rows of a tile, and SQL that merges them into the values of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from core.sql.aggregate_calls import aggregate_call
from core.sql.aggregates import Partial, count, extreme
from core.sql.finishing import NON_FINITE, OVERFLOW, infinite, number, served
from core.sql.pieces import Sql
from core.sql.query import grouping, levels_of, order_names, outputs, with_ctes
from core.sql.relation import RUN, Env
from core.sql.select import Levels
from core.sql.tallies import MOST, Column
from core.sql.types import Type


def why_not(tree: exp.Expr, env: Env) -> str | None:
    """What in the form of the query keeps it from tiles; None where nothing does."""
    if not isinstance(tree, exp.Select):
        return "a set operation needs the events themselves"
    if tree.args.get("joins"):
        return "a join needs the events themselves"
    if tree.args.get("distinct") is not None:
        return "SELECT DISTINCT needs the events themselves"
    if tree.find(exp.Window) is not None:
        return "a window function needs the events themselves"
    (source,) = _levels(tree, env).scope.sources
    if not source.relation.row_level:
        return "a CTE or subquery that does more than choose rows and columns needs the events themselves"
    return None


def how(tree: exp.Select, env: Env) -> tuple[bool, str, bool]:
    """Whether every aggregate of a query that `why_not` lets pass merges; which do, or why one does not; whether by tallies."""
    levels = _levels(tree, env)
    grouping(tree, levels, root=True)
    level = levels.over_groups()
    outputs(levels, level)
    if (having := tree.args.get("having")) is not None:
        level.boolean(having.this)
    if levels.whole:
        return False, levels.whole[0], False
    calls = [aggregate_call(node) for node in tree.find_all(exp.Anonymous, bfs=False)]
    names = dict.fromkeys(f"{call.name}(DISTINCT)" if call.distinct else call.name for call in calls if call is not None)
    if not names:
        return True, "the grouping alone merges", False
    most = f"; up to {MOST} distinct values, more come from the events themselves" if levels.tallies else ""
    return True, f"every aggregate merges: {', '.join(names)}{most}", bool(levels.tallies)


@dataclass(frozen=True)
class Tiles:
    """The two texts of one query on the tile path, and the types of its partials and of which power of the inputs they are."""

    partial: str
    finish: str
    types: tuple[Type, ...]
    powers: tuple[int, ...]


def build(tree: exp.Select, env: Env) -> Tiles:
    """Render a query that `why_not` lets pass. Raises Invalid as `query` does."""
    levels = _levels(tree, env)
    source = _source(tree, levels)
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
    tallies = list(levels.tallies.values())
    kinds = (*(partial.type for _, partial in columns), *(tally.type for tally in tallies))
    powers = (*(partial.power for _, partial in columns), *(1 for _ in tallies))
    return Tiles(_partial(source, columns, tallies, env), _finish(levels, columns, tallies, shown, kept), kinds, powers)


def _levels(tree: exp.Select, env: Env) -> Levels:
    levels = levels_of(tree, env, with_ctes(tree, env, {}))
    levels.tiled = True
    return levels


def _source(tree: exp.Select, levels: Levels) -> str:
    """What the query reads as s0. A run whose rows all fail still has its row of partials: whether a row passes WHERE, here or
    in a query below, is a column."""
    (source,) = levels.scope.sources
    text, passing = levels.scope.text, []
    if not source.relation.events:
        order = order_names(levels.order())
        names = [*(levels.env.quoted(written) for written, _ in source.relation.columns.values()), *order]
        rows = ", ".join(f"r.{name} AS {name}" for name in names)
        runs = f"(SELECT DISTINCT e.{RUN} AS {RUN} FROM input_data AS e) AS i"
        joined = f"{runs} LEFT JOIN {source.relation.text} AS r ON r.{RUN} = i.{RUN}"
        text = f"(SELECT i.{RUN} AS {RUN}, r.{RUN} IS NOT NULL AS __there, {rows} FROM {joined}) AS s0"
        passing.append("s0.__there")
    if (where := tree.args.get("where")) is not None:
        passing.append(levels.rows().boolean(where.this).text)
    if not passing:
        return text
    levels.where = "s0.__passes"
    return f"(SELECT s0.*, {' AND '.join(passing)} AS __passes FROM {text}) AS s0"


def _partial(source: str, columns: Sequence[tuple[str, Partial]], tallies: Sequence[Column], env: Env) -> str:
    made = ", ".join(f"{partial.plain()} AS p_{place}" for place, (_, partial) in enumerate(columns))
    text = f"SELECT s0.{RUN} AS {RUN}, {made} FROM {source} GROUP BY s0.{RUN}"
    if not tallies:
        return text
    shown = ", ".join(f"m{i}.tally AS p_{len(columns) + i}" for i in range(len(tallies)))
    joins = _joined([tally.of_rows(source, env.dialect) for tally in tallies])
    return f"SELECT a.*, {shown} FROM ({text}) AS a{joins}"


def _joined(relations: Sequence[str]) -> str:
    return "".join(f" LEFT JOIN {text} AS m{i} ON m{i}.{RUN} = a.{RUN}" for i, text in enumerate(relations))


def _merged(levels: Levels, columns: Sequence[tuple[str, Partial]], tallies: Sequence[Column]) -> str:
    """The relation of the runs of `partials` with every column merged, by its name inside."""
    places = {name: f"t.p_{place}" for place, (name, _) in enumerate(columns)}
    families = {slot.name: [places[name] for name in slot.family] for slot in levels.slots.values()}
    means: dict[str, str] = {}
    merged = []
    for name, partial in columns:
        family, about = families.get(name, []), {}
        for i in partial.about:  # a pass of its own: what is merged about the mean of the whole needs it first
            n, over = family[0], f"OVER (PARTITION BY t.{RUN})"
            mean = f"SUM({n} * {family[i]}) {over} / NULLIF(SUM({n}) {over}, 0)"
            about[i] = f"t.{means.setdefault(mean, f'__m{len(means)}')}"
        merged.append(f"{str(partial.merge).format(p=places[name], f=family, m=about)} AS {name}")
    inner = "partials AS t"
    if means:
        inner = f"(SELECT t.*, {', '.join(f'{text} AS {name}' for text, name in means.items())} FROM partials AS t) AS t"
    text = f"SELECT t.{RUN} AS {RUN}, {', '.join(merged)} FROM {inner} GROUP BY t.{RUN}"
    if not tallies:
        return f"({text})"
    shown = [f"m{i}.tally AS {tally.name}" for i, tally in enumerate(tallies)]
    shown += [f"m{i}.{name} AS {name}" for i, tally in enumerate(tallies) for name in tally.answers.values()]
    over = " OR ".join(f"COALESCE(m{i}.beyond, FALSE)" for i in range(len(tallies)))
    relations = [tally.of_tallies(f"p_{len(columns) + i}", levels.env.dialect) for i, tally in enumerate(tallies)]
    return f"(SELECT a.*, {', '.join(shown)}, {over} AS __over FROM ({text}) AS a{_joined(relations)})"


def _finish(
    levels: Levels,
    columns: Sequence[tuple[str, Partial]],
    tallies: Sequence[Column],
    shown: Sequence[tuple[str, Sql]],
    kept: str,
) -> str:
    env = levels.env
    values = [(name, replace(value, text=f"f.__o{place}")) for place, (name, value) in enumerate(shown)]
    made = [f"COALESCE(g.p_0 > 0 AND {kept}, FALSE) AS __exists", f"{number(levels.overflow)} AS {OVERFLOW}"]
    made += [f"{value.text} AS __o{place}" for place, (_, value) in enumerate(shown)]
    names = [*(name for name, _ in columns), *(tally.name for tally in tallies)]
    outs = [f"f.{RUN} AS {RUN}", *(f"f.{name} AS p_{place}" for place, name in enumerate(names))]
    outs += ["f.__exists AS __exists", f"{'f.__over' if tallies else 'FALSE'} AS __over"]
    outs += served(values, env, condition="f.__exists")
    outs += [
        f"CASE WHEN f.__exists THEN {text} ELSE 0 END AS {name}"
        for text, name in ((f"f.{OVERFLOW}", OVERFLOW), (number(infinite(values, env)), NON_FINITE))
    ]
    return f"SELECT {', '.join(outs)} FROM (SELECT g.*, {', '.join(made)} FROM {_merged(levels, columns, tallies)} AS g) AS f"
