"""A store in which a process can die, or be overtaken, at any of its calls: between two of them nothing happens outside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from processing.applier import Applier
from tests import oracle
from tests.processing.world import ALWAYS, World

CALLS = ("cursors", "records", "gather", "write", "sweep", "due")


class Killed(BaseException):
    """The process is gone; nobody catches it."""


class Doors(OnlineStore):
    """`at(n, what)`: before or after its n-th call from now something happens: `what` runs, which may raise Killed."""

    def __init__(self) -> None:
        super().__init__(client())
        self.calls = 0
        self._at: tuple[int, bool, Callable[[], object]] | None = None

    def at(self, call: int, what: Callable[[], object], *, after: bool = False) -> None:
        self.calls, self._at = 0, (call, after, what)

    def nothing(self) -> None:
        """Whatever was to happen no longer will."""
        self._at = None

    def _passed(self, call: Callable[[], Any]) -> Any:
        self.calls += 1
        due = self._at
        if due is None or due[0] != self.calls:
            return call()
        self._at = None  # once, and not in what it does
        _, after, what = due
        if after:
            answer = call()
            what()
            return answer
        what()
        return call()


def _door(name: str) -> Any:
    real = getattr(OnlineStore, name)

    def call(self: Doors, *args: Any, **more: Any) -> Any:
        return self._passed(lambda: real(self, *args, **more))

    return call


for _name in CALLS:
    setattr(Doors, _name, _door(_name))


class Process:
    """An applier with a memory of its own, on a host whose clock is a little off."""

    def __init__(self, world: World, skew: float) -> None:
        self.doors, self._world, self._skew = Doors(), world, round(skew * oracle.SECOND)
        self.applier = Applier(self.doors, range(BUCKETS), rhythm=ALWAYS)

    def step(self) -> bool:
        """One round; whoever works in the middle of it has a clock of its own."""
        clock = self._world.clock
        self._world.clock = clock + self._skew
        try:
            return self.applier.step()
        finally:
            self._world.clock = clock
