"""FROM and JOIN: which names a SELECT sees, and the join text that carries the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from core.sql.calls import scalar
from core.sql.pieces import Sql, struct_field
from core.sql.refusal import NOT_ALLOWED, NOT_SEPARABLE, UNKNOWN_COLUMN, near
from core.sql.relation import RUN, Env, Relation, input_data

MAX_JOINS = 4
Query = Callable[[exp.Expr, Env, Mapping[str, Relation]], Relation]


@dataclass(frozen=True)
class Source:
    """One table of a FROM: the user's name for it, ours, and what it gives."""

    shown: str
    alias: str
    relation: Relation
    nullable: bool = False


@dataclass
class Scope:
    """The sources of one SELECT and how its names resolve."""

    env: Env
    sources: list[Source] = field(default_factory=list)
    text: str = ""
    using: set[str] = field(default_factory=set)

    def column(self, node: exp.Expr) -> Sql:
        """A name -> the source's column. Raises Invalid("unknown_column")."""
        found = self.find(node)
        if found is None:
            seen = [written for source in self.sources for written, _ in source.relation.columns.values()]
            raise self.env.text.refuse(UNKNOWN_COLUMN, f"no column {node.name!r} here{near(node.name, seen)}", node)
        return found

    def find(self, node: exp.Expr) -> Sql | None:
        """The same; None where no source has the name."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            raise self.env.text.refuse(NOT_ALLOWED, "name the columns: * is only allowed in COUNT(*)", node)
        sources = self.sources
        if node.table:
            sources = [source for source in sources if source.shown.lower() == node.table.lower()]
            if not sources or node.args.get("db"):
                return self._field(node)
        if not node.table and any(
            source.shown.lower() == node.name.lower() and not self._has(node.name) for source in self.sources
        ):
            raise self.env.text.refuse(NOT_ALLOWED, f"{node.name} is a table here, not a column", node)
        holders = [source for source in sources if node.name.lower() in source.relation.columns]
        if len(holders) > 1 and node.name.lower() not in self.using:
            raise self.env.text.refuse(NOT_ALLOWED, f"{node.name} is in several tables; write table.{node.name}", node)
        if holders:
            return self._known(holders[0], node)
        events = [source for source in sources if source.relation.events]
        if len(events) > 1:
            raise self.env.text.refuse(NOT_ALLOWED, f"{node.name} may come from several tables; write table.{node.name}", node)
        return self._input(events[0], node) if events else None

    def _known(self, source: Source, node: exp.Column) -> Sql:
        written, column = source.relation.columns[node.name.lower()]
        if source.relation.events:
            if node.name != written:
                raise self.env.text.refuse(
                    UNKNOWN_COLUMN,
                    f"no column {node.name!r}; the names of events are read as written (did you mean {written}?)",
                    node,
                )
            column = replace(column, reads=frozenset({written}))
        return replace(column, text=f"{source.alias}.{self.env.quoted(written)}")

    def _input(self, source: Source, node: exp.Column) -> Sql:
        name, env = node.name, self.env
        if env.closed and name not in env.types:
            raise env.text.refuse(UNKNOWN_COLUMN, f"no column {name!r} in input_data{near(name, env.types)}", node)
        first = env.facts.inputs.setdefault(name.lower(), name)
        if first != name:
            raise env.text.refuse(NOT_ALLOWED, f"{first} and {name} differ only by case, which SQL cannot tell apart", node)
        return Sql(f"{source.alias}.{env.quoted(name)}", env.input_type(name), frozenset({name}))

    def _field(self, node: exp.Column) -> Sql | None:
        """`a.b` where `a` is no table but a column of type STRUCT."""
        names = [part.name for part in node.parts]
        base = self.find(exp.column(node.parts[0].copy())) if len(self.sources) == 1 or self._has(names[0]) else None
        if base is None or base.type.name not in ("STRUCT", "UNKNOWN"):
            raise self.env.text.refuse(UNKNOWN_COLUMN, f"no table or STRUCT column {names[0]!r} here", node)
        if base.type.name == "UNKNOWN":
            self.env.facts.fields.setdefault(names[0], set()).add(names[1])
        for name in names[1:]:
            base = struct_field(base, name, self.env.dialect) or self._no_field(base, name, node)
        return base

    def _has(self, name: str) -> bool:
        return any(name.lower() in source.relation.columns for source in self.sources)

    def _no_field(self, base: Sql, name: str, node: exp.Expr) -> Sql:
        raise self.env.text.refuse(UNKNOWN_COLUMN, f"{base.type} has no field {name!r}{near(name, base.type.fields)}", node)


def build_scope(node: exp.Select, env: Env, ctes: Mapping[str, Relation], query: Query) -> Scope:
    """The scope of a SELECT. Raises Invalid for other tables, joins without the key, comma joins."""
    scope = Scope(env)
    source = node.args.get("from_")
    if source is None:
        raise env.text.refuse(NOT_ALLOWED, "FROM input_data is missing", node)
    first = _source(source.this, scope, ctes, query)
    scope.sources.append(first)
    scope.text = f"{first.relation.text} AS {first.alias}"
    joins = list(node.args.get("joins") or [])
    for table in (source.this, *(join.this for join in joins)):
        if table.args.get("joins"):
            raise env.text.refuse(NOT_ALLOWED, "write JOIN ... ON instead of a list of tables", table)
    if len(joins) > MAX_JOINS:
        raise env.text.refuse(NOT_ALLOWED, f"more than {MAX_JOINS} joins", joins[MAX_JOINS])
    for join in joins:
        _join(join, scope, ctes, query)
    return scope


def _source(node: exp.Expr, scope: Scope, ctes: Mapping[str, Relation], query: Query) -> Source:
    env, alias = scope.env, f"s{len(scope.sources)}"
    if isinstance(node, exp.Subquery):
        shown, relation = node.alias or alias, query(node.this, env, ctes)
    elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        shown = node.alias or node.name
        if node.name.lower() in ctes:
            relation = ctes[node.name.lower()]
        elif node.name.lower() == "input_data":
            relation = input_data(env)
        else:
            known = ("input_data", *ctes)
            raise env.text.refuse(
                NOT_ALLOWED,
                f"the table {node.name!r} does not exist here; only input_data and CTEs do{near(node.name, known)}",
                node,
            )
    else:
        raise env.text.refuse(NOT_ALLOWED, "only input_data, a CTE or a query in parentheses may stand in FROM", node)
    if any(source.shown.lower() == shown.lower() for source in scope.sources):
        raise env.text.refuse(NOT_ALLOWED, f"two tables are called {shown}; give one an alias", node)
    return Source(shown, alias, relation)


def _join(node: exp.Join, scope: Scope, ctes: Mapping[str, Relation], query: Query) -> None:
    env = scope.env
    side, kind = (node.side or "").upper(), (node.kind or "").upper()
    word = {("", ""): "JOIN", ("", "INNER"): "JOIN", ("LEFT", ""): "LEFT JOIN", ("LEFT", "OUTER"): "LEFT JOIN"}.get((side, kind))
    if word is None:
        raise env.text.refuse(NOT_ALLOWED, f"{side} {kind}".strip() + " JOIN is not allowed; JOIN and LEFT JOIN are", node)
    right = _source(node.this, scope, ctes, query)
    right = replace(right, nullable=word == "LEFT JOIN")
    conditions = [f"{right.alias}.{RUN} = {scope.sources[0].alias}.{RUN}"]
    keys: set[int] = set()
    if node.args.get("using"):
        for column in node.args["using"]:
            wanted = exp.column(column.copy())
            left = scope.column(wanted)
            other = Scope(env, [right]).column(wanted)
            conditions.append(f"{left.text} = {other.text}")
            scope.using.add(column.name.lower())
            keys |= _same_key(left, other)
        scope.sources.append(right)
    else:
        scope.sources.append(right)
        on = node.args.get("on")
        if on is None:
            raise env.text.refuse(NOT_SEPARABLE, "a join needs ON with the entity key equal on both sides", node)
        level = env.level(scope.sources[0].alias, scope.column, scalar)
        conditions.append(level.boolean(on).text)
        for part in on.flatten() if isinstance(on, exp.And) else [on]:
            part = part.unnest()
            if isinstance(part, exp.EQ) and isinstance(part.this, exp.Column) and isinstance(part.expression, exp.Column):
                left, other = scope.column(part.this), scope.column(part.expression)
                sides = {left.text.split(".")[0], other.text.split(".")[0]}
                if right.alias in sides and len(sides) == 2:
                    keys |= _same_key(left, other)
    if keys != set(range(len(env.keys))):
        raise env.text.refuse(NOT_SEPARABLE, f"a join needs equality of {', '.join(env.keys)} on both sides", node)
    scope.text += f" {word} {right.relation.text} AS {right.alias} ON {' AND '.join(f'({c})' for c in conditions)}"


def _same_key(left: Sql, right: Sql) -> set[int]:
    return {left.key} if left.key is not None and left.key == right.key else set()
