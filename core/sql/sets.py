"""UNION, INTERSECT and EXCEPT inside each run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from core.sql import pieces
from core.sql.casts import convert
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED
from core.sql.relation import POSITION, TIME, Env, Relation
from core.sql.types import common

Query = Callable[[exp.Expr, Env, Mapping[str, Relation], bool], Relation]


def combined(
    node: exp.SetOperation,
    env: Env,
    ctes: Mapping[str, Relation],
    root: bool,
    query: Query,
    distinct: Callable[[Relation, Env], Relation],
) -> Relation:
    """Render a set operation; columns take the names of the left side. Raises Invalid."""
    left, right = (query(side.unnest(), env, ctes, root) for side in (node.this, node.expression))
    if len(left.columns) != len(right.columns):
        raise env.text.refuse(NOT_ALLOWED, f"the sides have {len(left.columns)} and {len(right.columns)} columns", node)
    every = not node.args.get("distinct")
    word = {exp.Union: "UNION ALL", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)]
    if every and not isinstance(node, exp.Union):
        raise env.text.refuse(NOT_ALLOWED, f"{word} ALL is not allowed", node)
    columns = {}
    texts: tuple[list[str], list[str]] = (env.run_as("u"), env.run_as("u"))
    for (written, a), (other, b) in zip(left.columns.values(), right.columns.values(), strict=True):
        kind = common([a.type, b.type])
        if kind is None:
            raise env.text.refuse(NOT_ALLOWED, f"{written} is {a.type} on one side and {b.type} on the other; CAST one", node)
        for side, name, value in ((texts[0], written, a), (texts[1], other, b)):
            side.append(f"{convert(Sql(f'u.{env.quoted(name)}', value.type), kind, env.dialect).text} AS {env.quoted(written)}")
        columns[written.lower()] = (
            written,
            Sql(
                "",
                kind,
                a.reads | b.reads,
                key=a.key if a.key == b.key else None,
                shift=a.shift if a.shift == b.shift else None,
                size=max(a.size, b.size),
            ),
        )
    positions = None
    if isinstance(node, exp.Union) and left.positions is not None and right.positions is not None:
        # the branch comes last, so that one event met in both is two rows in a fixed order
        positions = max(left.positions, right.positions) + 1
        for branch, (side, relation) in enumerate(((texts[0], left), (texts[1], right))):
            side.append(f"u.{TIME} AS {TIME}")
            places = [
                f"u.{POSITION}{i}" if i < (relation.positions or 0) else pieces.integer(-1, env.dialect)
                for i in range(positions - 1)
            ]
            side += [f"{place} AS {POSITION}{i}" for i, place in enumerate([*places, pieces.integer(branch, env.dialect)])]
    halves = [f"SELECT {', '.join(side)} FROM {relation.text} AS u" for side, relation in zip(texts, (left, right), strict=True)]
    single = left.single and (right.single or not isinstance(node, exp.Union))
    made = Relation(
        f"({f' {word} '.join(halves)})", columns, positions, single, row_level=False, leaves=left.leaves + right.leaves
    )
    return made if every or not isinstance(node, exp.Union) else distinct(replace(made, positions=None), env)
