"""A SELECT in levels: rows (FROM, WHERE), groups, windows, final expressions; each a derived table that carries the run.

An aggregate or a window is computed on its own level and read as a column above it, so a final expression is a plain one,
the same over groups of rows and over merged tiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from sqlglot import exp

from core.errors import Invalid
from core.sql.aggregate_calls import EXTREMES, aggregate, aggregate_call
from core.sql.aggregates import Partial
from core.sql.calls import scalar
from core.sql.expressions import Expressions
from core.sql.pieces import Sql
from core.sql.refusal import NOT_ALLOWED, NOT_GROUPED, NOT_SEPARABLE
from core.sql.relation import POSITION, TIME, Env
from core.sql.scope import Scope
from core.sql.tallies import Column


@dataclass(frozen=True)
class Slot:
    """A partial on the group level: its column, and the columns of all the partials of its aggregate."""

    name: str
    partial: Partial
    family: tuple[str, ...]


@dataclass
class Item:
    """One output of a SELECT."""

    name: str
    node: exp.Expr


def items_of(node: exp.Select, env: Env, scope: Scope) -> list[Item]:
    """The outputs and their names; * of a CTE or subquery are its columns. Raises Invalid for * of the events, and for
    expressions without a name."""
    items: list[Item] = []
    for one in _starred(node.expressions, scope):
        if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
            raise env.text.refuse(NOT_ALLOWED, "name the columns: SELECT * would change with the events", one)
        if isinstance(one, exp.Alias):
            items.append(Item(one.alias, one.this))
        elif isinstance(one, exp.Column):
            items.append(Item(one.name, one))
        else:
            said = "give the expression a name with AS"
            if isinstance(one, exp.Literal) and one.is_string:
                said = f"quotes make a text of it; the column is written {one.this}, or in backticks"
            raise env.text.refuse(NOT_ALLOWED, said, one)
    names = [item.name.lower() for item in items]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise env.text.refuse(NOT_ALLOWED, f"two outputs are called {items[place].name}", items[place].node)
    return items


def _starred(expressions: Sequence[exp.Expr], scope: Scope) -> Iterator[exp.Expr]:
    for one in expressions:
        star = isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star))
        named = one.table.lower() if isinstance(one, exp.Column) else ""
        sources = [source for source in scope.sources if named in ("", source.shown.lower())]
        if not star or not sources or any(source.relation.events for source in sources):
            yield one
            continue
        for source in sources:
            for written, _ in source.relation.columns.values():
                yield exp.column(exp.to_identifier(written, quoted=True), exp.to_identifier(source.shown, quoted=True))


def own_nodes(nodes: Sequence[exp.Expr], wanted: type[exp.Expr]) -> list[exp.Expr]:
    """Nodes of a class below these."""
    return [found for node in nodes for found in node.find_all(wanted)]


@dataclass
class Levels:
    """The levels of one SELECT while they are being written."""

    env: Env
    scope: Scope
    items: list[Item]
    groups: list[tuple[exp.Expr, Sql]] = field(default_factory=list)
    grouped: bool = False
    slots: dict[str, Slot] = field(default_factory=dict)  # what it is of -> its column
    tiled: bool = False  # whether aggregates are computed from tiles
    tallies: dict[str, Column] = field(default_factory=dict)  # what it is of -> its column, where tiled
    overflow: list[str] = field(default_factory=list)  # conditions under which a sum is NULL for being beyond 64 bits
    whole: list[str] = field(default_factory=list)  # why the events themselves are needed
    visible: int = 0  # how many outputs a name may refer to
    where: str | None = None  # where rows that do not pass must still be counted as a run (tiles), else None

    def rows(self) -> Expressions:
        """Expressions over single rows: WHERE, GROUP BY, arguments of aggregates."""
        return self.env.level("s0", self.scope.column, self._no_aggregate)

    def over_groups(self) -> Expressions:
        """Expressions over groups: outputs and HAVING of a grouped SELECT."""
        return self.env.level("g", self._group_column, self._aggregate, self._group)

    def row_outputs(self) -> Expressions:
        """The same where outputs before this one may be named."""
        level = self.rows()
        level.column = lambda node: self.aliased(node, level) or self.scope.column(node)
        return level

    def group_order(self) -> list[Sql] | None:
        """What orders groups: the latest event of each, where groups are made of single events."""
        order = self.order()
        if order is None or len(order) != 2:
            return None
        return [replace(place, text=f"g.{name}") for place, name in zip(order, (TIME, f"{POSITION}0"), strict=True)]

    def _no_aggregate(self, node: exp.Expr, level: Expressions) -> Sql:
        if aggregate_call(node) is not None:
            raise level.refuse("an aggregate cannot stand here (WHERE, GROUP BY, another aggregate); HAVING chooses by one", node)
        return scalar(node, level)

    def _group(self, node: exp.Expr) -> Sql | None:
        for place, (group, value) in enumerate(self.groups):
            if node == group:
                return replace(value, text=f"g.__g{place}")
        return None

    def _group_column(self, node: exp.Expr) -> Sql:
        found = self.aliased(node, self.over_groups())
        if found is not None:
            return found
        value = self.scope.column(node)
        for place, (_, group) in enumerate(self.groups):
            if value.text == group.text:
                return replace(group, text=f"g.__g{place}")
        hint = f"LAST({node.name}) is the newest, MAX({node.name}) the largest"
        raise self.env.text.refuse(NOT_ALLOWED, f"{node.name} is neither grouped nor inside an aggregate; {hint}", node)

    def aliased(self, node: exp.Expr, level: Expressions) -> Sql | None:
        """An earlier output of that name, where no column has it: a name that was read as a column stays one."""
        if not isinstance(node, exp.Column) or node.table or self.is_column(node.name):
            return None
        for place, item in enumerate(self.items[: self.visible]):
            if item.name.lower() == node.name.lower():
                before, self.visible = self.visible, place
                value = level.emit(item.node)
                self.visible = before
                return value
        return None

    def is_column(self, name: str) -> bool:
        """Whether the name is known to be a column of a source."""
        facts = self.env.facts
        closed = any(name.lower() in source.relation.columns for source in self.scope.sources)
        return closed or name in self.env.types or facts.inputs.get(name.lower()) == name

    def _aggregate(self, node: exp.Expr, level: Expressions) -> Sql:
        call = aggregate_call(node)
        if call is None:
            return scalar(node, level)
        rows = self.rows()
        made = aggregate(call, rows, self.order(), self.where)
        if made.whole:
            self.whole.append(made.whole)
        if self.tiled and made.tally is not None:
            tally = self.tallies.setdefault(
                call.counted(), Column(f"__v{len(self.tallies)}", made.tally.value, made.tally.condition)
            )
            return Sql(made.tally.final([f"g.{name}" for name in tally.ask(made.tally.answers)]), made.type, made.reads)
        fresh = (f"__a{place}" for place in count(len(self.slots)))
        keys = [f"{partial.tag}\0{call.identity()}" for partial in made.partials]
        names = tuple(self.slots[key].name if key in self.slots else next(fresh) for key in keys)
        for key, partial, name in zip(keys, made.partials, names, strict=True):
            self.slots.setdefault(key, Slot(name, partial, names))
        # the largest or smallest of the times of events is the time of one of them
        shift = rows.emit(call.arguments[0]).shift if call.name in EXTREMES else None
        columns = [f"g.{name}" for name in names]
        if made.overflow is not None and (beyond := made.overflow(columns)) not in self.overflow:
            self.overflow.append(beyond)
        return Sql(made.final(columns), made.type, made.reads, shift=shift)

    def order(self) -> list[Sql] | None:
        """What orders the rows of a run here."""
        orders = [self.env.order(source.alias, source.relation) for source in self.scope.sources]
        if any(order is None for order in orders):
            return None
        first, *others = [order for order in orders if order is not None]
        return first + [place for order in others for place in order[1:]]


def group_nodes(node: exp.Select, levels: Levels) -> list[exp.Expr]:
    """The nodes of GROUP BY, with places (GROUP BY 1) and names of outputs resolved."""
    found: list[exp.Expr] = []
    for one in node.args["group"].expressions:
        if isinstance(one, exp.Literal) and not one.is_string:
            place = int(one.this) if str(one.this).isdigit() else 0
            if not 1 <= place <= len(levels.items):
                raise levels.env.text.refuse(
                    NOT_ALLOWED, f"GROUP BY {one.this}: there is no such output, there are {len(levels.items)}", one
                )
            one = levels.items[place - 1].node
        elif isinstance(one, exp.Column) and not one.table and not levels.is_column(one.name):
            one = next((item.node for item in levels.items if item.name.lower() == one.name.lower()), one)
        found.append(one.unnest())
    return found


def check_grouping(groups: Sequence[Sql], env: Env, node: exp.Expr, root: bool) -> bool:
    """Whether the grouping is exactly the key. Raises Invalid where it misses a part of it."""
    keys = {group.key for group in groups if group.key is not None}
    names = ", ".join(env.keys)
    if len(keys) < len(env.keys):
        code = NOT_GROUPED if root else NOT_SEPARABLE
        raise env.text.refuse(code, f"GROUP BY must name the entity's key {names}", node)
    exact = all(group.key is not None for group in groups)
    if root and not exact:
        raise env.text.refuse(NOT_GROUPED, f"the last GROUP BY must be exactly the entity's key {names}", node)
    return exact


def ungrouped_aggregate(levels: Levels, node: exp.Select, root: bool) -> Invalid | None:
    """The refusal of an aggregate without GROUP BY, None where there is none."""
    having = node.args.get("having")
    for expression in [item.node for item in levels.items] + ([having] if having else []):
        for inner in expression.walk(prune=lambda n: isinstance(n, exp.Window)):
            if not isinstance(inner, exp.Window) and aggregate_call(inner) is not None:
                names = ", ".join(levels.env.keys)
                return levels.env.text.refuse(
                    NOT_GROUPED if root else NOT_SEPARABLE, f"an aggregate needs GROUP BY {names}", inner
                )
    return None


def query_ctes(node: exp.Expr) -> Mapping[str, exp.Expr]:
    """The bodies of a query's CTEs by lower-case name, in order."""
    clause = node.args.get("with_")
    return {} if clause is None else {cte.alias.lower(): cte.this for cte in clause.expressions}
