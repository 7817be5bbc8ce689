"""A version's SQL ready to run: compiled once, rendered per layout of the group's types, open columns under provisional types."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backends import metrics
from backends.engine import Engine, EngineFailed, engine
from backends.offline.inputs import TIME, Event, input_table
from core import types
from core.blocks import Blocks
from core.codec import Block
from core.spec import GroupSpec, VersionSpec
from core.sql import Compiled, compile_sql
from core.sql.finishing import NON_FINITE, OVERFLOW
from core.sql.provisional import provisional_types
from core.windows import Window

MULTIPLE = "multiple_rows"


class NewerLayout(Exception):
    """A record was written under types that this process has not read yet; its spec is read again at the next round."""


@functools.lru_cache(maxsize=4096)
def compiled(sql: str, keys: tuple[str, ...], time_column: str) -> Compiled:
    """compile_sql, remembered: a parse costs a millisecond or more."""
    return compile_sql(sql, keys, time_column)


Indices = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Merged:
    """What runs 0, 1, … come to: whether each has an output row, and per column their merged partials and output values.

    A run that is `over` has too many distinct values for tiles: its partials stand, but whether it exists and its outputs mean
    nothing, and V is what `general` gives of its events. `overflow` and `non_finite`: how many sums and outputs became NULL.
    """

    exists: Sequence[bool]
    over: Sequence[bool]
    overflow: Sequence[int]
    non_finite: Sequence[int]
    partials: Sequence[pa.Array]
    outputs: Sequence[pa.Array]


def _time(event: Event) -> int:
    return event.time


@functools.lru_cache(maxsize=4096)
def _block(column_types: tuple[str | None, ...]) -> Block:
    return Block(column_types)


@dataclass(frozen=True)
class Program:
    """Everything that computing one version under one layout needs."""

    spec: GroupSpec
    version: VersionSpec
    layout: int
    window: Window | None
    column_types: Mapping[str, str]
    compiled: Compiled
    outputs: Block
    partials: Block
    output_schema: pa.Schema
    partial_schema: pa.Schema
    output_blocks: Blocks
    partial_blocks: Blocks

    def lower(self, t: int) -> int:
        """The exclusive lower edge at t; before all times for the whole history."""
        return -1 if self.window is None else self.window.lower(t)

    def inside(self, events: Sequence[Event], t: int) -> Sequence[Event]:
        """Of events in order of time those that count at t."""
        return events[bisect_right(events, self.lower(t), key=_time) : bisect_right(events, t, key=_time)]

    def general(
        self, events: Sequence[Event], runs: Sequence[int], times: Sequence[int], on: Engine | None = None
    ) -> dict[int, list[Any] | str]:
        """Runs of fitting events, `times[run]` being its t -> {run: output values, or MULTIPLE}, absent without an output row.

        Raises EngineFailed.
        """
        if not events:
            return {}
        return self.general_over(input_table(self.spec, self.version, self.column_types, events, runs), times, on)

    def general_over(
        self, events: pa.Table, times: Sequence[int], on: Engine | None = None, deadline_s: float = 30
    ) -> dict[int, list[Any] | str]:
        """The same over events that are input_data already. Raises EngineFailed."""
        chosen = on or engine()
        sql = self.compiled.general(chosen.dialect, self.column_types)
        if self.compiled.clocked:
            now = pa.array(times, pa.int64()).take(events.column("__run").combine_chunks()).cast(TIME)
            events = events.append_column("__now", now)
        table = chosen.run(sql, {"input_data": events}, deadline_s=deadline_s)
        self._count(table)
        found: dict[int, list[Any] | str] = {}
        for run, row in zip(table.column("__run").to_pylist(), self.rows(table), strict=True):
            found[run] = MULTIPLE if run in found else row
        return found

    def passing(self, events: Sequence[Event], on: Engine | None = None) -> dict[int, list[Any]]:
        """Row-level SQL over fitting events -> {index of the event: output values}; an event that WHERE leaves out is absent."""
        chosen = on or engine()
        table = input_table(self.spec, self.version, self.column_types, events, range(len(events)))
        answer = chosen.run(self.compiled.row(chosen.dialect, self.column_types), {"input_data": table})
        self._count(answer)
        return dict(zip(answer.column("__run").to_pylist(), self.rows(answer), strict=True))

    def partial(self, table: pa.Table, on: Engine | None = None) -> tuple[Indices, list[pa.Array]]:
        """input_data of many runs -> (runs, the partials of each, by column)."""
        chosen = on or engine()
        answer = chosen.run(self.compiled.partial(chosen.dialect, self.column_types), {"input_data": table})
        return _runs(answer), _columns(answer, self.compiled.partial_names, self.partial_schema)

    def finish(self, pieces: Sequence[pa.Array], chosen: Indices, runs: Indices, on: Engine | None = None) -> Merged:
        """Partials by column, of which row chosen[i] counts in run runs[i]; the runs are 0, 1, … without a gap."""
        where = on or engine()
        arrays = [pa.array(runs, pa.int64()), *(piece.take(pa.array(chosen, pa.int64())) for piece in pieces)]
        table = pa.Table.from_arrays(arrays, names=["__run", *self.compiled.partial_names])
        answer = where.run(self.compiled.finish(where.dialect, self.column_types), {"partials": table})
        answer = answer.take(pa.array(np.argsort(_runs(answer), kind="stable"), pa.int64()))
        return Merged(
            answer.column("__exists").to_pylist(),
            answer.column("__over").to_pylist(),
            answer.column(OVERFLOW).to_pylist(),
            answer.column(NON_FINITE).to_pylist(),
            _columns(answer, self.compiled.partial_names, self.partial_schema),
            _columns(answer, self.version.outputs, self.output_schema),
        )

    def nulled(self, overflow: int, non_finite: int) -> None:
        """Count what became NULL as it was computed."""
        if overflow:
            metrics.OVERFLOW.labels(group=self.spec.name).inc(overflow)
        if non_finite:
            metrics.NON_FINITE_OUTPUT.labels(group=self.spec.name).inc(non_finite)

    def _count(self, answer: pa.Table) -> None:
        self.nulled(*(pc.sum(answer.column(name)).as_py() or 0 for name in (OVERFLOW, NON_FINITE)))

    def outputs_of(self, layout: int) -> Block:
        """The codec of output values written under a layout of the group. Raises NewerLayout."""
        if layout >= len(self.version.layouts):
            raise NewerLayout(self.version.code)
        return _block(self.version.kept(layout))

    def relaid_partials(self, layout: int, block: bytes) -> bytes:
        """A packed block of partials, written under any layout of the group, as one of this. Raises NewerLayout."""
        if layout == self.layout:
            return block
        if layout >= len(self.version.layouts):
            raise NewerLayout(self.version.code)
        old = _block(self.version.layouts[layout].partials)
        if old.types == self.partials.types:
            return block
        row = zip(old.to_arrow_row(old.unpack(block)), self.partial_schema, strict=True)
        return self.partials.pack([pa.scalar(v).cast(f.type).as_py() if v is not None else None for v, f in row])

    def rows(self, table: pa.Table) -> list[list[Any]]:
        """The output columns of an engine's answer as rows of Python values of the layout's types."""
        return values_of(_columns(table, self.version.outputs, self.output_schema))


def values_of(columns: Sequence[pa.Array]) -> list[list[Any]]:
    """Columns as rows of Python values. Raises EngineFailed for what Python cannot hold, as a date of the year 10000."""
    try:
        return [list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
    except (ValueError, OverflowError) as error:
        raise EngineFailed("sql", f"an output holds what cannot be kept: {error}") from error


def _runs(table: pa.Table) -> Indices:
    return np.asarray(table.column("__run").to_numpy(), np.int64)


def _columns(table: pa.Table, names: Sequence[str], schema: pa.Schema) -> list[pa.Array]:
    columns = []
    for name, field in zip(names, schema, strict=True):
        column = table.column(name).combine_chunks()
        same = column.type == field.type or pa.types.is_null(field.type)  # null: the type is open, any value stands
        try:
            columns.append(column if same else column.cast(field.type))
        except pa.ArrowException as error:
            raise EngineFailed("sql", f"{name} holds what cannot be kept: {error}") from error
    return columns


_programs: dict[
    tuple[str, int, bool], Program
] = {}  # (code, layout, whether the whole group is known) -> Program; codes are never reused


def program(spec: GroupSpec, version: VersionSpec) -> Program:
    """The program of a version under the group's present layout."""
    key = (version.code, spec.layout, spec.deleted)
    found = _programs.get(key)
    if found is None or found.version != version:
        found = _programs[key] = make(spec, version)
    return found


def make(spec: GroupSpec, version: VersionSpec) -> Program:
    """The same, not remembered: of a definition that nobody has stored."""
    layout = spec.layout_of(version)
    sql = compiled(version.sql, spec.entity, spec.timestamp_column)
    known = dict(zip(version.input_columns, layout.columns, strict=True))
    kept = version.kept(spec.layout)
    outputs, partials = _block(kept), _block(layout.partials)
    output_schema = _schema(version.outputs, kept)
    partial_schema = _schema(sql.partial_names if version.path == "tiles" else (), layout.partials)
    return Program(
        spec=spec,
        version=version,
        layout=spec.layout,
        window=None if version.window is None else Window.parse(version.window),
        column_types=provisional_types(sql, spec.entity, spec.timestamp_column, known),
        compiled=sql,
        outputs=outputs,
        partials=partials,
        output_schema=output_schema,
        partial_schema=partial_schema,
        output_blocks=Blocks(outputs, output_schema),
        partial_blocks=Blocks(partials, partial_schema),
    )


def _schema(names: Sequence[str], texts: Sequence[str | None]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(n, pa.null() if t is None else types.arrow_type(types.parse_type(t)))
            for n, t in zip(names, texts, strict=True)
        ]
    )
