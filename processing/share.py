"""One process's share of one project: some buckets of every version, in rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import structlog

from backends import metrics
from backends.engine import Engine
from backends.offline import log, retention
from backends.offline.log import Head
from backends.offline.log_reading import LogRow
from backends.offline.retention import Purged
from backends.offline.routed import Routed
from backends.online import published
from backends.online.store import BucketWrite, OnlineStore
from core.clock import now_us
from core.errors import NotFound, Unavailable
from core.record import WHOLE, Cursor
from core.spec import GroupSpec, VersionSpec
from features import services
from features.database import registry_up
from processing import backlog, batches, settle
from processing.apply import Target, compute_batch, put
from processing.batches import Batch
from processing.claims import Claims
from processing.cursors import Cursors
from processing.deep import Computing
from processing.dropping import Dropping
from processing.load import loading
from processing.parking import Parking
from processing.rhythm import Every, Rhythm
from processing.sweep import due_entities, few, sweep

# Rows of a batch: as many as were stored since the last one, at most so many. Large ones are cheaper, since the rows of one
# entity are one write; with 16 buckets a write is of 600 entities at most, for which Redis is held for 5 ms.
BATCH, STRAGGLERS = 10_000, 2_000
LOAD_SECONDS = 0.25  # of a round, so that a long load makes nobody else stale
# before what another process loads is asked for again; what it took over, doubled each time: else none would end
OVERTAKEN_SECONDS, LONGEST_OVERTAKEN = 1.0, 16.0
_logger = structlog.get_logger(__name__)
Read = Callable[[str, int, int, int], list[LogRow]]  # project, after, limit, upto
Targets = Sequence[tuple[GroupSpec, VersionSpec]]
Work = Generator[float, None, dict[int, Cursor]]


@dataclass(frozen=True)
class Means:
    """What a process works with. on: the engine (the configured one without); read: where rows come from; apply: whether batches
    are its work (with Spark they are a job's)."""

    store: OnlineStore
    buckets: tuple[int, ...]
    read: Read
    on: Engine | None = None
    apply: bool = True
    rhythm: Rhythm = field(default_factory=Rhythm)


class Share:
    """Each step is one round. What it remembers is a guess that every write checks in Redis; what is refused is read again."""

    def __init__(self, project: str, means: Means, parking: Parking) -> None:
        self._project, self._means, self._parking = project, means, parking
        self._cursors = Cursors(means.store, project)
        self._dropping = Dropping(means.store, project, means.buckets, means.rhythm.drop)
        self._loads: dict[str, tuple[GroupSpec, VersionSpec, Sequence[int], Work]] = {}
        self._overtaken: dict[str, tuple[float, int]] = {}  # code -> (not before, how often in a row)
        self._claims = Claims(project)
        rhythm = means.rhythm
        self._registry, self._refresh = Every(rhythm.registry), Every(rhythm.refresh)
        self._sweeps, self._beats = Every(rhythm.sweep), Every(rhythm.beat)
        # a job's process ends before such a computation does; with Spark they are the applier's, as all sweeps are
        self._deep = Computing(means.store, project, lambda: now_us()) if means.on is None else None

    def step(self) -> bool:
        """Refresh, drop, load, apply, sweep, heartbeat. -> whether there is more to do now."""
        if self._registry.due():
            self._publish()
        if self._refresh.due():
            self._cursors.forget()
        specs = published.published(self._project).groups
        self._dropping.step()
        head = log.head(self._project)
        targets = self._targets(specs)
        more = self._load(targets, head)
        if self._means.apply:
            more = self._apply(targets, head) or more
        if self._sweeps.due():
            more = self._sweep(targets) or more
        more = self._compute_deep(targets) or more
        if self._beats.due():
            self._beat(targets, head)
            backlog.tell(self._project, targets, self._cursors, self._means.buckets, self._deep, now_us())
        return more

    def _publish(self) -> None:
        """A registry on a server of its own may be down while the log and Redis are up: what is published goes on."""
        try:
            with registry_up():
                services.ensure_published(self._project)
        except Unavailable as error:
            if error.code == "redis_down":
                raise
            _logger.warning("registry_down", project=self._project, error=error.detail[:200])

    def _targets(self, specs: Mapping[str, GroupSpec]) -> Targets:
        """The versions that are kept up, of several windows their parts, with their cursors known."""
        found = [
            (spec, part)
            for spec in specs.values()
            if not spec.deleted
            for version in spec.versions.values()
            if version.status != "retired"
            for part in version.parts
            if not self._parking.holds(part)
        ]
        self._cursors.read((version.code, bucket) for _, version in found for bucket in self._means.buckets)
        return found

    def _give_up(self, code: str) -> None:
        self._cursors.forget(code)
        self._end_load(code)
        if self._deep is not None:
            self._deep.forget(code)

    def _load(self, targets: Targets, head: Head) -> bool:
        """Buckets that Redis does not hold wholly are made from the log, a part a round. -> whether there is more to load."""
        codes = {version.code for _, version in targets}
        for code in self._loads.keys() - codes:
            self._end_load(code)
        for spec, version in targets:
            if version.code not in self._loads:
                with self._parking.around(spec, version, self._give_up):
                    self._begin(spec, version, head)
        end = time.monotonic() + LOAD_SECONDS
        for spec, version, buckets, work in list(self._loads.values()):
            with self._parking.around(spec, version, self._give_up):
                self._go_on(version, buckets, work, end)
        return bool(self._loads)

    def _begin(self, spec: GroupSpec, version: VersionSpec, head: Head) -> None:
        known = self._cursors.known(version.code, self._means.buckets)
        wanted = {b: c for b, c in known.items() if c is None or not c.whole or _foreign(c, head)}
        if not wanted or self._overtaken.get(version.code, (0.0, 0))[0] > time.monotonic():
            return
        settled = self._settled(spec, version, head.position)
        claimed = self._claims.take(version.code, wanted) if settled is not None else set()
        before = {bucket: cursor for bucket, cursor in wanted.items() if bucket in claimed}
        if settled is None or not before:
            self._overtaken[version.code] = time.monotonic() + OVERTAKEN_SECONDS, 0
            return
        _logger.info("loading", group=spec.name, version=version.number, buckets=len(before), position=head.position)
        self._cursors.moved(version.code, before, {})
        self._loads[version.code] = (*settled, tuple(before), loading(self._means.store, *settled, before, head, self._means.on))

    def _end_load(self, code: str) -> None:
        if (load := self._loads.pop(code, None)) is not None:
            load[3].close()
            self._claims.release(code, load[2])

    def _go_on(self, version: VersionSpec, buckets: Sequence[int], work: Work, end: float) -> None:
        """At least one piece of a load, then more of it while there is time."""
        try:
            next(work)
            while time.monotonic() < end:
                next(work)
        except StopIteration as done:
            self._cursors.forget(version.code)  # buckets that were whole before the last one have moved on since
            self._cursors.read((version.code, bucket) for bucket in self._means.buckets)
            self._end_load(version.code)
            times = self._overtaken.pop(version.code, (0.0, 0))[1] + 1
            if len(done.value) < len(buckets):
                pause = min(OVERTAKEN_SECONDS * 2.0**times, LONGEST_OVERTAKEN)
                self._overtaken[version.code] = time.monotonic() + pause, times
            _logger.info("loaded", version=version.code, buckets=len(done.value))

    def _settled(self, spec: GroupSpec, version: VersionSpec, upto: int) -> tuple[GroupSpec, VersionSpec] | None:
        """The group with every type that the log up to a position decides; None where the version is gone meanwhile."""
        try:
            spec = settle.settle(spec, version, upto)
        except NotFound:
            return None
        current = spec.part(version.code)
        return None if current is None else (spec, current)

    def _apply(self, targets: Targets, head: Head) -> bool:
        """The next batches. -> whether anybody is still behind, or was found elsewhere than believed."""
        everybody = [(spec, version, self._standing(version.code, head)) for spec, version in targets]
        planned = batches.plan(everybody, head.position, BATCH, STRAGGLERS)
        metrics.APPLIER_LAG.labels(project=self._project).set(head.position - planned.furthest)
        refused = [self._apply_batch(batch, head) for batch in planned.batches]
        return planned.more or any(refused)

    def _standing(self, code: str, head: Head) -> dict[int, Cursor]:
        """The cursors of whole buckets from which the log can be read on."""
        whole = self._cursors.whole(code, self._means.buckets)
        return {bucket: cursor for bucket, cursor in whole.items() if not _foreign(cursor, head)}

    def _apply_batch(self, batch: Batch, head: Head) -> bool:
        """-> whether any refused it."""
        rows = Routed(self._means.read(self._project, batch.after, batch.upto - batch.after, batch.upto))
        if retention.reaches(self._project) > batch.after:  # some may have gone before they were read
            return True
        started, refused = time.monotonic(), False
        for _, parts in groupby(batch.targets, key=lambda target: (target.spec.name, target.version.number)):
            refused = not self._apply_together(list(parts), rows, batch.upto, head) or refused
        seconds = time.monotonic() - started
        metrics.PROCESSING_TIME.set(seconds)
        metrics.BATCH_DURATION.observe(seconds)
        return refused

    def _apply_together(self, parts: Sequence[Target], rows: Routed, upto: int, head: Head) -> bool:
        """The windows of a version (or what has none): computed one by one, written together. -> whether all buckets took it, or
        there is no such version any more."""
        computed, good = [], True
        for target in parts:
            with self._parking.around(target.spec, target.version, self._give_up):
                settled = self._settling(target, rows, upto)
                if settled is None:
                    continue
                try:
                    computed.append(compute_batch(self._means.store, settled, rows, upto, head, now_us(), self._means.on))
                except Purged:
                    self._cursors.moved(target.version.code, target.cursors, {})
                    good = False
        if not computed:
            return good

        def give_up(_: str) -> None:
            for one in computed:
                self._give_up(one.target.version.code)

        with self._parking.around(computed[0].target.spec, computed[0].target.version, give_up):
            for one, moved in zip(computed, put(self._means.store, self._project, computed), strict=True):
                self._cursors.moved(one.target.version.code, one.target.cursors, moved)
                good = good and len(moved) == len(one.target.cursors)
        return good

    def _settling(self, target: Target, rows: Routed, upto: int) -> Target | None:
        """The target under the types that these rows decide; None where there is no such version any more."""
        if not settle.decides(target.spec, target.version, rows.rows):
            return target
        settled = self._settled(target.spec, target.version, upto)
        return None if settled is None else Target(*settled, target.cursors)

    def _sweep(self, targets: Targets) -> bool:
        """-> whether some bucket has more due than one sweep takes."""
        whole = {version.code: self._cursors.whole(version.code, self._means.buckets) for _, version in targets}
        places = [(code, bucket) for code, cursors in whole.items() for bucket in cursors]
        due = due_entities(self._means.store, self._project, places, now := now_us())
        more = False
        for spec, version in targets:
            if version.code in due:
                found, rest = few(version, due[version.code])
                more = more or rest
                cursors = {bucket: whole[version.code][bucket] for bucket in found}
                with self._parking.around(spec, version, self._give_up):
                    sweep(self._means.store, spec, version, cursors, found, now, self._means.on, self._deep)
        return more

    def _compute_deep(self, targets: Targets) -> bool:
        """Go on with a gated entity. -> whether there is more to do at once."""
        if self._deep is None or (code := self._deep.code()) is None:
            return False
        there = [(spec, version) for spec, version in targets if version.code == code]
        if not there:
            self._deep.forget(code)
        more = False
        for spec, version in there:
            with self._parking.around(spec, version, self._give_up):
                more = self._deep.step(spec, version, self._cursors.whole(code, self._means.buckets))
        return more

    def _beat(self, targets: Targets, head: Head) -> None:
        """Say of idle buckets that they still equalled the head when it was read."""
        writes = [
            BucketWrite(
                version.code,
                bucket,
                cursor.fence,
                Cursor(cursor.epoch, cursor.position, head.seen, WHOLE, head.system, head.timeline),
            )
            for _, version in targets
            for bucket, cursor in self._cursors.whole(version.code, self._means.buckets).items()
            if cursor.position == head.position
        ]
        for w, good in zip(writes, self._means.store.write(self._project, writes) if writes else (), strict=True):
            if not good:
                self._cursors.moved(w.code, [w.bucket], {})


def _foreign(cursor: Cursor, head: Head) -> bool:
    """A cursor of another history of the database, one beyond its end, or one behind which rows may be gone that it lacks."""
    return (cursor.system, cursor.timeline) != (head.system, head.timeline) or not head.purged <= cursor.position <= head.position
