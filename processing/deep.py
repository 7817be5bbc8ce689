"""Gated entities, computed on schedule: one after the other, read a piece a round, while the engine works in its own process.

The queue is only this process's memory of whom the sweeps found due. Who is queued or computed has a later due time in Redis,
so that a process that dies leaves nobody behind.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from backends.engine import Engine, EngineFailed
from backends.offline import tables
from backends.offline.checkpoints import bases
from backends.offline.deep import Deep, TooDeep, any_before, reading
from backends.offline.evaluate import pair_of
from backends.offline.program import MULTIPLE, Program, program
from backends.offline.retention import Purged, kept
from backends.online.store import EntityState, OnlineStore
from core.clock import FOREVER
from core.record import Cursor, Record, Run
from core.spec import GroupSpec, VersionSpec
from processing import failing, quarantine
from processing.paths.built import Built, Entity, clock_for, failed
from processing.paths.gate import next_tick

SECONDS = 0.25  # of a round
DEADLINE = 60.0  # of one computation in the engine
_logger = structlog.get_logger(__name__)
T = TypeVar("T")
Place = tuple[str, int, str]  # code, bucket, key
Values = list[Any] | str | None


@dataclass(frozen=True)
class Task:
    """One entity to compute, over the log up to the cursor of its bucket; as Redis held it when the work began."""

    spec: GroupSpec
    version: VersionSpec
    entity: Entity
    record: Record
    cursor: Cursor


class Computing:
    """The gated entities of one project that this process computes."""

    def __init__(self, store: OnlineStore, project: str, clock: Callable[[], int], on: Engine | None = None) -> None:
        self._store, self._project, self._clock, self._on = store, project, clock, on
        self._queue: dict[Place, int] = {}  # since when it waits, in that order
        self._next: dict[Place, int] = {}  # not before
        self._work: tuple[Place, Generator[bool, None, float]] | None = None

    def want(self, version: VersionSpec, entity: Entity, now: int) -> int:
        """A sweep found the entity due. -> its next due time (us)."""
        place = (version.code, entity.bucket, entity.key)
        if (earliest := self._next.get(place, 0)) > now:
            return earliest
        if self._work is None or self._work[0] != place:
            self._queue.setdefault(place, now)
        return next_tick(now)

    def waiting(self, code: str) -> tuple[int, int | None]:
        """How many of a version wait for their turn, and since when the first does (us)."""
        since = [since for place, since in self._queue.items() if place[0] == code]
        return len(since), min(since, default=None)

    def forget(self, code: str) -> None:
        """The version is gone, or in trouble; its entities come due again."""
        self._queue = {place: since for place, since in self._queue.items() if place[0] != code}
        if self._work is not None and self._work[0][0] == code:
            self._work = None

    def code(self) -> str | None:
        """The version of the computation that is under way or next."""
        return self._work[0][0] if self._work is not None else next(iter(self._queue), (None,))[0]

    def step(self, spec: GroupSpec, version: VersionSpec, cursors: Mapping[int, Cursor]) -> bool:
        """Go on with the version of `code()` for a part of a round. -> whether there is more to do at once."""
        if self._work is None and (place := next(iter(self._queue))):
            del self._queue[place]
            if place[1] not in cursors:
                return bool(self._queue)
            self._work = (place, self._compute(spec, version, place, cursors[place[1]]))
        assert self._work is not None
        place, work = self._work
        end = time.monotonic() + SECONDS
        try:
            while next(work):
                if time.monotonic() > end:
                    return True
        except StopIteration as done:
            self._work = None
            self._next[place] = next_tick(self._clock(), done.value)
            self._next = {p: t for p, t in self._next.items() if t > self._clock()}
            return bool(self._queue)
        except Exception:
            self._work = None
            raise
        return False

    def _compute(self, spec: GroupSpec, version: VersionSpec, place: Place, cursor: Cursor) -> Generator[bool, None, float]:
        """Yields whether it can go on at once. -> the seconds it took."""
        started = time.monotonic()
        entity = self._entity(version, *place[1:])
        if entity is None or entity.record is None or entity.record.position > cursor.position:
            return 0.0  # gone, or written by another process since the cursor was read: it comes due again
        task = Task(spec, version, entity, entity.record, cursor)
        made = program(spec, version)
        try:
            built = yield from self._values(made, task)
        except (EngineFailed, TooDeep) as error:
            _logger.warning(
                "not_computed", group=spec.name, version=version.number, entity=place[2][:100], error=str(error)[:300]
            )
            if isinstance(error, EngineFailed):
                failing.note(made, entity, error.kind, cursor.position, self._clock(), self._on, error.detail)
            built = failed(entity, task.record.position, made.layout, self._clock(), None)
        except Purged:  # the log as it stood there cannot be told any more: it is read as it stands at the next tick
            return time.monotonic() - started
        took = time.monotonic() - started
        self._write(task, built, took)
        return took

    def _values(self, made: Program, task: Task) -> Generator[bool, None, Built]:
        pair, key, upto = pair_of(made.spec), task.entity.key, task.cursor.position
        low = made.lower(clock_for(self._clock(), [task.entity]))
        events = yield from _going_on(
            reading(made, pair, key, low, upto, lambda wrong: quarantine.note(made.spec, made.version, wrong, ()))
        )
        now, purged = clock_for(self._clock(), [task.entity]), kept(self._project)
        if purged.reaches > upto:
            raise Purged
        older = made.window is not None and not events.any_event(now)
        if older and key not in bases(purged, made, [key]):
            older = yield from _going_on(any_before(made, pair, key, now, upto))
        following, end = events.changes(made, now)
        answers: list[Values] = []
        for t in (now, following):
            if t is not None:
                answer = _aside(functools.partial(made.general_over, events.inside(made, t), [t], self._on, DEADLINE))
                while not answer.done():
                    yield False
                answers.append(answer.result().get(0))
        if MULTIPLE in answers:
            failing.note(made, task.entity, MULTIPLE, upto, now, self._on)
            return failed(task.entity, task.record.position, made.layout, now, None)
        runs = [
            _run(made, events, t, values, older) for t, values in zip((now, following), answers, strict=False) if t is not None
        ]
        record = Record(task.record.position, made.layout, tuple(runs), FOREVER if following is None or end is None else end)
        return Built(task.entity, record, answers[0])

    def _write(self, task: Task, built: Built, took: float) -> None:
        """As a sweep writes. Where events came meanwhile the values are served as STALE, until the next computation."""
        before, code = task.entity, task.version.code
        entity = self._entity(task.version, before.bucket, before.key)
        if entity is None or entity.record is None:
            return
        moved = entity.state.record != before.state.record
        if moved and not entity.broken:
            return  # it was computed meanwhile, since it has fewer events now
        if moved or built.record.failed:
            record = built.record._replace(position=entity.record.position, failed=True)
            written = Built(entity, record, None, retry_at=next_tick(self._clock(), took))
        else:
            written = Built(entity, built.record, built.values)
            if before.broken:  # events had come for it
                row = (before.key, built.record.swept_to, built.values)
                tables.record(task.spec, task.version, task.cursor.position, [row])
        self._store.sweep(self._project, code, {before.bucket: task.cursor.epoch}, {before.bucket: [written.write()]})

    def _entity(self, version: VersionSpec, bucket: int, key: str) -> Entity | None:
        (record,) = self._store.records(self._project, version.code, [(bucket, key)])
        return None if record is None else Entity(key, bucket, EntityState(record, {}))


def _going_on(work: Generator[None, None, T]) -> Generator[bool, None, T]:
    """A work of pieces as one that can always go on at once."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            answer: T = done.value
            return answer
        yield True


def _aside(call: Callable[[], T]) -> Future[T]:
    """Run in a thread of its own, which does not keep the process from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="deep", daemon=True).start()
    return future


def _run(made: Program, events: Deep, start: int, values: Values, older: bool) -> Run:
    any_event = older or events.any_event(start)
    if not isinstance(values, list):
        return Run(start, events.newest(made, start), any_event=any_event)
    return Run(start, events.newest(made, start), True, any_event, made.outputs.pack(values))
