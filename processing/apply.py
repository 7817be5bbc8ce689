"""One batch of the log applied to some buckets of some versions: route, compute, keep offline, write online, move the cursors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from backends import metrics
from backends.engine import Engine, EngineFailed
from backends.offline import log_reading, tables
from backends.offline.evaluate import pair_of
from backends.offline.inputs import Event, Misfit, fitting
from backends.offline.log import Head
from backends.offline.log_reading import LogRow
from backends.offline.pairs import Pair
from backends.offline.program import Program, program
from backends.offline.remaking import pasts
from backends.offline.retention import Purged
from backends.offline.routed import Routed, events_of
from backends.online.store import BucketWrite, EntityState, OnlineStore
from core.clock import MICRO
from core.record import WHOLE, Cursor
from core.spec import GroupSpec, VersionSpec
from processing import failing, quarantine
from processing.paths import gate, recompute, rows, tiles
from processing.paths.built import Built, Entity, clock_for, failed

_RETRY = 60 * MICRO  # an engine that died is back by then, and a row that it cannot compute costs no more than this
_PART = 500  # entities that are made anew in one computation
_EMPTY = EntityState(None, {})


@dataclass(frozen=True)
class Target:
    """Buckets of one version that are to be moved together; `cursors` as they are believed to stand in Redis."""

    spec: GroupSpec
    version: VersionSpec
    cursors: Mapping[int, Cursor]


@dataclass(frozen=True)
class Computed:
    """What a batch makes of a target: kept offline, not yet online. `writes` lack buckets that stand elsewhere by now."""

    target: Target
    writes: Sequence[BucketWrite]


def compute_batch(
    store: OnlineStore, target: Target, batch: Routed, upto: int, head: Head, now: int, on: Engine | None = None
) -> Computed:
    """The rows after the target's cursors up to `upto`, computed and kept offline.

    `equal_at` moves only where `upto` is the head. Raises Purged where the log has lost rows that it needs.
    """
    asked, made = target, program(target.spec, target.version)
    touched = _touched(target, batch, upto)
    again = touched.corrected
    fresh = [e for e in touched.events if e.key not in again] if again else touched.events
    events, misfits = fitting(target.version, made.column_types, fresh, batch)
    quarantine.note(target.spec, target.version, misfits, touched.unusable)
    by_key: dict[str, list[Event]] = {key: [] for key in again}
    for event in events:
        by_key.setdefault(event.key, []).append(event)
    entities, now = gather(store, made, by_key, now)
    target = _still(store, target)
    entities = [e for e in entities if e.bucket in target.cursors]
    anew = {e.key: e.state for e in entities if e.broken or e.key in again}
    built = build(made, [e for e in entities if e.key not in anew], upto, now, False, on, batch)
    built += rebuild(made, sorted(anew), upto, now, on, anew)
    writes = _kept(target, built, head, now, upto, standing=False)
    metrics.PROCESSED.inc(len(events))
    return Computed(asked, writes)


def put(store: OnlineStore, project: str, computed: Sequence[Computed]) -> list[dict[int, Cursor]]:
    """Write online what was computed, a bucket in one moment, so that no reader meets one window of a group without the other.

    -> for each the cursors that moved; a bucket that is missing was refused.
    """
    writes = [w for one in computed for w in one.writes]
    taken = iter(store.write(project, writes))
    return [{w.bucket: w.cursor for w in one.writes if next(taken)} for one in computed]


def gather(
    store: OnlineStore, made: Program, by_key: Mapping[str, Sequence[Event]], now: int, everything: bool = False
) -> tuple[list[Entity], int]:
    """What Redis holds of entities with new events, and the clock to compute for. Of a windowed entity come the tiles that its
    events touch and, where its window has moved on since, or `everything` is asked, all."""
    project, code = made.spec.project, made.version.code
    bucket = pair_of(made.spec).bucket
    wanted = [(bucket(key), key) for key in by_key]
    if made.version.path != "tiles" or made.window is None:
        records = store.records(project, code, wanted)
        entities = [Entity(key, b, EntityState(r, {}), by_key[key]) for (b, key), r in zip(wanted, records, strict=True)]
        return entities, clock_for(now, entities)
    named = [None if everything else tiles.touched(made, events) for events in by_key.values()]
    states = store.gather(project, code, wanted, named)
    entities = [Entity(key, b, state, by_key[key], whole=everything) for (b, key), state in zip(wanted, states, strict=True)]
    now = clock_for(now, entities)
    while more := [n for n, entity in enumerate(entities) if tiles.needs_tiles(made, entity, now)]:
        for n, state in zip(more, store.gather(project, code, [wanted[n] for n in more], [None] * len(more)), strict=True):
            entities[n] = replace(entities[n], state=state, whole=True)
        now = clock_for(now, entities)
    return entities, now


def _still(store: OnlineStore, target: Target) -> Target:
    """The buckets whose cursor stands where the batch begins, asked after their entities were read: nothing came between.

    The write would be refused for the others, but by then a wrong value would be in the offline table.
    """
    places = [(target.version.code, bucket) for bucket in target.cursors]
    found = store.cursors(target.spec.project, places)
    good = {
        bucket: believed
        for (bucket, believed), cursor in zip(target.cursors.items(), found, strict=True)
        if cursor is not None and cursor.fence == believed.fence
    }
    return target if len(good) == len(target.cursors) else Target(target.spec, target.version, good)


def write_standing(store: OnlineStore, target: Target, built: Sequence[Built], head: Head, now: int) -> dict[int, Cursor]:
    """Keep what a load computed in the offline table, then write it online. -> see `put`."""
    (moved,) = put(store, target.spec.project, [Computed(target, _kept(target, built, head, now, head.position, standing=True))])
    return moved


def _kept(target: Target, built: Sequence[Built], head: Head, now: int, upto: int, *, standing: bool) -> list[BucketWrite]:
    """Keep what was computed in the offline table. -> what is to be written online, with the cursors moved to `upto`.

    standing: of a load.
    """
    # what failed was not computed; an entity that has no event is news only where a correction took the last one away
    kept = [b for b in built if not b.record.failed and not (standing and b.absent)]
    tables.record(target.spec, target.version, upto, [(b.entity.key, now, b.values) for b in kept])
    by_bucket: dict[int, list[Built]] = defaultdict(list)
    for b in built:
        by_bucket[b.entity.bucket].append(b)
    writes = []
    for bucket, cursor in target.cursors.items():
        equal_at = head.seen if upto >= head.position else cursor.equal_at
        if standing:  # it counts a load's writes: a Redis that came back without the last of them refuses the next
            moved = Cursor(cursor.epoch, cursor.position + 1, cursor.equal_at, cursor.state, cursor.system, cursor.timeline)
        else:
            moved = Cursor(cursor.epoch, upto, equal_at, WHOLE, head.system, head.timeline)
        writes.append(BucketWrite(target.version.code, bucket, cursor.fence, moved, [b.write() for b in by_bucket[bucket]]))
    return writes


def build(
    made: Program,
    entities: Sequence[Entity],
    position: int,
    now: int,
    keep: bool,
    on: Engine | None = None,
    batch: Routed | None = None,
) -> list[Built]:
    """The next states of some entities by the version's path. One that fails is narrowed to the entities that fail it.

    keep: a sweep, records keep their positions. batch: whose rows the entities' events are.
    """
    if not entities:
        return []

    def run(part: Sequence[Entity]) -> list[Built]:
        if made.version.path == "tiles":
            return tiles.build(made, part, position, keep, now, on, batch)
        if made.version.path == "row":
            return rows.build(made, part, None if keep else position, now, on)
        return recompute.build(made, pair_of(made.spec), part, position, keep, now, on)

    def fail(entity: Entity, error: EngineFailed) -> Built:
        failing.note(made, entity, error.kind, position, now, on, error.detail)
        return failed(entity, position, made.layout, now, now + _RETRY)

    return _narrowed(run, entities, fail)


def _narrowed(
    run: Callable[[Sequence[Entity]], list[Built]], entities: Sequence[Entity], fail: Callable[[Entity, EngineFailed], Built]
) -> list[Built]:
    try:
        return run(entities)
    except EngineFailed as error:
        if len(entities) == 1:
            return [fail(entities[0], error)]
        half = len(entities) // 2
        return _narrowed(run, entities[:half], fail) + _narrowed(run, entities[half:], fail)


def rebuild(
    made: Program,
    keys: Sequence[str],
    upto: int,
    now: int,
    on: Engine | None = None,
    states: Mapping[str, EntityState] | None = None,
    news: bool = True,
) -> list[Built]:
    """Entities made anew from the log as it stands at a position, whatever Redis holds: loads, corrections, after a failure.

    `states`: what Redis holds of them, which stays where the computation fails. `news`: whether that counts as processed. Raises
    Purged where the log has moved on.
    """
    if not keys:
        return []
    pair = pair_of(made.spec)
    if made.version.path != "recompute":
        parts = [keys[i : i + _PART] for i in range(0, len(keys), _PART)]
        return [built for part in parts for built in _anew(made, pair, part, upto, now, on, states or {}, news)]
    given = [Entity(key, pair.bucket(key), (states or {}).get(key, _EMPTY), fresh=True) for key in keys]
    found = gate.sort(made, pair, given, upto, now)
    computed = [_anew(made, pair, [e.key for e in part], upto, now, on, states or {}, news) for part in found.parts]
    return gate.put_off(made, found, upto, now, False) + [built for part in computed for built in part]


def _anew(
    made: Program,
    pair: Pair,
    keys: Sequence[str],
    upto: int,
    now: int,
    on: Engine | None,
    states: Mapping[str, EntityState],
    news: bool,
) -> list[Built]:
    misfits: list[Misfit] = []
    found = pasts(made, pair, keys, now, upto, misfits)
    quarantine.note(made.spec, made.version, misfits, ())
    entities = [
        Entity(
            key,
            pair.bucket(key),
            states.get(key, _EMPTY),
            past.events,
            True,
            past.older,
            base=past.base,
        )
        for key, past in zip(keys, found, strict=True)
    ]
    built = build(made, entities, upto, now, False, on)
    if news:
        metrics.PROCESSED.inc(sum(len(past.events) for past in found))
    # an entity of the index of which this group takes no event has no record: NOT_FOUND, not an empty window
    known = {key for key, past in zip(keys, found, strict=True) if past.known}
    return [b if b.entity.key in known else replace(b, absent=True) for b in built]


@dataclass(frozen=True)
class _Touched:
    """What a batch brings to a target's buckets. `corrected`: keys of entities to make anew from the log."""

    events: list[Event]
    corrected: set[str]
    unusable: list[LogRow]


def _touched(target: Target, batch: Routed, upto: int) -> _Touched:
    route = target.spec.route(target.version)
    bucket = pair_of(target.spec).bucket
    events = [e for e in batch.events(route, upto) if bucket(e.key) in target.cursors]
    replacing = [row for row in batch.rows if row.supersedes is not None]
    old = (
        log_reading.rows_at(target.spec.project, [row.supersedes for row in replacing if row.supersedes is not None])
        if replacing
        else {}
    )
    if len(old) < len({row.supersedes for row in replacing}):
        raise Purged  # whose events these were cannot be told any more
    # a correction may move an event to another entity: both are made anew
    moved = events_of(route, [*replacing, *old.values()])
    return _Touched(
        events,
        {e.key for e in moved if bucket(e.key) in target.cursors},
        quarantine.left_out(route, batch.unplaced(route, upto), target.cursors),
    )
