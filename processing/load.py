"""A version's buckets made from the log in bulk: new versions, and whatever Redis has lost.

The cursor of a bucket says rebuilding under a new epoch until all of it is written; readers answer STALE meanwhile. Every entity
is written whole, so a load that was killed begins again with the buckets that are left and leaves nothing double.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from backends.engine import Engine
from backends.offline import log_reading
from backends.offline.evaluate import pair_of
from backends.offline.log import Head
from backends.offline.pairs import Pair, indexing
from backends.offline.program import program
from backends.offline.retention import Purged
from backends.online.store import BucketWrite, EntityWrite, OnlineStore
from core.clock import now_us
from core.record import REBUILDING, WHOLE, Cursor
from core.spec import GroupSpec, VersionSpec
from processing import quarantine
from processing.apply import Target, rebuild, write_standing

_CHUNK = 500  # entities per computation
_EVENTS = 50_000  # about as many events per computation: what is held in memory, and how long one takes


def load(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    before: Mapping[int, Cursor | None],
    head: Head,
    on: Engine | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> dict[int, Cursor]:
    """Load buckets to the head. `before`: their cursors as found, None where there was none. -> cursors of those loaded.

    tell: is told the share of the buckets that are done, after each piece.
    """
    work = loading(store, spec, version, before, head, on)
    while True:
        try:
            tell(next(work))
        except StopIteration as done:
            cursors: dict[int, Cursor] = done.value
            return cursors


def loading(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    before: Mapping[int, Cursor | None],
    head: Head,
    on: Engine | None = None,
) -> Generator[float, None, dict[int, Cursor]]:
    """The same in pieces of a second or less, each giving the share of the buckets that are done. A bucket that somebody else
    opens meanwhile is theirs."""
    cursors = _open(store, spec, version, before, head)
    yield 0.0
    for _ in indexing(spec.project, spec.entity, spec.timestamp_column, spec.time_kind):
        yield 0.0
    for _ in quarantine.note_earlier(spec, version, pair_of(spec), cursors, head.position):
        yield 0.0
    if any(old is not None for old in before.values()):
        for _ in _forget_lost(store, spec, version, cursors):
            yield 0.0
    done: dict[int, Cursor] = {}
    for n, bucket in enumerate(list(cursors)):
        for keys in chunks(pair_of(spec), version.code, bucket):
            try:
                built = rebuild(program(spec, version), keys, head.position, now_us(), on)
            except Purged:  # rows beyond this head are in checkpoints by now: it is begun again from a later one
                return done
            moved = write_standing(store, Target(spec, version, {bucket: cursors[bucket]}), built, head, now_us())
            if not moved:
                break
            cursors |= moved
            yield n / len(before)
        else:
            done |= _close(store, spec, version, bucket, cursors[bucket], head)
    return done


def _open(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, before: Mapping[int, Cursor | None], head: Head
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


def chunks(pair: Pair, code: str, bucket: int) -> Iterator[Sequence[str]]:
    """The entities of a bucket in order, of the log and of the version's checkpoints; one at a time, or as many as have not too
    many events together."""
    after = ""
    while counted := log_reading.counts_of(pair, code, bucket, after, _CHUNK):
        keys: list[str] = []
        events = 0
        for key, count in counted:
            events += count
            if keys and events > _EVENTS:
                break
            keys.append(key)
        after = keys[-1]
        yield keys


def _forget_lost(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, cursors: dict[int, Cursor]
) -> Generator[None, None, None]:
    """Delete what Redis holds of entities that the log does not know: it is of a history that was lost, and their next event
    would be merged into it."""
    pair = pair_of(spec)
    for places in store.entities(spec.project, list(cursors), version.code):
        for bucket in {bucket for bucket, _ in places} & cursors.keys():
            keys = [key for at, key in places if at == bucket]
            lost = sorted(set(keys) - log_reading.known(pair, version.code, bucket, keys))
            if lost:
                old, gone = cursors[bucket], [EntityWrite(key, b"", None, fresh=True) for key in lost]
                new = Cursor(old.epoch, old.position + 1, old.equal_at, old.state, old.system, old.timeline)
                (taken,) = store.write(spec.project, [BucketWrite(version.code, bucket, old.fence, new, gone)])
                if taken:
                    cursors[bucket] = new
                else:
                    del cursors[bucket]
        yield


def _close(
    store: OnlineStore, spec: GroupSpec, version: VersionSpec, bucket: int, cursor: Cursor, head: Head
) -> dict[int, Cursor]:
    """The bucket is whole as of the head. What came after that was read is not in it: the cursor says when that was."""
    whole = Cursor(cursor.epoch, head.position, head.seen, WHOLE, head.system, head.timeline)
    (taken,) = store.write(spec.project, [BucketWrite(version.code, bucket, cursor.fence, whole)])
    return {bucket: whole} if taken else {}
