"""Backfill: V at each event time of a range, kept in the version's offline table, entity by entity in chunks that can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backends.offline import log, log_reading, tables
from backends.offline.evaluate import events_between, pair_of
from backends.offline.inputs import Event
from backends.offline.pairs import BUCKETS
from backends.offline.program import MULTIPLE, Program, program
from core.clock import now_us
from core.errors import JStoreError, NotFound
from core.spec import GroupSpec
from features import selectors
from processing import runs
from processing.models import Run

KIND = "backfill"
CHUNK = 100  # entities
_EVENTS = 200_000  # events times runs in one statement


def create(
    project: str, group: str, version: int | None, start: int | None, end: int | None, actor: str, chunk: int = CHUNK
) -> Run:
    """A queued backfill of a group's version over event times [start, end] (us). Raises NotFound."""
    spec, number = _find(project, group, version)
    params = {
        "group": spec.name,
        "version": number,
        "start": start or 0,
        "end": end if end is not None else now_us(),
        "chunk": chunk,
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
    made, pair = program(spec, spec.versions[number]), pair_of(spec)
    head = log.head(project).position
    entities = events = 0
    for keys in _chunks(spec, CHUNK, ("0", "")):
        found = events_between(
            made, pair, [(key, (start or 0) - 1, end if end is not None else now_us()) for key in keys[1]], head
        )
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


def advance(run: Run) -> bool:
    """Go on with a backfill from where its cursor stands. -> whether it is over."""
    lease = runs.claim(run.id)
    if lease is None:
        return False
    run.refresh_from_db()
    params: dict[str, Any] = dict(run.params)
    try:
        spec, number = _find(run.project, params["group"], params["version"])
        made, head, rows = program(spec, spec.versions[number]), log.head(run.project).position, run.rows
        for bucket, keys in _chunks(spec, params["chunk"], tuple(params.get("done", ("0", "")))):
            rows += _backfill(made, keys, params["start"], params["end"], head)
            params["done"] = [str(bucket), keys[-1]]
            if not runs.advance(lease, bucket / BUCKETS, rows, params):
                return False
    except JStoreError as error:
        runs.finish(lease, error=f"{error.code}: {error.detail}")
        return True
    runs.finish(lease, rows=rows, result={"rows": rows, "position": head})
    return True


def _backfill(made: Program, keys: list[str], start: int, end: int, head: int) -> int:
    """One chunk of entities. -> rows written."""
    pair = pair_of(made.spec)
    low = made.lower(start) if made.window is not None else -1
    written = 0
    for key, events in zip(keys, events_between(made, pair, [(key, low, end) for key in keys], head), strict=True):
        times = sorted({e.time for e in events if e.time >= start})
        step = max(1, _EVENTS // max(1, len(events)))
        for at in range(0, len(times), step):
            written += _record(made, key, events, times[at : at + step])
    return written


def _record(made: Program, key: str, events: list[Event], times: list[int]) -> int:
    inside: list[Event] = []
    ids: list[int] = []
    positions: dict[int, int] = {}
    for run, t in enumerate(times):
        counted = [e for e in events if made.lower(t) < e.time <= t]
        inside += counted
        ids += [run] * len(counted)
        positions[run] = max(e.row.position for e in counted if e.time == t)
    found = made.general(inside, ids)
    for run, t in enumerate(times):
        values = found.get(run)
        tables.record(made.spec, made.version, positions[run], t, [(key, None if values == MULTIPLE else values)])  # type: ignore[list-item]
    return len(times)
