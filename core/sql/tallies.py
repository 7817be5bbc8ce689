"""Tallies: the distinct values of an argument and how often each occurs, as one column of a tile.

A distinct count, a percentile or a mode cannot be merged from its answers, but it is exact from the tally, and tallies merge: the
union of the values, the counts added. NULL has an entry, too. A tally of more than MOST entries is not kept: a list of one NULL
stands for it and stays through every merge, so that nothing is ever computed of a part; such values come from the events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.sql import pieces
from core.sql.pieces import Sql
from core.sql.relation import RUN
from core.sql.types import BIGINT, Type, array, struct

# A thousand entries are some 25 KB in a tile, and are decoded, merged and encoded again in about ten milliseconds. An entity with
# more is as quickly computed from its events, of which it must have more than a thousand.
MOST = 1_000
MOST_TEXT = 65_536  # characters of all the values of a tally: MOST values of 64 KiB would be no tile
_COUNTED = "CASE WHEN y.v IS NOT NULL THEN y.n END"
# what answers may read beside z.v and z.n, the value and its count: the count up to this value, of all, and the largest count
_PLACES = {
    "z.upto": f"SUM({_COUNTED}) OVER (PARTITION BY y.{RUN} ORDER BY y.v NULLS FIRST)",
    "z.total": f"SUM({_COUNTED}) OVER (PARTITION BY y.{RUN})",
    "z.most": f"MAX({_COUNTED}) OVER (PARTITION BY y.{RUN})",
    "z.place": f"ROW_NUMBER() OVER (PARTITION BY y.{RUN} ORDER BY y.n DESC, y.v NULLS LAST)",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """An aggregate over a tally of `value` in the rows where `condition` holds. `answers` are aggregates over its entries,
    which are rows of z; `final` makes the value of their columns, which are NULL where no row counts."""

    value: Sql
    condition: str | None
    answers: tuple[str, ...]
    final: Callable[[Sequence[str]], str]
    type: Type


@dataclass
class Column:
    """One tally of a query: its column, and the answers asked of it, each with a column of its own."""

    name: str
    value: Sql
    condition: str | None
    answers: dict[str, str] = field(default_factory=dict)  # text -> column

    @property
    def type(self) -> Type:
        """The type of the column."""
        return array(struct(v=self.value.type, n=BIGINT))

    def ask(self, answers: Sequence[str]) -> list[str]:
        """The columns of these answers."""
        return [self.answers.setdefault(text, f"{self.name}_{len(self.answers)}") for text in answers]

    def of_rows(self, source: str, dialect: str) -> str:
        """A relation of the runs of `source`, whose rows are s0, with their tallies; a run of which no row counts is absent."""
        where = f" WHERE {self.condition}" if self.condition is not None else ""
        rows = f"SELECT s0.{RUN} AS {RUN}, {self.value.text} AS v FROM {source}{where}"
        counted = f"SELECT y.{RUN} AS {RUN}, y.v AS v, COUNT(*) AS n FROM ({rows}) AS y GROUP BY y.{RUN}, y.v"
        made = self._capped(self._too_many(), dialect)
        return f"(SELECT z.{RUN} AS {RUN}, {made} AS tally FROM ({counted}) AS z GROUP BY z.{RUN})"

    def of_tallies(self, column: str, dialect: str) -> str:
        """A relation of the runs of `partials` with their merged tallies, whether each is too many, and the answers."""
        apart = "EXPLODE" if dialect == "spark" else "UNNEST"
        value, count = ("x.e.v", "x.e.n") if dialect == "spark" else ("struct_extract(x.e, 'v')", "struct_extract(x.e, 'n')")
        entries = f"SELECT t.{RUN} AS {RUN}, {apart}(t.{column}) AS e FROM partials AS t"
        added = (
            f"SELECT x.{RUN} AS {RUN}, {value} AS v, CAST(SUM({count}) AS BIGINT) AS n, COUNT(*) > COUNT({count}) AS beyond"
            f" FROM ({entries}) AS x GROUP BY x.{RUN}, {value}"
        )
        asked = [place for place in _PLACES if any(place in text for text in self.answers)]
        places = "".join(f", {_PLACES[place]} AS {place.removeprefix('z.')}" for place in asked)
        placed = f"SELECT y.{RUN} AS {RUN}, y.v AS v, y.n AS n, y.beyond AS beyond{places} FROM ({added}) AS y"
        beyond = f"(BOOL_OR(z.beyond) OR {self._too_many()})"
        answers = "".join(f", {text} AS {name}" for text, name in self.answers.items())
        made = f"{self._capped(beyond, dialect)} AS tally, {beyond} AS beyond{answers}"
        return f"(SELECT z.{RUN} AS {RUN}, {made} FROM ({placed}) AS z GROUP BY z.{RUN})"

    def _too_many(self) -> str:
        kind, texts = self.value.type, []
        if kind.name == "STRING":
            texts = ["z.v"]
        elif kind.name == "STRUCT":
            texts = [f"(z.v).{name}" for name, item in zip(kind.fields, kind.items, strict=True) if item.name == "STRING"]
        sizes = " + ".join(f"COALESCE(SUM(LENGTH({text})), 0)" for text in texts)
        return f"COUNT(*) > {MOST}" + (f" OR {sizes} > {MOST_TEXT}" if sizes else "")

    def _capped(self, too_many: str, dialect: str) -> str:
        entry = pieces.struct({"v": "z.v", "n": "z.n"}, dialect)
        if dialect == "spark":
            entry = pieces.struct({"v": "z.v", "n": "NULLIF(z.n, 0)"}, dialect)  # what may be NULL: an entry may, for Arrow
            return f"CASE WHEN {too_many} THEN ARRAY(NULL) ELSE ARRAY_SORT(COLLECT_LIST({entry})) END"
        return f"CASE WHEN {too_many} THEN [NULL] ELSE LIST({entry} ORDER BY z.v NULLS FIRST) END"
