"""How much one round of a general group may compute: which entities have too many events to be made anew on each arrival.

Such an entity is gated: what arrives for it only marks its record, which is served as STALE, and `processing.deep` computes it on
schedule. Rows are counted in the index before any is read, so nothing is read that is too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from backends.offline import log_reading
from backends.offline.pairs import BUCKETS, Pair
from backends.offline.program import Program
from backends.offline.remaking import LATEST
from backends.online import gated
from core.clock import MICRO
from processing.paths.built import Built, Entity, failed

TOGETHER, PART = 50_000, 500  # rows of the log, and entities, in one computation
ROUND = 500_000  # rows of one batch or sweep; who is left has its turn in the next sweep


@dataclass(frozen=True)
class Sorted:
    """Entities by what becomes of them: computed now, each part in one computation; in a later round; on schedule."""

    parts: list[list[Entity]]
    later: list[Entity]
    deep: list[Entity]


def sort(made: Program, pair: Pair, entities: Sequence[Entity], upto: int, now: int) -> Sorted:
    """Entities in their order, sorted by the rows that the log has of each inside the window; once the round is full, nobody is
    counted any more. At least one is computed now, or is gated."""
    most = int(settings.JSTORE_GATE_EVENTS)
    found = Sorted([], [], [])
    room, total = 0, 0
    for at in range(0, len(entities), PART):
        some = entities[at : at + PART]
        if found.later:
            found.later.extend(some)
            continue
        wants = [(e.key, made.lower(now), LATEST) for e in some]
        for entity, count in zip(some, log_reading.counts_between(pair, wants, upto, most + 1), strict=True):
            if count > most:
                found.deep.append(entity)
            elif found.later or (total and total + count > ROUND):
                found.later.append(entity)
            else:
                total += count
                if not found.parts or count > room or len(found.parts[-1]) >= PART:
                    found.parts.append([])
                    room = TOGETHER
                room -= count
                found.parts[-1].append(entity)
    note(made, found)
    return found


def put_off(made: Program, found: Sorted, position: int, now: int, keep: bool) -> list[Built]:
    """The next states of entities that are not computed now. keep: nothing came for them, so what they hold stays as it is."""
    tick = next_tick(now)
    if keep:
        return [replace(kept(e), retry_at=tick, deep=True) for e in found.deep]
    built = [failed(e, position, made.layout, now, now) for e in found.later]
    # what is not there yet is computed as soon as may be, what is there at the next tick, however much arrives until then
    return built + [
        replace(failed(e, position, made.layout, now, now if e.state.record is None else tick), deep=True) for e in found.deep
    ]


def kept(entity: Entity) -> Built:
    """An entity as it is."""
    assert entity.record is not None
    return Built(entity, entity.record, None)


def next_tick(now: int, took: float = 0.0) -> int:
    """When a gated entity is due (us): the next full minute (JSTORE_GATE_SECONDS). After a computation that took long (seconds) a
    later one, so that no more than a tenth of the time goes there."""
    period = int(settings.JSTORE_GATE_SECONDS) * MICRO
    return (int(now + 10 * took * MICRO) // period + 1) * period


_noted: dict[tuple[str, str], dict[int, set[str]]] = {}  # (project, code) -> by bucket, whom this process knows as gated


def note(made: Program, found: Sorted) -> None:
    """Keep who is gated, for people to see."""
    project, code = made.spec.project, made.version.code
    if (noted := _noted.get((project, code))) is None:
        noted = _noted[project, code] = gated.known(project, code, range(BUCKETS))
    deep, free = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for entity in found.deep:
        deep[entity.bucket].append(entity.key)
        noted[entity.bucket].add(entity.key)
    for entity in (e for part in found.parts for e in part if e.key in noted[e.bucket]):
        free[entity.bucket].append(entity.key)
        noted[entity.bucket].discard(entity.key)
    if deep or free:
        gated.note(project, code, deep, free)


def gated_here(project: str, code: str, buckets: Iterable[int]) -> int:
    """How many gated entities of a version this process knows in its buckets."""
    noted = _noted.get((project, code), {})
    return sum(len(noted.get(bucket, ())) for bucket in buckets)
