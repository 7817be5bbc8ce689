"""A few warm children for the threads of this process. A job that must be killed costs its own query only."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping

import pyarrow as pa

from backends.engine.base import Engine, EngineFailed
from backends.engine.duckdb.process import Child
from backends.engine.normal import inward, outward

_JOBS_OF_A_CHILD = 10_000  # then it is replaced, so that nothing small can pile up


class DuckDb(Engine):
    """DuckDB in child processes, started at the first job and anew after each that dies or is killed.

    `children` at most run at once (JSTORE_ENGINE_CHILDREN, 2); a job beyond waits, within its deadline. `memory_mb` is
    DuckDB's own limit (JSTORE_ENGINE_MEMORY_MB, 512); the child's address space is a small multiple of it.
    """

    dialect = "duckdb"

    def __init__(self, children: int | None = None, memory_mb: int | None = None) -> None:
        self._most = children or int(os.environ.get("JSTORE_ENGINE_CHILDREN", "2"))
        self._memory_mb = memory_mb or int(os.environ.get("JSTORE_ENGINE_MEMORY_MB", "512"))
        self._reset()
        pools.add(self)

    def _reset(self) -> None:
        self._free = threading.Condition()
        self._idle: list[Child] = []
        self._count = 0

    def run(self, sql: str, tables: Mapping[str, pa.Table], *, deadline_s: float = 30) -> pa.Table:
        """See Engine.run; a text other than one SELECT is refused (kind "sql")."""
        until = time.monotonic() + deadline_s
        given = {name: inward(table) for name, table in tables.items()}
        child = self._take(until)
        try:
            return outward(child.run(sql, given, until))
        finally:
            self._give(child)

    def close(self) -> None:
        """Kill the idle children; those at work end with their job."""
        with self._free:
            for child in self._idle:
                child.kill()
            self._count -= len(self._idle)
            self._idle.clear()

    def _take(self, until: float) -> Child:
        with self._free:
            while True:
                while self._idle:
                    child = self._idle.pop()  # the warmest one
                    if child.alive:
                        return child
                    child.kill()
                    self._count -= 1
                if self._count < self._most:
                    self._count += 1
                    break
                if not self._free.wait(until - time.monotonic()):
                    raise EngineFailed("timeout", "every child of the engine was busy until the deadline")
        try:
            return Child(self._memory_mb)
        except BaseException:
            with self._free:
                self._count -= 1
                self._free.notify()
            raise

    def _give(self, child: Child) -> None:
        kept: Child | None = child
        try:
            if not child.alive or child.jobs >= _JOBS_OF_A_CHILD:
                kept = None
                child.kill()
                kept = Child(self._memory_mb)  # started now, so that it is warm when the next job comes
        finally:
            with self._free:
                if kept is None:
                    self._count -= 1
                else:
                    self._idle.append(kept)
                self._free.notify()

    def forget(self) -> None:
        """In a forked process: the children belong to the parent, this one starts its own."""
        for child in self._idle:
            child.forget()
        self._reset()


pools: weakref.WeakSet[DuckDb] = weakref.WeakSet()


def _forked() -> None:
    for pool in list(pools):
        pool.forget()


os.register_at_fork(after_in_child=_forked)
