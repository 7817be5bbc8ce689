"""Windows move when nothing arrives: entities whose next change has come get new ready rows, one change ahead again."""

from __future__ import annotations

from collections.abc import Mapping

from backends.engine import Engine
from backends.offline.program import program
from backends.online.store import OnlineStore
from core.record import Cursor
from core.spec import GroupSpec, VersionSpec
from processing.apply import build
from processing.paths.built import Entity, clock_for

LIMIT = 500  # entities of a bucket in one sweep: a computation of bounded size between two batches


def sweep(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    cursors: Mapping[int, Cursor],
    due: Mapping[int, list[str]],
    now: int,
    on: Engine | None = None,
) -> int:
    """Renew due entities of one version, by bucket. -> how many were renewed; one that changed meanwhile is left to its writer.

    The general path reads the log up to the bucket's cursor and no further, so a sweep never shows what was not applied.
    """
    made = program(spec, version)
    done = 0
    for bucket, keys in due.items():
        wanted = [(bucket, key) for key in keys]
        states = store.gather(spec.project, version.code, wanted, version.path == "tiles" and made.window is not None)
        entities = [
            Entity(key, bucket, state) for (_, key), state in zip(wanted, states, strict=True) if state.record is not None
        ]
        built = build(made, entities, cursors[bucket].position, clock_for(now, entities), True, on)
        if built:
            done += sum(store.sweep(spec.project, version.code, bucket, cursors[bucket].epoch, [b.write() for b in built]))
    return done


def due_entities(store: OnlineStore, project: str, buckets: list[tuple[str, int]], now: int) -> dict[str, dict[int, list[str]]]:
    """Entities whose time has come: {code: {bucket: keys}}."""
    found: dict[str, dict[int, list[str]]] = {}
    for (code, bucket), keys in zip(buckets, store.due(project, buckets, now, LIMIT), strict=True):
        if keys:
            found.setdefault(code, {})[bucket] = keys
    return found
