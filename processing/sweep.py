"""Windows move when nothing arrives: entities whose next change has come get new ready rows, one change ahead again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from backends.engine import Engine
from backends.offline.program import Program, program
from backends.offline.retention import Purged
from backends.online.store import OnlineStore
from core.record import Cursor, position_of
from core.spec import GroupSpec, VersionSpec
from processing.apply import build, gather, rebuild
from processing.deep import Computing
from processing.paths.built import Built, Entity

LIMIT = 500  # entities of a bucket in one sweep: a computation of bounded size between two batches
GENERAL = 250  # the same where events are counted and read again


def sweep(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    cursors: Mapping[int, Cursor],
    due: Mapping[int, list[str]],
    now: int,
    on: Engine | None = None,
    deep: Computing | None = None,
) -> int:
    """Renew due entities of one version, by bucket. -> how many were renewed; one that changed meanwhile is left to its writer.

    Gated entities are handed to `deep`; without one they are left as they are. The general path reads the log up to the buckets'
    cursor and no further, so a sweep never shows what was not applied.
    """
    made = program(spec, version)
    together: dict[int, list[int]] = defaultdict(list)  # buckets with the same cursor are one computation
    for bucket in due:
        together[cursors[bucket].position].append(bucket)
    done = 0
    for position, buckets in together.items():
        entities, clock = gather(store, made, {key: () for bucket in buckets for key in due[bucket]}, now, everything=True)
        # a record beyond the cursor was written by another process since the cursor was read: the next sweep knows more
        there = [e for e in entities if e.state.record is not None and position_of(e.state.record) <= position]
        built = build(made, [e for e in there if not e.broken], position, clock, True, on)
        built += _healed(made, [e for e in there if e.broken], position, clock, on)
        writes = defaultdict(list)
        for b in built:
            if not b.deep:
                writes[b.entity.bucket].append(b.write())
            elif deep is not None:
                writes[b.entity.bucket].append(replace(b, retry_at=deep.want(version, b.entity, clock)).write())
        epochs = {bucket: cursors[bucket].epoch for bucket in writes}
        done += sum(map(sum, store.sweep(spec.project, version.code, epochs, writes)))
    return done


def _healed(made: Program, entities: Sequence[Entity], position: int, now: int, on: Engine | None) -> list[Built]:
    """Entities whose last computation failed, from the log: what Redis holds of them lacks the events of that time."""
    states = {e.key: e.state for e in entities}
    try:
        anew = rebuild(made, list(states), position, now, on, states)
    except Purged:  # the bucket will be loaded
        return []
    return [
        # a sweep deletes tiles by name
        replace(b, entity=replace(b.entity, fresh=False), gone=[n for n in b.entity.state.tiles if n not in b.tiles])
        for b in anew
        if not b.absent
    ]


def due_entities(store: OnlineStore, project: str, buckets: list[tuple[str, int]], now: int) -> dict[str, dict[int, list[str]]]:
    """Entities whose time has come: {code: {bucket: keys}}."""
    found: dict[str, dict[int, list[str]]] = {}
    for (code, bucket), keys in zip(buckets, store.due(project, buckets, now, LIMIT), strict=True):
        if keys:
            found.setdefault(code, {})[bucket] = keys
    return found


def few(version: VersionSpec, due: Mapping[int, list[str]]) -> tuple[Mapping[int, list[str]], bool]:
    """The entities, by bucket, that one sweep of a version takes. -> (those, whether there may be more)."""
    limit = GENERAL if version.path == "recompute" else LIMIT
    return {bucket: keys[:limit] for bucket, keys in due.items()}, any(len(keys) >= limit for keys in due.values())
