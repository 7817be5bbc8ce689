"""Spark's door: being written."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from backends.engine.base import Engine, EngineFailed


class Spark(Engine):
    """Spark behind the same door."""

    dialect = "spark"

    def run(self, sql: str, tables: Mapping[str, pa.Table], *, deadline_s: float = 30) -> pa.Table:
        """Not there yet."""
        raise EngineFailed("sql", "the Spark engine is not there yet")

    def close(self) -> None:
        """Nothing to let go of."""
