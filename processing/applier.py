"""The long-lived applier of a range of buckets: log in position order, loads of new versions, sweeps, heartbeats of idle cursors.

Each step is a small method that says whether there is more to do now. What it remembers (cursors, specs) is a guess that every write
checks in Redis; whatever is refused is read again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg2
import redis
import structlog
from django.db import Error as DatabaseError

from backends import metrics
from backends.engine import Engine
from backends.offline import log, log_reading, tables
from backends.offline.log import Head
from backends.offline.routed import Routed
from backends.online import published
from backends.online.store import BucketWrite, OnlineStore
from core.clock import MICRO, now_us
from core.errors import NotFound, Unavailable
from core.record import WHOLE, Cursor
from core.spec import GroupSpec, VersionSpec
from features import selectors, services
from processing import settle
from processing.apply import Target, apply_batch
from processing.load import drop, load
from processing.sweep import due_entities, sweep

BATCH = 2000  # rows; with 16 buckets a write stays near a hundred entities, so Redis is never held for long
HEARTBEAT = 2 * MICRO  # cursors of idle buckets are renewed; readers call 20 s stale
REGISTRY = 1 * MICRO  # the registry is compared with what is published: after a crash Redis may have forgotten a definition
REFRESH = 5 * MICRO  # cursors are read again, in case another process moved them
_logger = structlog.get_logger(__name__)
STORE_DOWN = (DatabaseError, psycopg2.Error, redis.RedisError, Unavailable)  # waited for by the command's loop
Place = tuple[str, int]  # (version code, bucket)
Read = Callable[[str, int, int, int], list[log_reading.LogRow]]  # project, after, limit, upto


class Applier:
    """One process's share of the work in every project."""

    def __init__(
        self,
        store: OnlineStore,
        buckets: Sequence[int],
        on: Engine | None = None,
        read: Read = log_reading.read,
        apply: bool = True,
    ) -> None:
        """on: the engine (the configured one without); read: where rows come from; apply: whether batches are this process's work."""
        self._store, self._buckets, self._on, self._read, self._apply = store, tuple(buckets), on, read, apply
        self._cursors: dict[str, dict[Place, Cursor | None]] = defaultdict(dict)
        self._beaten: dict[str, int] = defaultdict(int)
        self._refreshed: dict[str, int] = defaultdict(int)
        self._compared: dict[str, int] = defaultdict(int)
        self._swept: dict[str, int] = defaultdict(int)
        self._projects: tuple[int, list[str]] = (0, [])
        self._parked: dict[str, tuple[int, int]] = {}  # version code -> (until, how often in a row)

    def step(self) -> bool:
        """One round over all projects. -> whether there is more to do now."""
        more = False
        for project in self.projects():
            more = self.step_project(project) or more
        return more

    def projects(self) -> list[str]:
        """Projects with a log or with definitions."""
        now = now_us()
        if not 0 <= now - self._projects[0] <= REGISTRY:
            self._projects = (now, sorted({*log.projects(), *selectors.projects()}))
        return self._projects[1]

    def forget(self) -> None:
        """After a store was down: what is remembered of it may be more than it still has."""
        self._cursors.clear()
        self._compared.clear()
        self._projects = (0, [])

    def step_project(self, project: str) -> bool:
        """One round over one project: refresh, drop, load, apply, sweep, heartbeat."""
        now = now_us()
        if now - self._compared[project] > REGISTRY:
            services.ensure_published(project)
            self._compared[project] = now
        if now - self._refreshed[project] > REFRESH:
            self._cursors[project].clear()
            self._refreshed[project] = now
        specs = published.published(project).groups
        self._drop(project)
        head = log.head(project)
        targets = self._targets(project, list(specs.values()))
        for spec, version in targets:
            with self._parking(spec, version):
                self._load(spec, version, head)
        more = self._apply_next(project, targets, head) if self._apply else False
        self._sweep(project, targets)
        self._beat(project, targets, head)
        return more

    def _targets(self, project: str, specs: list[GroupSpec]) -> list[tuple[GroupSpec, VersionSpec]]:
        """The versions that are kept up, with their cursors known."""
        now = now_us()
        targets = [
            (spec, version)
            for spec in specs
            if not spec.deleted
            for version in spec.versions.values()
            if version.status != "retired" and self._parked.get(version.code, (0, 0))[0] <= now
        ]
        known = self._cursors[project]
        missing = [
            (version.code, bucket) for _, version in targets for bucket in self._buckets if (version.code, bucket) not in known
        ]
        known.update(zip(missing, self._store.cursors(project, missing), strict=True))
        return targets

    def _load(self, spec: GroupSpec, version: VersionSpec, head: Head) -> None:
        """Buckets that Redis does not hold wholly are made from the log."""
        known = self._cursors[spec.project]
        before = {b: known[version.code, b] for b in self._buckets}
        before = {b: cursor for b, cursor in before.items() if cursor is None or not cursor.whole or self._foreign(cursor, head)}
        if not before:
            return
        started = time.monotonic()
        settled = self._settled(spec, version, head.position)
        if settled is None:
            return
        loaded = load(self._store, *settled, before, head, self._on)
        for bucket in before:
            known.pop((version.code, bucket), None)
        known.update({(version.code, bucket): cursor for bucket, cursor in loaded.items()})
        _logger.info(
            "loaded",
            group=spec.name,
            version=version.number,
            buckets=len(loaded),
            position=head.position,
            seconds=round(time.monotonic() - started, 3),
        )

    @contextmanager
    def _parking(self, spec: GroupSpec, version: VersionSpec) -> Iterator[None]:
        """One version's trouble is its own: it is left aside for a while, with its reason, and its values turn STALE; the others go on."""
        try:
            yield
        except STORE_DOWN:
            raise
        except Exception as error:
            times = self._parked.get(version.code, (0, 0))[1] + 1
            self._parked[version.code] = (now_us() + min(2**times, 300) * MICRO, times)
            metrics.PARKED.labels(group=spec.name).inc()
            _logger.exception("parked", group=spec.name, version=version.number, error=repr(error)[:500])
            for bucket in self._buckets:
                self._cursors[spec.project].pop((version.code, bucket), None)
        else:
            self._parked.pop(version.code, None)

    @staticmethod
    def _foreign(cursor: Cursor, head: Head) -> bool:
        """A cursor of another history of the database, or one beyond its end."""
        return (cursor.system, cursor.timeline) != (head.system, head.timeline) or cursor.position > head.position

    def _settled(self, spec: GroupSpec, version: VersionSpec, upto: int) -> tuple[GroupSpec, VersionSpec] | None:
        """The group with every type that the log up to a position decides; None where the version is gone meanwhile."""
        try:
            spec = settle.settle(spec, version, upto)
        except NotFound:
            return None
        current = spec.versions.get(version.number)
        return (spec, current) if current is not None and current.code == version.code else None

    def _apply_next(self, project: str, targets: list[tuple[GroupSpec, VersionSpec]], head: Head) -> bool:
        """The next batch for those that are furthest behind. -> whether anybody is still behind."""
        known = self._cursors[project]
        behind: dict[int, list[tuple[GroupSpec, VersionSpec, dict[int, Cursor]]]] = defaultdict(list)
        for spec, version in targets:
            at: dict[int, dict[int, Cursor]] = defaultdict(dict)
            for bucket in self._buckets:
                cursor = known.get((version.code, bucket))
                if cursor is not None and cursor.whole and cursor.position < head.position:
                    at[cursor.position][bucket] = cursor
            for position, cursors in at.items():
                behind[position].append((spec, version, cursors))
        metrics.APPLIER_LAG.labels(project=project).set(head.position - min(behind, default=head.position))
        if not behind:
            return False
        positions = sorted(behind)
        upto = min(positions[0] + BATCH, positions[1] if len(positions) > 1 else head.position, head.position)
        rows = Routed(self._read(project, positions[0], BATCH, upto))
        started = time.monotonic()
        for spec, version, cursors in behind[positions[0]]:
            with self._parking(spec, version):
                self._apply_one(spec, version, cursors, rows, upto, head)
        seconds = time.monotonic() - started
        metrics.PROCESSED.inc(len(rows.rows) * len(behind[positions[0]]))
        metrics.PROCESSING_TIME.set(seconds)
        metrics.BATCH_DURATION.observe(seconds)
        return upto < head.position or len(positions) > 1

    def _apply_one(
        self, spec: GroupSpec, version: VersionSpec, cursors: dict[int, Cursor], rows: Routed, upto: int, head: Head
    ) -> None:
        if settle.decides(spec, version, rows.rows):
            settled = self._settled(spec, version, upto)
            if settled is None:
                return
            spec, version = settled
        moved = apply_batch(self._store, Target(spec, version, cursors), rows, upto, head, now_us(), self._on)
        known = self._cursors[spec.project]
        for bucket in cursors:
            known.pop((version.code, bucket), None)
        known.update({(version.code, bucket): cursor for bucket, cursor in moved.items()})

    def _sweep(self, project: str, targets: list[tuple[GroupSpec, VersionSpec]]) -> None:
        now = now_us()
        if now - self._swept[project] < MICRO // 2:
            return
        self._swept[project] = now
        known = self._cursors[project]
        whole = {place: cursor for place, cursor in known.items() if cursor is not None and cursor.whole}
        places = [(version.code, bucket) for _, version in targets for bucket in self._buckets if (version.code, bucket) in whole]
        due = due_entities(self._store, project, places, now)
        for spec, version in targets:
            if version.code in due:
                cursors = {bucket: whole[version.code, bucket] for bucket in due[version.code]}
                with self._parking(spec, version):
                    sweep(self._store, spec, version, cursors, due[version.code], now, self._on)

    def _beat(self, project: str, targets: list[tuple[GroupSpec, VersionSpec]], head: Head) -> None:
        """Say of idle buckets that they still equal the head."""
        now = now_us()
        if now - self._beaten[project] < HEARTBEAT:
            return
        self._beaten[project] = now
        known = self._cursors[project]
        writes = []
        for _, version in targets:
            for bucket in self._buckets:
                cursor = known.get((version.code, bucket))
                if cursor is not None and cursor.whole and cursor.position == head.position:
                    writes.append(
                        BucketWrite(
                            version.code,
                            bucket,
                            cursor.fence,
                            Cursor(cursor.epoch, cursor.position, now, WHOLE, head.system, head.timeline),
                        )
                    )
        for w, good in zip(writes, self._store.write(project, writes), strict=True) if writes else ():
            if not good:
                known.pop((w.code, w.bucket), None)

    def _drop(self, project: str) -> None:
        """Values and tables of withdrawn versions go; the applier of bucket 0 has the last word on a code."""
        codes = published.dropped(project)
        for code in codes:
            drop(self._store, project, code, self._buckets)
            if 0 in self._buckets:
                tables.drop(code)
        if 0 in self._buckets:
            published.forget_dropped(project, codes)
