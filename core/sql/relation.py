"""What a query gives: a derived table with known columns, and what is known of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.sql.expressions import Budget
from core.sql.pieces import Sql, name
from core.sql.refusal import Text
from core.sql.types import BIGINT, STRING, TIMESTAMP, UNKNOWN, Type, parse_type

RUN, TIME, POSITION = "__run", "__t", "__p"


@dataclass(frozen=True)
class Relation:
    """A query's text and columns. Every relation also has the column `__run`, and what orders its rows inside a run:
    `__t` TIMESTAMP and `__p0`, `__p1`, … BIGINT (`positions` of them; None where nothing orders them any more)."""

    text: str
    columns: Mapping[str, tuple[str, Sql]]  # lower case -> (as written, type and origin)
    positions: int | None
    single: bool  # at most one row for each run, as far as the SQL shows
    row_level: bool  # no aggregate, window, DISTINCT, join or set operation below
    events: bool = False  # input_data itself
    leaves: int = 1  # how often input_data is read


@dataclass
class Facts:
    """What was met on the way; decides path and reason."""

    inputs: dict[str, str] = field(default_factory=dict)  # lower case -> as written
    fields: dict[str, set[str]] = field(default_factory=dict)  # open column -> the STRUCT fields that are read of it


@dataclass(frozen=True)
class Env:
    """One rendering: the text for refusals, the dialect, the entity, the types known."""

    text: Text
    dialect: str
    keys: tuple[str, ...]
    time_column: str
    types: Mapping[str, str | None]
    closed: bool
    budget: Budget = field(default_factory=Budget)
    facts: Facts = field(default_factory=Facts)

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
    columns[env.time_column.lower()] = (env.time_column, Sql("", TIMESTAMP, time=True))
    return Relation("input_data", columns, positions=1, single=False, row_level=True, events=True)
