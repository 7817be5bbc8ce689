"""What processes cost: CPU seconds and resident memory by role, read from the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

ROLES = ("consumer", "applier", "applier's DuckDB", "postgres", "valkey", "broker", "web, worker, beat")
FLAT = ("consumer", "applier", "applier's DuckDB")
"""Roles whose memory must not grow with the stream; Valkey holds what it is given, and PostgreSQL's is its shared cache."""

Roots = Mapping[str, Sequence[psutil.Process]]


@dataclass(frozen=True)
class Usage:
    """At one moment: role -> CPU seconds since its processes began; role -> MiB."""

    cpu: Mapping[str, float]
    memory: Mapping[str, float]


def usage(roots: Roots) -> Usage:
    """Of every role; a process that has not started yet has used nothing."""
    cpu, memory = dict.fromkeys(ROLES, 0.0), dict.fromkeys(ROLES, 0.0)
    for role, processes in roots.items():
        below = "applier's DuckDB" if role == "applier" else role
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                own = process.cpu_times()
                cpu[role] += own.user + own.system
                cpu[below] += own.children_user + own.children_system  # of children that have ended
                memory[role] += process.memory_info().rss / 2**20
                for child in process.children(recursive=True):
                    with suppress(psutil.NoSuchProcess):
                        times = child.cpu_times()
                        cpu[below] += times.user + times.system + times.children_user + times.children_system
                        if role != "postgres":  # its backends share the postmaster's memory
                            memory[below] += child.memory_info().rss / 2**20
    return Usage(cpu, memory)


def spent(before: Usage, after: Usage, events: int) -> dict[str, float]:
    """Role -> CPU seconds per 10,000 events."""
    return {role: max(0.0, after.cpu[role] - before.cpu[role]) / max(1, events) * 10_000 for role in ROLES}
