"""Rows of the log as the typed table `input_data` that an engine reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import pyarrow as pa

from backends.offline.log_reading import LogRow
from core import types
from core.entity import key_text
from core.spec import GroupSpec, VersionSpec

TIME = pa.timestamp("us")


class Event(NamedTuple):
    """A row of the log as one group sees it: its entity, its time (us), the row, and which row of the batch it is."""

    key: str
    time: int
    row: LogRow
    at: int = -1


class Columns(Protocol):
    """Columns of all rows of a batch, made once for all groups that read them."""

    def column(self, name: str, column_type: types.ColumnType) -> tuple[pa.Array, Collection[int]]:
        """-> (values of the type, the indices of rows whose value does not fit)."""

    def texts(self, key: str) -> pa.Array:
        """An entity key of each row as text, NULL where it is no key."""


@dataclass(frozen=True)
class Misfit:
    """An event whose column does not fit the group's type."""

    event: Event
    detail: str


def input_schema(spec: GroupSpec, version: VersionSpec, column_types: Mapping[str, str]) -> pa.Schema:
    """The Arrow schema of input_data: __run, keys, the time column, the input columns, __pos."""
    fields = [pa.field("__run", pa.int64())]
    fields += [pa.field(key, pa.string()) for key in spec.entity]
    fields.append(pa.field(spec.timestamp_column, TIME))
    fields += [pa.field(name, types.arrow_type(types.parse_type(column_types[name]))) for name in version.input_columns]
    fields.append(pa.field("__pos", pa.int64()))
    return pa.schema(fields)


def fitting(
    version: VersionSpec, column_types: Mapping[str, str], events: Sequence[Event], batch: Columns | None = None
) -> tuple[list[Event], list[Misfit]]:
    """Events whose columns all fit the types, and those that do not. batch: whose rows they are."""
    bad: dict[int, str] = {}
    for name in version.input_columns:
        column_type = types.parse_type(column_types[name])
        if batch is not None:
            misfits = batch.column(name, column_type)[1]
            wrong = [i for i, e in enumerate(events) if e.at in misfits] if misfits else []
        else:
            _, wrong = types.coerce_column(column_type, [e.row.row.get(name) for e in events])
        for i in wrong:
            bad.setdefault(i, f"{name} is not {column_type}")
    if not bad:
        return list(events), []
    return [e for i, e in enumerate(events) if i not in bad], [Misfit(events[i], detail) for i, detail in sorted(bad.items())]


def input_table(
    spec: GroupSpec,
    version: VersionSpec,
    column_types: Mapping[str, str],
    events: Sequence[Event],
    runs: Sequence[int],
    batch: Columns | None = None,
) -> pa.Table:
    """Fitting events -> input_data; `runs[i]` is the run of events[i]. batch: whose rows they are."""
    arrays = [pa.array(runs, pa.int64())]
    if batch is not None:
        chosen = pa.array([e.at for e in events], pa.int64())
        arrays += [batch.texts(key).take(chosen) for key in spec.entity]
    else:
        arrays += [pa.array([key_text(e.row.row[key]) for e in events], pa.string()) for key in spec.entity]
    arrays.append(pa.array([e.time for e in events], pa.int64()).cast(TIME))
    for name in version.input_columns:
        column_type = types.parse_type(column_types[name])
        if batch is not None:
            arrays.append(batch.column(name, column_type)[0].take(chosen))
            continue
        values, wrong = types.coerce_column(column_type, [e.row.row.get(name) for e in events])
        if wrong:
            raise AssertionError(f"{len(wrong)} events do not fit {name}: leave them out with fitting()")
        arrays.append(values)
    arrays.append(pa.array([e.row.position for e in events], pa.int64()))
    return pa.Table.from_arrays(arrays, schema=input_schema(spec, version, column_types))


def size_of(column_types: Mapping[str, str], events: Sequence[Event]) -> float:
    """The sum of events' numbers and, for spreads, of their squares: doubles made of them may differ by a small part of it."""
    numbers = [
        abs(float(value))
        for name, kind in column_types.items()
        if kind == "DOUBLE"
        for event in events
        if isinstance(value := event.row.row.get(name), int | float)
    ]
    return max(1.0, sum(numbers), sum(min(n, 1e150) ** 2 for n in numbers))
