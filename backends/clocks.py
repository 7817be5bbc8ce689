"""How far this host's clock stands from those of the stores. Windows end at the clock of whoever reads or applies, and arrivals
are stamped by whoever stores them, so hosts that disagree give values of different moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from redis import Redis

from backends import metrics
from core.clock import MICRO, now_us

MOST = 0.25  # seconds; beyond that somebody should look at NTP
_TRIES = 3


@dataclass(frozen=True)
class Skew:
    """This host's clock less the store's, in seconds; what was on the way makes it uncertain by so much on both sides."""

    seconds: float
    uncertain: float

    @property
    def alarming(self) -> bool:
        """Whether it is beyond what NTP leaves, for certain."""
        return abs(self.seconds) - self.uncertain > MOST


def measured(ask: Callable[[], int]) -> Skew:
    """`ask` -> a store's clock in us. The fastest of three answers counts."""
    found = []
    for _ in range(_TRIES):
        before = now_us()
        there = ask()
        after = now_us()
        found.append(Skew(((before + after) / 2 - there) / MICRO, abs(after - before) / 2 / MICRO))
    return min(found, key=lambda skew: skew.uncertain)


def skews(redis: Redis, database: BaseDatabaseWrapper) -> Mapping[str, Skew]:
    """{"redis": …, "postgres": …}, also as a metric. Raises RedisError and DatabaseError."""

    def of_redis() -> int:
        seconds, micros = redis.time()
        return int(seconds) * MICRO + int(micros)

    def of_postgres() -> int:
        with database.cursor() as c:
            c.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            return int(c.fetchone()[0])

    found = {"redis": measured(of_redis), "postgres": measured(of_postgres)}
    for store, skew in found.items():
        metrics.CLOCK_SKEW.labels(store=store).set(skew.seconds)
    return found
