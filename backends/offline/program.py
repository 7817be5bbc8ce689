"""A version's SQL ready to run: compiled once, rendered per layout of the group's types, open columns under provisional types."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from backends.engine import Engine, EngineFailed, engine
from backends.offline.inputs import TIME, Event, input_table
from core import types
from core.codec import Block
from core.spec import GroupSpec, VersionSpec
from core.sql import Compiled, compile_sql
from core.sql.provisional import provisional_types
from core.windows import Window

MULTIPLE = "multiple_rows"


class NewerLayout(Exception):
    """A record was written under types that this process has not read yet; its spec is read again at the next round."""


@functools.lru_cache(maxsize=4096)
def compiled(sql: str, keys: tuple[str, ...], time_column: str) -> Compiled:
    """compile_sql, remembered: a parse costs a millisecond or more."""
    return compile_sql(sql, keys, time_column)


@dataclass(frozen=True)
class Finished:
    """What a run's partials come to."""

    partials: list[Any]
    exists: bool
    values: list[Any]


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
        chosen = on or engine()
        sql = self.compiled.general(chosen.dialect, self.column_types)
        given = input_table(self.spec, self.version, self.column_types, events, runs)
        if self.compiled.clocked:
            given = given.append_column("__now", pa.array([times[run] for run in runs], pa.int64()).cast(TIME))
        table = chosen.run(sql, {"input_data": given})
        found: dict[int, list[Any] | str] = {}
        for run, row in zip(table.column("__run").to_pylist(), self.rows(table), strict=True):
            found[run] = MULTIPLE if run in found else row
        return found

    def passing(self, events: Sequence[Event], on: Engine | None = None) -> dict[int, list[Any]]:
        """Row-level SQL over fitting events -> {index of the event: output values}; an event that WHERE leaves out is absent."""
        chosen = on or engine()
        table = input_table(self.spec, self.version, self.column_types, events, range(len(events)))
        answer = chosen.run(self.compiled.row(chosen.dialect, self.column_types), {"input_data": table})
        return dict(zip(answer.column("__run").to_pylist(), self.rows(answer), strict=True))

    def partial(self, events: Sequence[Event], runs: Sequence[int], on: Engine | None = None) -> dict[int, list[Any]]:
        """Runs of fitting events -> {run: partials}."""
        if not events:
            return {}
        chosen = on or engine()
        table = input_table(self.spec, self.version, self.column_types, events, runs)
        answer = chosen.run(self.compiled.partial(chosen.dialect, self.column_types), {"input_data": table})
        return dict(zip(answer.column("__run").to_pylist(), self.partial_rows(answer), strict=True))

    def finish(self, pieces: Sequence[Sequence[Any]], runs: Sequence[int], on: Engine | None = None) -> dict[int, Finished]:
        """Partials by run -> {run: merged partials, whether there is an output row, output values}."""
        if not pieces:
            return {}
        chosen = on or engine()
        arrays = [pa.array(runs, pa.int64())]
        arrays += [
            pa.array(column, field.type) for column, field in zip(zip(*pieces, strict=True), self.partial_schema, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, names=["__run", *self.compiled.partial_names])
        answer = chosen.run(self.compiled.finish(chosen.dialect, self.column_types), {"partials": table})
        found = zip(
            answer.column("__run").to_pylist(),
            answer.column("__exists").to_pylist(),
            self.partial_rows(answer),
            self.rows(answer),
            strict=True,
        )
        return {run: Finished(partials, bool(exists), values) for run, exists, partials, values in found}

    def outputs_of(self, layout: int) -> Block:
        """The codec of output values written under a layout of the group. Raises NewerLayout."""
        if layout >= len(self.version.layouts):
            raise NewerLayout(self.version.code)
        return _block(self.version.kept(layout))

    def partials_of(self, layout: int, block: bytes) -> list[Any]:
        """A packed block of partials, written under any layout of the group, as values of this one. Raises NewerLayout."""
        if layout >= len(self.version.layouts):
            raise NewerLayout(self.version.code)
        old = self.partials if layout == self.layout else _block(self.version.layouts[layout].partials)
        row = old.to_arrow_row(old.unpack(block))
        if old is not self.partials and old.types != self.partials.types:
            row = [
                pa.scalar(v).cast(f.type).as_py() if v is not None else None
                for v, f in zip(row, self.partial_schema, strict=True)
            ]
        return row

    def rows(self, table: pa.Table) -> list[list[Any]]:
        """The output columns of an engine's answer as rows of Python values of the layout's types."""
        return _rows(table, self.version.outputs, self.output_schema)

    def partial_rows(self, table: pa.Table) -> list[list[Any]]:
        """The partial columns of an engine's answer, likewise."""
        return _rows(table, self.compiled.partial_names, self.partial_schema)


def _rows(table: pa.Table, names: Sequence[str], schema: pa.Schema) -> list[list[Any]]:
    columns = []
    for name, field in zip(names, schema, strict=True):
        column = table.column(name)
        same = column.type == field.type or pa.types.is_null(field.type)  # null: the type is open, any value stands
        try:
            columns.append((column if same else column.cast(field.type)).to_pylist())
        except (pa.ArrowException, ValueError, OverflowError) as error:  # a date of the year 10000, which Python has not
            raise EngineFailed("sql", f"{name} holds what cannot be kept: {error}") from error
    return [list(row) for row in zip(*columns, strict=True)]


_programs: dict[
    tuple[str, int, bool], Program
] = {}  # (code, layout, whether the whole group is known) -> Program; codes are never reused


def program(spec: GroupSpec, version: VersionSpec) -> Program:
    """The program of a version under the group's present layout."""
    key = (version.code, spec.layout, spec.deleted)
    found = _programs.get(key)
    if found is None or found.version != version:
        found = _programs[key] = _make(spec, version)
    return found


def _make(spec: GroupSpec, version: VersionSpec) -> Program:
    layout = spec.layout_of(version)
    sql = compiled(version.sql, spec.entity, spec.timestamp_column)
    known = dict(zip(version.input_columns, layout.columns, strict=True))
    return Program(
        spec=spec,
        version=version,
        layout=spec.layout,
        window=None if version.window is None else Window.parse(version.window),
        column_types=provisional_types(sql, spec.entity, spec.timestamp_column, known),
        compiled=sql,
        outputs=_block(version.kept(spec.layout)),
        partials=_block(layout.partials),
        output_schema=_schema(version.outputs, version.kept(spec.layout)),
        partial_schema=_schema(sql.partial_names if version.path == "tiles" else (), layout.partials),
    )


def _schema(names: Sequence[str], texts: Sequence[str | None]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(n, pa.null() if t is None else types.arrow_type(types.parse_type(t)))
            for n, t in zip(names, texts, strict=True)
        ]
    )
