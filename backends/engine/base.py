"""The engine room's door: run rendered SQL over Arrow tables. Blocking and thread-safe; the caller supplies the waiting.

Times are `timestamp[us]` without a zone, in UTC, going in and coming out; integers come out as int64 and floats as float64.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import pyarrow as pa


class EngineFailed(Exception):
    """An engine gave no answer. `kind`: "sql" (it refused or stumbled over the query or its rows), "timeout" (over the
    deadline), or "killed" (the process ended on its own, by a limit on its memory or time)."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Engine(ABC):
    """Runs one SELECT over named tables."""

    dialect: str

    @abstractmethod
    def run(self, sql: str, tables: Mapping[str, pa.Table], *, deadline_s: float = 30) -> pa.Table:
        """The rows of `sql` over `tables`. Raises EngineFailed after `deadline_s` seconds at the latest (Spark: as soon as
        it can)."""

    def describe(self, sql: str, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
        """The schema that `run` would give over tables of these schemas. Raises EngineFailed where the SQL does not check."""
        return self.run(sql, {name: schema.empty_table() for name, schema in schemas.items()}).schema

    @abstractmethod
    def close(self) -> None:
        """Let go of processes and sessions; a later run starts them anew."""
