"""Waiting until accepted rows show online."""

from __future__ import annotations

import time
from collections.abc import Sequence

from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from core.spec import GroupSpec, VersionSpec

MOST_SECONDS = 30.0
_SHORTEST, _LONGEST = 0.003, 0.015


def wait_applied(project: str, versions: Sequence[tuple[GroupSpec, VersionSpec]], position: int, seconds: float) -> bool:
    """Until every bucket of these versions is whole and at `position` or beyond. -> False when the time is up first."""
    store = OnlineStore(client())
    places = [(part.code, bucket) for _, version in versions for part in version.parts for bucket in range(BUCKETS)]
    end = time.monotonic() + min(seconds, MOST_SECONDS)
    pause = _SHORTEST
    while places:
        found = store.cursors(project, places)
        places = [
            place
            for place, cursor in zip(places, found, strict=True)
            if cursor is None or not cursor.whole or cursor.position < position
        ]
        if not places or time.monotonic() >= end:
            break
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(1.5 * pause, _LONGEST)
    return not places
