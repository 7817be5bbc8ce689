"""Values and tables of withdrawn versions go."""

from __future__ import annotations

import time
from collections.abc import Sequence

from backends.offline import checkpoints, tables
from backends.offline.pairs import BUCKETS
from backends.online import published
from backends.online.store import OnlineStore


class Dropping:
    """Each applier drops its own buckets at once. Who holds bucket 0 has the last word: it waits until all had time to see the
    withdrawal, drops what a late one may have written since, and forgets the version."""

    def __init__(self, store: OnlineStore, project: str, buckets: Sequence[int], wait: float) -> None:
        self._store, self._project, self._buckets, self._wait = store, project, buckets, wait
        self._seen: dict[str, float] = {}

    def step(self) -> None:
        """One look."""
        codes = published.dropped(self._project)
        now = time.monotonic()
        for code in codes - self._seen.keys():
            self._store.drop(self._project, self._buckets, code)
            self._seen[code] = now
        self._seen = {code: since for code, since in self._seen.items() if code in codes}
        if 0 in self._buckets:
            self._finish([code for code, since in self._seen.items() if now - since >= self._wait])

    def _finish(self, codes: Sequence[str]) -> None:
        for code in codes:
            self._store.drop(self._project, range(BUCKETS), code)
            tables.drop(code)
            checkpoints.drop(code)
            del self._seen[code]
        published.forget_dropped(self._project, codes)
