"""A version's buckets made from the log in bulk: new versions, and whatever Redis has lost.

The cursor says rebuilding under a new epoch until all is written; readers answer STALE meanwhile. Every entity is written whole, so a
load that was killed begins again and leaves nothing double.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from backends.engine import Engine
from backends.offline import log_reading
from backends.offline.evaluate import pair_of
from backends.offline.log import Head
from backends.offline.program import program
from backends.online.store import BucketWrite, OnlineStore
from core.clock import now_us
from core.record import REBUILDING, WHOLE, Cursor
from core.spec import GroupSpec, VersionSpec
from processing.apply import Target, rebuild
from processing.apply import write as write_batch

_CHUNK = 500  # entities per computation


def load(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    before: dict[int, Cursor | None],
    head: Head,
    on: Engine | None = None,
) -> dict[int, Cursor]:
    """Load buckets to the head. `before`: their cursors as found, None where there was none. -> cursors of the buckets that were loaded."""
    cursors = _open(store, spec, version, before, head)
    for bucket, cursor in list(cursors.items()):
        if not _load_bucket(store, spec, version, bucket, cursor, head, on):
            del cursors[bucket]
    return _close(store, spec, version, cursors, head)


def _open(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, before: dict[int, Cursor | None], head: Head
) -> dict[int, Cursor]:
    """Claim the buckets under a new epoch, larger than any before and, the clock willing, than any that was lost."""
    opened = {
        bucket: Cursor(
            max(int(time.time()), (old.epoch if old else 0) + 1),
            0,
            old.equal_at if old else 0,
            REBUILDING,
            head.system,
            head.timeline,
        )
        for bucket, old in before.items()
    }
    writes = []
    for bucket, cursor in opened.items():
        old = before[bucket]
        writes.append(BucketWrite(version.code, bucket, old.fence if old else b"", cursor))
    taken = store.write(spec.project, writes)
    return {w.bucket: opened[w.bucket] for w, good in zip(writes, taken, strict=True) if good}


def _load_bucket(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, bucket: int, cursor: Cursor, head: Head, on: Engine | None
) -> bool:
    """Write every entity of a bucket, the cursor standing still. -> False when somebody else took it over."""
    pair, after = pair_of(spec), ""
    while keys := log_reading.keys_of(pair, bucket, after, _CHUNK):
        after = keys[-1]
        built = rebuild(program(spec, version), keys, head.position, now_us(), on)
        if not write_batch(store, Target(spec, version, {bucket: cursor}), built, head, now_us(), standing=True):
            return False
    return True


def _close(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, cursors: dict[int, Cursor], head: Head
) -> dict[int, Cursor]:
    now = now_us()
    done = {bucket: Cursor(c.epoch, head.position, now, WHOLE, head.system, head.timeline) for bucket, c in cursors.items()}
    writes = [BucketWrite(version.code, bucket, c.fence, done[bucket]) for bucket, c in cursors.items()]
    taken = store.write(spec.project, writes)
    return {w.bucket: done[w.bucket] for w, good in zip(writes, taken, strict=True) if good}


def drop(store: OnlineStore, project: str, code: str, buckets: Sequence[int]) -> None:
    """Delete a withdrawn version's values in these buckets."""
    for bucket in buckets:
        store.drop(project, bucket, code)
