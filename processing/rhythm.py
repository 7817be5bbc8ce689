"""How often an applier's rounds do what not every round must do."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Rhythm:
    """Seconds between two of the same kind."""

    registry: float = 1.0  # the registry is compared with what is published: after a crash Redis may have forgotten a definition
    refresh: float = 5.0  # cursors are read again, in case another process moved them
    sweep: float = 0.5
    beat: float = 2.0  # cursors of idle buckets are renewed; readers call 20 s stale
    drop: float = 10.0  # a withdrawn version is forgotten only after all appliers had time to see that it is


class Every:
    """Due at first, then once in so many seconds; by the monotonic clock: a wall clock that is set back must stop nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._next = seconds, 0.0

    def due(self) -> bool:
        """Whether it is time; if so the next time is counted from now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
