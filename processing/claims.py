"""Who loads a bucket: a lock of PostgreSQL's that ends with its holder's connection, so that two processes whose buckets overlap,
or an applier and `rebuild_online`, do not undo each other's loads. Only the fence in Redis keeps values right; this saves work.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

import structlog
from django.db import DatabaseError, connections

from core.record import Cursor

DEAD_SECONDS = 60.0  # how long a bucket that another process has claimed may stand still
_LOOK = 0.1  # seconds between two looks at who loads
_CLASS = 0x6A73_6C64  # of advisory locks: loads
_logger = structlog.get_logger(__name__)


class Claims:
    """One applier's claims in one project."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._others: dict[tuple[str, int], tuple[bytes, float]] = {}  # (code, bucket) -> its fence, and since when it has it

    def take(self, code: str, wanted: Mapping[int, Cursor | None]) -> set[int]:
        """-> those of these buckets that nobody else is loading, or that stand still while somebody claims to; see `claim`."""
        mine = claim(self._project, code, wanted)
        return {bucket for bucket, cursor in wanted.items() if bucket in mine or self._dead(code, bucket, cursor)}

    def _dead(self, code: str, bucket: int, cursor: Cursor | None) -> bool:
        fence = b"" if cursor is None else cursor.fence
        seen, since = self._others.get((code, bucket), (None, 0.0))
        if seen != fence:
            self._others[code, bucket] = fence, time.monotonic()
            return False
        return time.monotonic() - since > DEAD_SECONDS

    def release(self, code: str, buckets: Collection[int]) -> None:
        """See the function."""
        release(self._project, code, buckets)


def claim(project: str, code: str, buckets: Collection[int]) -> set[int]:
    """-> the buckets of a version that nobody else is loading; they are this process's until `release`, or until it dies."""
    return _ask(
        "SELECT bucket FROM unnest(%s) AS bucket WHERE pg_try_advisory_lock(%s, hashtext(%s || bucket))", project, code, buckets
    )


def wait(project: str, code: str, buckets: Collection[int], seconds: float = DEAD_SECONDS) -> bool:
    """The same for all of them, after whoever loads them has ended. -> False where somebody had not after so many seconds: an
    operator must not wait for a process that hangs, and its writes are refused once a bucket is opened anew."""
    until, left = time.monotonic() + seconds, set(buckets)
    while left := left - claim(project, code, left):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK)
    return True


def release(project: str, code: str, buckets: Collection[int]) -> None:
    """Others may load them. Where the connection is gone the locks are, too."""
    try:
        _ask(
            "SELECT bucket FROM unnest(%s) AS bucket WHERE pg_advisory_unlock(%s, hashtext(%s || bucket))", project, code, buckets
        )
    except DatabaseError as error:
        _logger.warning("claims_not_released", version=code, error=repr(error)[:200])
        connections["default"].close()


def _ask(sql: str, project: str, code: str, buckets: Collection[int]) -> set[int]:
    with connections["default"].cursor() as c:
        c.execute(sql, [list(buckets), _CLASS, f"{project}.{code}."])
        return {bucket for (bucket,) in c.fetchall()}
