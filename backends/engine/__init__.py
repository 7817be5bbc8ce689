"""Engines: where rendered SQL runs. `engine()` is the configured one."""

from __future__ import annotations

import os
import threading

from backends.engine.base import Engine, EngineFailed
from backends.engine.duckdb import DuckDb
from backends.engine.spark import Spark

__all__ = ["Engine", "EngineFailed", "engine"]

_ENGINES: dict[str, type[Engine]] = {"duckdb": DuckDb, "spark": Spark}
_made: dict[str, Engine] = {}
_lock = threading.Lock()


def engine(name: str | None = None) -> Engine:
    """The engine of this name, or of JSTORE_ENGINE (duckdb by default); one for each process, started at its first job."""
    wanted = (name or os.environ.get("JSTORE_ENGINE") or "duckdb").lower()
    if wanted not in _ENGINES:
        raise ValueError(f"JSTORE_ENGINE is {wanted!r}; {', '.join(_ENGINES)} are known")
    with _lock:
        if wanted not in _made:
            _made[wanted] = _ENGINES[wanted]()
        return _made[wanted]
