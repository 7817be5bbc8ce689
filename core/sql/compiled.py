"""User SQL made into something that runs: checked once, rendered for an engine and the types of the columns on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlglot import exp

from core.errors import Invalid, JStoreError
from core.since import SHOWN, Since
from core.sql import tiles
from core.sql.clock import REASON, reads_clock
from core.sql.expressions import MAX_NODES
from core.sql.finishing import NON_FINITE, OVERFLOW, infinite, number, outputs_of, served
from core.sql.grammar import JStoreSql, parse
from core.sql.nodes import check_nodes
from core.sql.pieces import Sql
from core.sql.query import query
from core.sql.refusal import NOT_ALLOWED, NOT_GROUPED, SYNTAX, Text
from core.sql.relation import POSITION, RUN, TIME, Env, Relation
from core.sql.shorthand import write_out
from core.sql.since import check_forms, take_forms
from core.sql.text import check_text

DIALECTS = ("duckdb", "spark")
_Key = tuple[str, tuple[tuple[str, str | None], ...]]


@dataclass(frozen=True)
class Compiled:
    """A checked SELECT. Every text it renders is keyed by the BIGINT column `__run` (see the methods), and beside its outputs has
    `__overflow` and `__non_finite`: how many sums of the row are NULL for being beyond 64 bits, and how many outputs for being
    NaN or Infinity.

    `path` is row, tiles or recompute, `path_reason` says why in plain words. `outputs` are in the order of the SQL with the
    keys left out; `input_columns` leave out keys and time. `lineage` maps an output to the columns of input_data (keys and
    time too) it reads. `clocked`: the SQL reads current_timestamp, so that input_data needs one more column, `__now`, the t
    of the run; `offsets` (us) are how long after the time of each event that counts V may change by that, for the first time.
    `tallied`: on the path tiles, but beyond some number of distinct values from the events themselves (see core.sql.tallies).
    `forms`: outputs that are the time since what the rendered SQL gives under their name (see core.since).
    """

    sql: str
    path: str
    path_reason: str
    outputs: tuple[str, ...]
    input_columns: tuple[str, ...]
    lineage: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, tuple[str, ...]]  # open columns that must be a STRUCT -> the fields that are read of them
    keys: tuple[str, ...]
    time_column: str
    tallied: bool
    clocked: bool
    offsets: tuple[int, ...]
    forms: Mapping[str, Since]
    size: int  # how many nodes one rendering goes through: what looking at it once more costs
    _tree: exp.Expr = field(repr=False, compare=False)
    _text: Text = field(repr=False, compare=False)
    _rendered: dict[tuple[str, _Key], str] = field(default_factory=dict, repr=False, compare=False)

    def general(self, dialect: str, types: Mapping[str, str]) -> str:
        """SQL over input_data(__run, keys, time, columns, __pos[, __now]) -> `__run`, outputs: V(t) of many runs at once.

        For row-level SQL the newest passing row of each run. More than one row for a run is the user's mistake (`multiple_rows`).
        Raises Invalid where the SQL does not check under these types.
        """
        return self._cached("general", dialect, types, self._general)

    def row(self, dialect: str, types: Mapping[str, str]) -> str:
        """Path row only: `__run`, outputs for each passing row of input_data."""
        return self._cached("row", dialect, types, self._row)

    def partial(self, dialect: str, types: Mapping[str, str]) -> str:
        """Path tiles only: `__run`, p_0, … for each run of input_data; p_0 counts the rows that pass WHERE."""
        return self._cached("partial", dialect, types, lambda env: self._tiles(env).partial)

    def finish(self, dialect: str, types: Mapping[str, str]) -> str:
        """Path tiles only: over partials(__run, p_0, …), several rows for each run -> `__run`, merged p_0, …, `__exists`,
        `__over`, outputs.

        A run that is `__over` has too many distinct values for tiles (core.sql.tallies): its `__exists` and outputs mean
        nothing, its values are those of `general` over its events. Its merged partials can be kept and merged, and stay so.
        """
        return self._cached("finish", dialect, types, lambda env: self._tiles(env).finish)

    def output_types(self, types: Mapping[str, str | None]) -> dict[str, str | None]:
        """The types of the outputs, None where one depends on a column without a type. Raises Invalid where the SQL does not
        check.

        Needs no engine (well under a millisecond for small SQL); `Engine.describe` of the rendered texts agrees, but for `forms`,
        which are TIMESTAMPs there.
        """
        _, shown = self._root(self._env("duckdb", types))
        kinds = {output: None if value.type.name == "UNKNOWN" else str(value.type) for output, value in shown}
        return {**kinds, **dict.fromkeys(self.forms, SHOWN)}

    def partial_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        """Path tiles only: the types of p_0, …"""
        return tuple(str(kind) for kind in self._tiles(self._env("duckdb", types)).types)

    @property
    def tree(self) -> exp.Expr:
        """The checked tree, to be read and not changed; of `forms` it holds the moment alone."""
        return self._tree

    @property
    def text(self) -> Text:
        """The user's text, which places of the tree point into."""
        return self._text

    @cached_property
    def partial_names(self) -> tuple[str, ...]:
        """Path tiles only: p_0, …; the same for all types."""
        count = len(self._tiles(self._env("duckdb", {})).types)
        return tuple(f"p_{place}" for place in range(count))

    @cached_property
    def partial_powers(self) -> tuple[int, ...]:
        """Path tiles only: of which power of the input values p_0, … are sums; the same for all types."""
        return self._tiles(self._env("duckdb", {})).powers

    def _env(self, dialect: str, types: Mapping[str, str | None]) -> Env:
        if dialect not in DIALECTS:
            raise ValueError(f"{dialect!r} is no dialect; {DIALECTS} are")
        return Env(self._text, dialect, self.keys, self.time_column, types, closed=False, clocked=self.clocked)

    def _cached(self, what: str, dialect: str, types: Mapping[str, str], render: object) -> str:
        key = (what, (dialect, tuple((column, types.get(column)) for column in self.input_columns)))
        if key not in self._rendered:
            missing = [column for column in self.input_columns if types.get(column) is None]
            if missing:
                raise ValueError(f"the type of {', '.join(missing)} is needed to render")
            self._rendered[key] = render(self._env(dialect, types))  # type: ignore[operator]
        return self._rendered[key]

    def _root(self, env: Env) -> tuple[Relation, list[tuple[str, Sql]]]:
        relation = query(self._tree, env, {}, root=True)
        return relation, outputs_of(relation, env, self._tree)

    def _general(self, env: Env) -> str:
        relation, shown = self._root(env)
        source = f"{relation.text} AS r"
        if relation.row_level:
            rank = f"ROW_NUMBER() OVER (PARTITION BY q.{RUN} ORDER BY q.{TIME} DESC, q.{POSITION}0 DESC)"
            source = f"(SELECT q.*, {rank} AS __rank FROM {relation.text} AS q) AS r WHERE r.__rank = 1"
        return f"SELECT {self._shown(relation, shown, env)} FROM {source}"

    def _row(self, env: Env) -> str:
        if self.path != "row":
            raise ValueError(f"the path is {self.path}, not row")
        relation, shown = self._root(env)
        return f"SELECT {self._shown(relation, shown, env)} FROM {relation.text} AS r"

    def _shown(self, relation: Relation, shown: list[tuple[str, Sql]], env: Env) -> str:
        outputs = [(written, replace(value, text=f"r.{env.quoted(written)}")) for written, value in shown]
        overflow = f"r.{OVERFLOW}" if relation.counted else number([])
        counts = [f"{overflow} AS {OVERFLOW}", f"{number(infinite(outputs, env))} AS {NON_FINITE}"]
        return ", ".join([f"r.{RUN} AS {RUN}", *served(outputs, env), *counts])

    def _tiles(self, env: Env) -> tiles.Tiles:
        if not isinstance(self._tree, exp.Select) or self.path != "tiles":
            raise ValueError(f"the path is {self.path}, not tiles")
        return tiles.build(self._tree, env)


