"""What a query gives: a derived table with known columns, and what is known of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from core.sql.expressions import Budget, Expressions
from core.sql.pieces import Sql, name
from core.sql.refusal import Text
from core.sql.types import BIGINT, STRING, TIMESTAMP, UNKNOWN, Type, parse_type

RUN, TIME, POSITION, NOW = "__run", "__t", "__p", "__now"


@dataclass(frozen=True)
class Relation:
    """A query's text and columns. Every relation also has the column `__run`, with `__now` where the SQL reads the clock, and
    what orders its rows inside a run:
    `__t` TIMESTAMP and `__p0`, `__p1`, … BIGINT (`positions` of them; None where nothing orders them any more)."""

    text: str
    columns: Mapping[str, tuple[str, Sql]]  # lower case -> (as written, type and origin)
    positions: int | None
    single: bool  # at most one row for each run, as far as the SQL shows
    row_level: bool  # no aggregate, window, DISTINCT, join or set operation below
    events: bool = False  # input_data itself
    leaves: int = 1  # how often input_data is read
    counted: bool = False  # whether it has the column __overflow (core.sql.finishing)


@dataclass
class Facts:
    """What was met on the way; decides path and reason."""

    inputs: dict[str, str] = field(default_factory=dict)  # lower case -> as written
    fields: dict[str, set[str]] = field(default_factory=dict)  # open column -> the STRUCT fields that are read of it
    changes: set[int] = field(default_factory=set)  # how long after an event's time V may change by the clock, us


@dataclass(frozen=True)
class Env:
    """One rendering: the text for refusals, the dialect, the entity, the types known."""

    text: Text
    dialect: str
    keys: tuple[str, ...]
    time_column: str
    types: Mapping[str, str | None]
    closed: bool
    clocked: bool = False  # the SQL reads current_timestamp: every relation carries it beside the run, as `__now`
    budget: Budget = field(default_factory=Budget)
    facts: Facts = field(default_factory=Facts)

    def level(
        self,
        source: str,
        column: Callable[[exp.Expr], Sql],
        call: Callable[[exp.Expr, Expressions], Sql],
        seen: Callable[[exp.Expr], Sql | None] = lambda node: None,
    ) -> Expressions:
        """Expressions over the rows of one level, read under the alias `source`."""
        return Expressions(self.text, self.dialect, self.budget, column, call, seen, f"{source}.{NOW}", self.facts.changes)

    def run(self, source: str) -> list[str]:
        """What tells runs apart, read from a source of this alias."""
        return [f"{source}.{RUN}", f"{source}.{NOW}"] if self.clocked else [f"{source}.{RUN}"]

    def run_as(self, source: str) -> list[str]:
        """The same, carried to the level above."""
        return [f"{text} AS {name}" for text, name in zip(self.run(source), (RUN, NOW), strict=False)]

    def quoted(self, text: str) -> str:
        """A quoted identifier."""
        return name(text, self.dialect)

    def input_type(self, column: str) -> Type:
        """The type of a column of input_data, UNKNOWN while it is open."""
        known = self.types.get(column)
        return UNKNOWN if known is None else parse_type(known)

    def order(self, source: str, relation: Relation) -> list[Sql] | None:
        """What orders the relation's rows, read from a source of this alias."""
        if relation.positions is None:
            return None
        if relation.events:
            return [Sql(f"{source}.{self.quoted(self.time_column)}", TIMESTAMP), Sql(f"{source}.{self.quoted('__pos')}", BIGINT)]
        places = [Sql(f"{source}.{self.quoted(f'{POSITION}{i}')}", BIGINT) for i in range(relation.positions)]
        return [Sql(f"{source}.{self.quoted(TIME)}", TIMESTAMP), *places]


def input_data(env: Env) -> Relation:
    """The events. Keys and time are there from the start; any other name is a column of the user's rows."""
    columns = {key.lower(): (key, Sql("", STRING, key=place)) for place, key in enumerate(env.keys)}
    columns[env.time_column.lower()] = (env.time_column, Sql("", TIMESTAMP, shift=0))
    return Relation("input_data", columns, positions=1, single=False, row_level=True, events=True)
