"""What goes wrong when: drawn from a seed, so that a run can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

KILLED = (
    *("web", "web worker", "applier", "applier-2", "consumer", "consumer-2", "worker", "beat", "valkey", "applier", "consumer"),
    *("valkey+applier", "consumer+consumer-2", "applier+applier-2"),
)
STOPPED = ("consumer", "consumer-2", "applier", "applier-2", "web", "worker", "valkey", "postgres")
# A consumer that is away for longer than this loses its partitions to another.
SESSION = 10.0


@dataclass(frozen=True)
class Fault:
    """`at`: the share of the run that has passed; `target`: a process, or several at once with +; `seconds`: of a stop."""

    at: float
    kind: str
    target: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Numbers:
    """How much of what. Everything beside is drawn."""

    messages: int
    rate: float
    kills: int
    stops: int
    cuts: int
    crashes: int = 2
    """PostgreSQL: its postmaster killed, or an immediate stop."""
    brokers: int = 1
    flushes: int = 1
    users: int = 100

    @property
    def seconds(self) -> float:
        """How long the senders take when nothing holds them up."""
        return self.messages / self.rate


def plan(seed: str, numbers: Numbers) -> list[Fault]:
    """Every fault of a run, by time. Each process is killed before one is killed again, and stopped likewise."""
    draw = random.Random(f"{seed} faults")
    faults = [Fault(0.4, "activate"), Fault(0.6, "rebuild")]
    faults += [Fault(draw.random(), "kill", target) for target in _turns(draw, KILLED, numbers.kills)]
    for number, target in enumerate(_turns(draw, STOPPED, numbers.stops)):
        # one of the first few is surely beyond the session; a server of all is held for moments only
        longest = 2.0 if target in ("valkey", "postgres", "web") else 9.0
        beyond = target.startswith("consumer") and (number < len(STOPPED) or draw.random() < 0.3)
        seconds = SESSION + draw.uniform(1, 3) if beyond else draw.uniform(0.3, longest)
        faults.append(Fault(draw.random() * 0.9, "stop", target, seconds))
    faults += [Fault(draw.random(), "cut") for _ in range(numbers.cuts)]
    faults += [Fault(draw.random(), "flush") for _ in range(numbers.flushes)]
    faults += [Fault(draw.random(), "crash", ("kill", "immediate")[n % 2]) for n in range(numbers.crashes)]
    faults += [Fault(draw.uniform(0.1, 0.9), "broker") for _ in range(numbers.brokers)]
    return sorted(faults, key=lambda one: one.at)


def _turns(draw: random.Random, targets: Iterable[str], count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        found += draw.sample(list(targets), len(list(targets)))
    return found[:count]
