"""Entities behind the gate, for tests: rows, readers, and time that goes on until something is so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from core.clock import MICRO
from serving import lookup
from tests.processing.world import PROJECT, World, at

SQL = (
    "SELECT user_id, COUNT(*) AS n, SIZE(ARRAY_DISTINCT(COLLECT_LIST(kind))) AS kinds, SUM(amount) AS total FROM input_data"
    " GROUP BY user_id"
)
COLUMNS = {"amount": "BIGINT", "kind": "STRING"}
MINUTE = 60 * MICRO


def row(user: str, seconds: float, amount: int = 1, kind: str = "a", **more: Any) -> dict[str, Any]:
    return {"user_id": user, "amount": amount, "kind": kind, "timestamp": at(seconds), **more}


def seen(world: World, user: str = "u", group: str = "g") -> dict[str, Any]:
    """What a reader sees now: {feature: (status, value)}."""
    world.settle()  # the heartbeat too
    values = lookup.values(PROJECT, group, {"user_id": user}, clock=world.clock)["values"]
    return {name: (one["status"], one["value"]) for name, one in values.items()}


def until(world: World, condition: Callable[[], bool], seconds: float = 30) -> None:
    """Step until something is so; the engine works beside the steps."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        if not world.applier.step():
            time.sleep(0.01)


def fresh_again(world: World, user: str = "u", group: str = "g") -> Callable[[], bool]:
    def so() -> bool:
        record = world.record(group, user)
        return record is not None and not record.failed

    return so


def minutes_until(world: World, condition: Callable[[], bool], most: int = 5) -> None:
    """Minute after minute, each worked through, until something is so."""
    for _ in range(most):
        next_minute(world)
        calm = time.monotonic()
        while time.monotonic() < calm + 0.3:  # longer than a small computation in the engine takes
            if condition():
                return
            if world.applier.step():
                calm = time.monotonic()
            time.sleep(0.005)
    raise AssertionError("it did not come to pass")


def next_minute(world: World) -> None:
    world.clock = (world.clock // MINUTE + 1) * MINUTE


def gauge(metric: Any, group: str = "g") -> float:
    return metric.labels(project=PROJECT, group=group)._value.get()
