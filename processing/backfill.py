"""Backfill: V at each event time of a range, kept in the version's offline table, entity by entity in repeatable chunks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

from backends.engine import Engine, EngineFailed
from backends.offline import log, log_reading, tables
from backends.offline.checkpoints import Base, bases, standing
from backends.offline.evaluate import computed, events_between, pair_of, ready
from backends.offline.inputs import Event
from backends.offline.pairs import BUCKETS
from backends.offline.program import Program
from backends.offline.retention import kept, snapshot
from backends.online.store import EntityState
from core.clock import FOREVER, format_time, now_us
from core.errors import Invalid, JStoreError, NotFound, Unavailable
from core.spec import GroupSpec
from features import selectors, services
from processing import activation, failing, runs
from processing.models import Run
from processing.paths.built import Entity

KIND = "backfill"
CHUNK = 100  # entities
_EVENTS = 200_000  # events times runs in one statement
_RENEW = 5.0  # seconds between two renewals of the lease
_TRIES = 200  # statements that look for the times which one entity's failure is about
_HOPELESS = 50  # entities that fail before one is computed: the fault is not theirs


def create(
    project: str,
    group: str,
    version: int | None,
    start: int | None,
    end: int | None,
    actor: str,
    chunk: int = CHUNK,
    engine: str = "duckdb",
) -> Run:
    """A queued backfill of a group's version over event times [start, end] (us), without a start from where values can be told.

    Raises NotFound, and Invalid("beyond_retention") for a range before which too much of the log was purged.
    """
    spec, number = _find(project, group, version)
    purged = kept(project)
    since = max(purged.exact_from(spec, part) or 0 for part in spec.versions[number].parts)
    if since == FOREVER:
        raise Invalid("beyond_retention", f"{spec.name}@{number} needs events that were purged before it was made")
    if start is not None and start < since:
        raise Invalid("beyond_retention", f"the log is kept for values from {format_time(since)} on", pointer="/start_time")
    params = {
        "group": spec.name,
        "version": number,
        "start": start or 0,
        "end": end if end is not None else now_us(),
        "chunk": chunk,
        "engine": engine,
    }
    return runs.create(project, KIND, f"{group}@{number}", actor, params)


def _find(project: str, group: str, version: int | None) -> tuple[GroupSpec, int]:
    spec = selectors.group_spec(project, group)
    found = None if spec is None or spec.deleted else spec.version(version)
    if spec is None or found is None:
        raise NotFound(
            "unknown_feature", f"there is no feature group {group[:80]!r}" + (f" with version {version}" if version else "")
        )
    return spec, found.number


def estimate(project: str, group: str, version: int | None, start: int | None, end: int | None) -> dict[str, int]:
    """What a backfill would read: entities and events of the range, counted. Nothing is written."""
    spec, number = _find(project, group, version)
    made, pair = ready(spec, spec.versions[number].parts[0])  # in every window the same events
    head = log.head(project).position
    first, last = (start or 0) - 1, end if end is not None else now_us()
    entities = events = 0
    for _, keys in _chunks(spec, CHUNK, ("0", "")):
        found = events_between(made, pair, [(key, first, last) for key in keys], head)
        entities += sum(bool(e) for e in found)
        events += sum(map(len, found))
    return {"entities": entities, "events": events}


def _chunks(spec: GroupSpec, size: int, after: tuple[str, str]) -> Iterator[tuple[int, list[str]]]:
    """(bucket, keys) in order, from a (bucket, key) that is done."""
    pair = pair_of(spec)
    for bucket in range(int(after[0]), BUCKETS):
        last = after[1] if bucket == int(after[0]) else ""
        while keys := log_reading.keys_of(pair, bucket, last, size):
            yield bucket, keys
            last = keys[-1]


def advance(run: Run, on: Engine | None = None, seconds: float = math.inf) -> bool:
    """Go on with a backfill from where its cursor stands, for about so long. -> whether it is over. Raises Unavailable: ring
    again."""
    lease = runs.claim(run.id)
    if lease is None:
        return False
    run.refresh_from_db()
    try:
        spec, number = _find(run.project, run.params["group"], run.params["version"])
        work = _Backfill(lease, [ready(spec, part)[0] for part in spec.versions[number].parts], run, on)
        with runs.kept(lease):
            if not work.go_on(time.monotonic() + seconds):
                return False
            if work.error is not None and not work.any:
                raise work.error
        _note_built(spec, number, run)
    except Unavailable:
        runs.release(lease)
        raise
    except JStoreError as error:
        runs.finish(lease, error=f"{error.code}: {error.detail}")
    except EngineFailed as error:
        runs.finish(lease, error=f"computation_failed: {error}")
    else:
        told = {"failed": work.failed} if work.failed else {}
        runs.finish(lease, rows=work.rows, result={"rows": work.rows, "position": work.head, **told})
    return True


def _note_built(spec: GroupSpec, number: int, run: Run) -> None:
    """A draft whose history is there and whose ready rows are as far as those that serve may be read by its number."""
    version = spec.versions[number]
    if version.status == "draft" and activation.caught_up(spec.project, version, spec.current) >= 1.0:
        services.set_backfilled(spec.project, spec.name, number, run.actor)


class _Backfill:
    """One worker's go at a run. All is computed over the log up to one position, so that a chunk done twice adds nothing.

    `made`: the program of the version, of several windows one for each, the smallest first.
    """

    def __init__(self, lease: runs.Lease, made: Sequence[Program], run: Run, on: Engine | None) -> None:
        self._lease, self._made, self._on, self.rows = lease, made, on, run.rows
        self._params: dict[str, Any] = dict(run.params)
        self.head: int = self._params.setdefault("head", log.head(run.project).position)
        self._progress, self._renewed = run.progress, time.monotonic()
        self.any = run.rows > 0  # whether anything could be computed
        self.error: EngineFailed | None = None  # why the newest that could not, could not
        self._wrong: set[str] = set()

    def go_on(self, end: float) -> bool:
        """-> False where the run was paused, cancelled or taken over, or the time is up: then it is given back."""
        if not self._held(self._params):  # the position is kept before the first row is
            return False
        bucket, key = self._params.get("done", ("0", ""))
        for number, keys in _chunks(self._made[0].spec, self._params["chunk"], (bucket, key)):
            self._progress = number / BUCKETS
            written = self._chunk(keys)
            if written is None:
                return False
            self.rows += written
            self._params["done"] = [str(number), keys[-1]]
            if not self._held(self._params):
                return False
            if time.monotonic() > end:
                runs.release(self._lease)
                return False
        return True

    def _held(self, params: dict[str, Any] | None = None) -> bool:
        """Renew the lease; an entity of a deep history may take longer than it lasts."""
        self._renewed = time.monotonic()
        return runs.advance(self._lease, self._progress, self.rows, params)

    def _chunk(self, keys: list[str]) -> int | None:
        """Some entities. -> rows written, None where the lease is lost."""
        widest, start = self._made[-1], self._params["start"]
        wants = [(key, widest.lower(start), self._params["end"]) for key in keys]
        written = 0
        with snapshot(widest.spec.project) as log_kept:
            since = [max(start, log_kept.exact_from(made.spec, made.version) or 0) for made in self._made]
            found = standing(log_kept, events_between(widest, pair_of(widest.spec), wants, self.head))
            before = bases(log_kept, widest, keys)
        for key, events in zip(keys, found, strict=True):
            step = max(1, _EVENTS // max(1, len(events)))
            for made, first in zip(self._made, since, strict=True):
                times = sorted({e.time for e in events if e.time >= first})
                for at in range(0, len(times), step):
                    if time.monotonic() - self._renewed > _RENEW and not self._held():
                        return None
                    written += self._record(made, key, events, before.get(key), times[at : at + step])
        return written

    @property
    def failed(self) -> int:
        """How many values could not be computed, and were left out."""
        return int(self._params.get("failed", 0))

    def _record(self, made: Program, key: str, events: list[Event], base: Base | None, times: list[int]) -> int:
        found = self._computed(made, key, events, base, times)
        rows = [(key, t, values) for t, values in found.items()]
        tables.record(made.spec, made.version, self.head, rows, backfilled=True)
        return len(rows)

    def _computed(
        self, made: Program, key: str, events: list[Event], base: Base | None, times: list[int]
    ) -> dict[int, list[Any] | None]:
        """The values by time. Times that the SQL fails are left out: they are halved until these stand alone, for a while."""
        tries, parts = 0, [times]
        done: dict[int, list[Any] | None] = {}
        while parts:
            part = parts.pop()
            tries += 1
            try:
                found = computed(made, events, base, part, self._on)
            except EngineFailed as error:
                if len(part) > 1 and error.kind == "sql" and tries < _TRIES:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
                else:
                    self._fail(made, key, events, part, error)
                continue
            self.any = True
            # more than one row for a time (MULTIPLE) is none that could be kept
            done |= {t: values if isinstance(values := found.get(run), list) else None for run, t in enumerate(part)}
        return done

    def _fail(self, made: Program, key: str, events: list[Event], times: list[int], error: EngineFailed) -> None:
        """Note one entity's failure. Raises EngineFailed where so many fail that the fault is not theirs."""
        self._params["failed"] = self.failed + len(times)
        entity = Entity(key, pair_of(made.spec).bucket(key), EntityState(None, {}), made.inside(events, times[-1]))
        failing.note(made, entity, error.kind, self.head, times[-1], self._on, error.detail)
        self._wrong.add(key)
        self.error = error
        if not self.any and len(self._wrong) >= _HOPELESS:
            raise error
