"""What one row of the function table is: a name, what it takes, what it gives, how each engine spells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.sql.pieces import Sql
from core.sql.types import Type

Render = Callable[[Sequence[Sql], str], str]


@dataclass(frozen=True, slots=True)
class Function:
    """One scalar function for one number of arguments.

    `takes` names the kind of each argument (see calls.fit); the last may end in `*` for any number more, or in `**` for any
    number of the last two by turns. `gives` is the type of the result, or computes it from the arguments. `duckdb` and `spark`
    are templates over {0}, {1}, … and {all}, or functions.
    """

    name: str
    takes: tuple[str, ...]
    gives: Type | Callable[[Sequence[Sql]], Type]
    duckdb: str | Render
    spark: str | Render
    note: str = ""

    def fits(self, count: int) -> bool:
        """Whether it takes this many arguments."""
        if self.takes and self.takes[-1].endswith("**"):
            return count >= len(self.takes) and (count - len(self.takes)) % 2 == 0
        if self.takes and self.takes[-1].endswith("*"):
            return count >= len(self.takes) - 1
        return count == len(self.takes)

    def kind(self, place: int) -> str:
        """The kind of the argument at a place."""
        last = len(self.takes) - 1
        if self.takes[last].endswith("**") and place > last:
            place = last - (place - last) % 2
        return self.takes[min(place, last)].rstrip("*")

    def render(self, args: Sequence[Sql], dialect: str) -> str:
        """The text of the call."""
        how = self.duckdb if dialect == "duckdb" else self.spark
        if not isinstance(how, str):
            return how(args, dialect)
        return how.format(*(arg.text for arg in args), all=", ".join(arg.text for arg in args))


def row(
    names: str,
    takes: str,
    gives: Type | Callable[[Sequence[Sql]], Type],
    duckdb: str | Render,
    spark: str | Render | None = None,
    note: str = "",
) -> list[Function]:
    """Rows for names separated by spaces (the first is canonical); `takes` by spaces too. Without `spark` both engines spell
    alike."""
    kinds = tuple(takes.split())
    return [Function(name, kinds, gives, duckdb, duckdb if spark is None else spark, note) for name in names.split()]


def first(args: Sequence[Sql]) -> Type:
    """The result has the type of the first argument."""
    return args[0].type


def second(args: Sequence[Sql]) -> Type:
    """The result has the type of the second argument."""
    return args[1].type
