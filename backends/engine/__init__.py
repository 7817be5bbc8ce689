"""Engines: where rendered SQL runs. `engine()` is the local one, which checks, answers point reads and applies; Spark is for
jobs."""

from __future__ import annotations

import threading

from backends.engine.base import Engine, EngineFailed
from backends.engine.duckdb import DuckDb

__all__ = ["Engine", "EngineFailed", "engine"]

_local: list[Engine] = []
_lock = threading.Lock()


def engine() -> Engine:
    """DuckDB, one for each process, started at its first job.

    It stands beside Spark too: a check while somebody types, or V(t) of one entity, must not wait for a JVM, and both
    engines give the same answer. Who applies batches is JSTORE_ENGINE's to say (processing.spark.job makes its own
    backends.engine.spark.Spark).
    """
    with _lock:
        if not _local:
            _local.append(DuckDb())
        return _local[0]
