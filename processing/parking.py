"""One version's trouble is its own: it is left aside for a while and its values turn STALE, while the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from backends import metrics
from backends.offline.program import NewerLayout
from core.errors import Unavailable
from core.spec import GroupSpec, VersionSpec
from processing.stores import store_is_away

LONGEST = 300.0
_logger = structlog.get_logger(__name__)


def _of_the_registry(error: Exception) -> bool:
    """On a server of its own it may be down alone, and only versions whose types are being decided ask it."""
    return isinstance(error, Unavailable) and error.code == "registry_down"


class Parking:
    """Which versions are left aside, until when, and how often in a row."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, int]] = {}

    def holds(self, version: VersionSpec) -> bool:
        """Whether a version is left aside now."""
        return self._until.get(version.code, (0.0, 0))[0] > time.monotonic()

    def release(self) -> None:
        """Everybody may try again at once."""
        now = time.monotonic()
        self._until = {code: (now, times) for code, (_, times) in self._until.items()}

    @contextmanager
    def around(self, spec: GroupSpec, version: VersionSpec, give_up: Callable[[str], None]) -> Iterator[None]:
        """Work on one version. A store that is away is everybody's trouble and passes; after others `give_up(code)`."""
        try:
            yield
        except NewerLayout:
            give_up(version.code)  # nothing is wrong: the next round knows the types
        except Exception as error:
            if store_is_away(error) and not _of_the_registry(error):
                raise
            now = time.monotonic()
            until, times = self._until.get(version.code, (now, 0))
            # what went well in between (a sweep, nothing to load) says nothing; a long while without trouble does
            times = 1 if now - until > LONGEST else times + 1
            self._until[version.code] = (now + min(2.0**times, LONGEST), times)
            metrics.PARKED.labels(group=spec.name).inc()
            _logger.exception("parked", group=spec.name, version=version.number, error=repr(error)[:500])
            give_up(version.code)
