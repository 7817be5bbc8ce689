"""What a process believes of the cursor records of one project. A guess: every write is refused unless Redis holds the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backends.online.store import OnlineStore
from core.record import Cursor

Place = tuple[str, int]  # (version code, bucket)


class Cursors:
    """The cursors known, by version and bucket; None where Redis has none."""

    def __init__(self, store: OnlineStore, project: str) -> None:
        self._store, self._project = store, project
        self._known: dict[Place, Cursor | None] = {}

    def read(self, places: Iterable[Place]) -> None:
        """Read those that are not known."""
        missing = [place for place in places if place not in self._known]
        self._known.update(zip(missing, self._store.cursors(self._project, missing), strict=True))

    def known(self, code: str, buckets: Iterable[int]) -> dict[int, Cursor | None]:
        """{bucket: cursor, or None where Redis has none} of one version, for buckets that were read."""
        return {bucket: self._known[code, bucket] for bucket in buckets if (code, bucket) in self._known}

    def whole(self, code: str, buckets: Iterable[int]) -> dict[int, Cursor]:
        """The cursors of the buckets that Redis holds wholly."""
        found = {bucket: self._known.get((code, bucket)) for bucket in buckets}
        return {bucket: cursor for bucket, cursor in found.items() if cursor is not None and cursor.whole}

    def moved(self, code: str, buckets: Iterable[int], cursors: Mapping[int, Cursor]) -> None:
        """After a write to these buckets: where it was taken the cursor is this, the others are to be read again."""
        for bucket in buckets:
            self._known.pop((code, bucket), None)
        self._known.update({(code, bucket): cursor for bucket, cursor in cursors.items()})

    def forget(self, code: str | None = None) -> None:
        """To be read again: all, or those of one version."""
        self._known = {} if code is None else {place: cursor for place, cursor in self._known.items() if place[0] != code}
