"""The two measurements: how many events a second get from Kafka to the online store, and how long one of them takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.feed import Paced
from benchmarks.servers import PROJECT, Servers
from benchmarks.usage import FLAT, Usage, spent, usage


@dataclass
class Throughput:
    """From the start of the consumer: seconds, rows that were applied to every group, and what it cost."""

    rows: int
    applied: int
    seconds: float
    into_log: float
    """Events a second into the log, from the same start to the last row."""
    warm: float
    """Events a second after the first tenth: the start of the process left out."""
    cpu: dict[str, float] = field(default_factory=dict)
    memory: list[Usage] = field(default_factory=list)
    """At the first tenth, in the middle, at the end."""

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.applied / self.seconds

    @property
    def growth(self) -> dict[str, float]:
        """Role -> growth of its memory from the middle to the end, in percent."""
        middle, end = self.memory[1].memory, self.memory[2].memory
        return {role: (end[role] / middle[role] - 1) * 100 for role in FLAT if middle[role]}


def throughput(servers: Servers, rows: int, seconds: float | None, patience: float = 1800) -> Throughput:
    """Start the consumer on a filled topic; until everything is applied, or for so many seconds."""
    before, started = usage(servers.roots()), time.monotonic()
    servers.start_consumer()
    seen: list[tuple[float, int]] = []
    samples: list[tuple[float, Usage]] = []
    logged = 0.0
    while True:
        at = time.monotonic() - started
        applied = servers.applied() or 0
        seen.append((at, applied))
        if not logged and servers.head() >= rows:
            logged = at
        if not samples or at - samples[-1][0] >= 0.5:
            samples.append((at, usage(servers.roots())))
        if applied >= rows or at >= (seconds or patience):
            break
        time.sleep(0.1)
    samples.append((at, usage(servers.roots())))
    if seconds is None and applied < rows:
        raise RuntimeError(f"after {at:.0f} s only {applied} of {rows} rows were applied\n{servers.stack.logs(lines=8)}")
    first = next((t, n) for t, n in seen if n >= applied / 10)
    return Throughput(
        rows,
        applied,
        at,
        (rows / logged) if logged else servers.head() / at,
        (applied - first[1]) / max(1e-9, at - first[0]),
        spent(before, samples[-1][1], applied),
        [_nearest(samples, first[0]), _nearest(samples, (first[0] + at) / 2), samples[-1][1]],
    )


def _nearest(samples: Sequence[tuple[float, Usage]], at: float) -> Usage:
    return min(samples, key=lambda one: abs(one[0] - at))[1]


@dataclass
class Freshness:
    """Seconds from the moment an event was due to be sent until every group's online record shows it."""

    rate: float
    shown: list[float]
    stored: list[float]
    """Of which until the log had it."""
    cpu: dict[str, float]

    def percentile(self, percent: float) -> float:
        """Seconds within which so many percent of the events were shown."""
        return self.shown[min(len(self.shown) - 1, int(len(self.shown) * percent / 100))]


def freshness(servers: Servers, paced: Paced, rate: float, seconds: float, patience: float = 120) -> Freshness:
    """Send at a steady rate and watch the cursors, which move in one step with the records that they speak of."""
    base, before = servers.head(), usage(servers.roots())
    while (servers.applied() or 0) < base:
        time.sleep(0.1)
    sender = threading.Thread(target=paced.run, args=(seconds,), daemon=True)
    sender.start()
    steps: list[tuple[int, float]] = []
    end = time.monotonic() + seconds + patience
    while sender.is_alive() or (servers.applied() or 0) < base + len(paced.due):
        applied, at = servers.applied() or 0, time.time()
        if not steps or applied > steps[-1][0]:
            steps.append((applied, at))
        if time.monotonic() > end:
            raise RuntimeError(f"{base + len(paced.due) - applied} events were not shown {patience:.0f} s after the last")
        time.sleep(0.005)
    steps.append((servers.applied() or 0, time.time()))
    after, shown, step = usage(servers.roots()), [], iter(steps)
    position, at = next(step)
    for number, due in enumerate(paced.due, base + 1):
        while position < number:
            position, at = next(step)
        shown.append(at - due)
    ingested = servers.ask(
        "SELECT ingested_at / 1e6 FROM log_event WHERE project = %s AND position > %s ORDER BY position", PROJECT, base
    )
    stored = [float(one) - due for (one,), due in zip(ingested, paced.due, strict=True)]
    return Freshness(rate, sorted(shown), sorted(stored), spent(before, after, len(paced.due)))