def compile_sql(
    sql: str,
    keys: tuple[str, ...],
    time_column: str,
    known_columns: Mapping[str, str | None] | None = None,
    *,
    closed: bool = False,
) -> Compiled:
    """Check a text and say how it will be computed.

    `known_columns` are types known so far ({column: type text or None}); with `closed` no other column exists. Raises
    Invalid with code sql_syntax, sql_not_allowed, sql_not_grouped_by_entity, sql_not_separable or unknown_column, or
    TooLarge("too_large").
    """
    text = check_text(sql)
    try:
        return _compile(text, keys, time_column, dict(known_columns or {}), closed)
    except JStoreError:
        raise
    except RecursionError:
        raise text.refuse(NOT_ALLOWED, "the SQL nests too deep") from None
    except Exception as error:
        raise text.refuse(SYNTAX, f"the SQL cannot be understood ({type(error).__name__})") from error


def _compile(text: Text, keys: tuple[str, ...], time_column: str, known: Mapping[str, str | None], closed: bool) -> Compiled:
    tree = parse(text)
    write_out(tree, text)
    check_nodes(tree, text)
    written = tree.sql(dialect=JStoreSql, comments=False)
    forms = take_forms(tree, text)
    env = Env(text, "duckdb", keys, time_column, known, closed, reads_clock(tree))
    relation = query(tree, env, {}, root=True)
    shown = outputs_of(relation, env, tree)
    check_forms(forms, shown, relation.row_level, tree, text)
    path, reason, tallied = _path(tree, env, relation)
    inputs = tuple(env.facts.inputs.values())
    lineage = {output: tuple(sorted(value.reads)) for output, value in shown}
    outputs = tuple(output for output, _ in shown)
    fields = {column: tuple(sorted(names)) for column, names in env.facts.fields.items()}
    made = Compiled(
        sql=written,
        path=path,
        path_reason=reason,
        outputs=outputs,
        input_columns=inputs,
        lineage=lineage,
        fields=fields,
        keys=keys,
        time_column=time_column,
        tallied=tallied,
        clocked=env.clocked,
        # an event counts from its own time on, which is a change anyway
        offsets=tuple(sorted(offset for offset in env.facts.changes if offset > 0)),
        forms=forms,
        size=MAX_NODES - env.budget.left,
        _tree=tree,
        _text=text,
    )
    for dialect in DIALECTS:  # whatever cannot be rendered is refused now, not when the first event comes
        made._root(made._env(dialect, known))
        if path == "tiles":
            made._tiles(made._env(dialect, known))
    return made


def _path(tree: exp.Expr, env: Env, relation: Relation) -> tuple[str, str, bool]:
    if env.clocked and (relation.row_level or relation.single):
        return "recompute", REASON, False
    if relation.row_level:
        return "row", "no aggregate, window, DISTINCT, join or set operation: the newest row is the value", False
    if not relation.single:
        raise _not_single(tree, env)
    again = Env(env.text, "duckdb", env.keys, env.time_column, env.types, env.closed)
    reason = tiles.why_not(tree, again)
    if reason is not None or not isinstance(tree, exp.Select):
        return "recompute", str(reason), False
    merges, which, tallied = tiles.how(tree, again)
    return "tiles" if merges else "recompute", which, tallied


def _not_single(tree: exp.Expr, env: Env) -> Invalid:
    names = ", ".join(env.keys)
    return env.text.refuse(NOT_GROUPED, f"the SQL may give several rows for one entity; end it with GROUP BY {names}", tree)
