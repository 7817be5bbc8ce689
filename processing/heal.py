"""Heal: entities made again from the log and compared with what Redis holds. What differs is counted, then replaced.

Nothing should ever differ: the count is the proof that the road from the log to Redis loses and doubles nothing, and an alarm
rings when it is not zero. A replacement is refused unless the record is still the one that was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backends import metrics
from backends.engine import Engine
from backends.offline.checkpoints import bases
from backends.offline.evaluate import events_between, pair_of
from backends.offline.inputs import size_of
from backends.offline.program import Program, program
from backends.offline.remaking import LATEST
from backends.offline.retention import Purged, kept
from backends.online.store import EntityWrite, OnlineStore
from core.closeness import same_rows
from core.record import STATE_BYTES, Cursor, unpack_tile
from core.spec import GroupSpec, VersionSpec
from processing.apply import gather, rebuild
from processing.paths import gate
from processing.paths.built import Built, Entity

EXAMPLES = 20  # entities that are named in the result of a run


@dataclass
class Healed:
    """How many entities were compared, differed, and were replaced; some that differed."""

    compared: int = 0
    different: int = 0
    replaced: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Healed) -> None:
        """The sum of both."""
        self.compared += other.compared
        self.different += other.different
        self.replaced += other.replaced
        self.examples = [*self.examples, *other.examples][:EXAMPLES]


def heal(
    store: OnlineStore,
    spec: GroupSpec,
    version: VersionSpec,
    keys: Sequence[str],
    cursors: Mapping[int, Cursor],
    now: int,
    on: Engine | None = None,
) -> Healed:
    """Compare entities of whole buckets with the log as it stands at the bucket's cursor, and replace those that differ."""
    made, bucket_of = program(spec, version), pair_of(spec).bucket
    together: dict[int, list[str]] = defaultdict(list)
    for key in keys:
        if (cursor := cursors.get(bucket_of(key))) is not None and cursor.whole:
            together[cursor.position].append(key)
    found = Healed()
    for position, part in together.items():
        found.add(_heal(store, made, part, position, cursors, now, on))
    metrics.HEAL_COMPARED.labels(group=spec.name).inc(found.compared)
    metrics.TILE_MISMATCH.labels(group=spec.name).inc(found.different)
    return found


def _heal(
    store: OnlineStore,
    made: Program,
    keys: Sequence[str],
    position: int,
    cursors: Mapping[int, Cursor],
    now: int,
    on: Engine | None,
) -> Healed:
    entities, now = gather(store, made, dict.fromkeys(keys, ()), now, everything=True)
    # one that is due is the sweeper's, one that failed is tried again by it, one beyond the cursor was just written
    calm = [e for e in entities if e.state.record is None or _is_calm(e, made, position, now)]
    if made.version.path == "recompute":  # who has too many events at once is compared by nobody: it is made anew on schedule
        parts = gate.sort(made, pair_of(made.spec), calm, position, now).parts
        calm = [e for part in parts for e in part]
    states = {e.key: e.state for e in calm}
    events = events_between(made, pair_of(made.spec), [(key, made.lower(now), LATEST) for key in states], position)
    before = bases(kept(made.spec.project), made, list(states))
    sizes = {key: size_of(made.column_types, found) for key, found in zip(states, events, strict=True)}
    sizes |= {key: sizes[key] + base.size for key, base in before.items()}
    found, writes = Healed(), defaultdict(list)
    try:
        anew = rebuild(made, list(states), position, now, on, states, news=False)
    except Purged:  # the bucket will be loaded
        return found
    for built in anew:
        entity = built.entity
        if built.record.failed:
            continue
        found.compared += 1
        if _agree(made, built, sizes[entity.key], now):
            continue
        found.different += 1
        found.examples = [*found.examples, entity.key][:EXAMPLES]
        writes[entity.bucket].append(_replacement(built))
    epochs = {bucket: cursors[bucket].epoch for bucket in writes}
    done = store.sweep(made.spec.project, made.version.code, epochs, writes)
    found.replaced = sum(map(sum, done))
    return found


def _is_calm(entity: Entity, made: Program, position: int, now: int) -> bool:
    record = entity.record
    if record is None or record.failed or record.layout != made.layout:
        return False
    return record.position <= position and now < record.end


def _agree(made: Program, built: Built, size: float, now: int) -> bool:
    """Whether Redis shows what was made from the log, now and in its tiles."""
    data = built.entity.state.record
    if built.absent or data is None:
        return built.absent and data is None
    held = Entity(built.entity.key, built.entity.bucket, built.entity.state).record
    assert held is not None
    shown, (want, _) = held.run_at(now)[0], built.record.run_at(now)
    if (shown.exists, shown.any_event, shown.newest) != (want.exists, want.any_event, want.newest):
        return False
    if not same_rows(made.outputs, shown.values, want.values, size):
        return False
    if made.window is None:
        return True
    first = made.window.first_live_tile(now)
    tiles = {k: _opened(made, t) for k, t in built.entity.state.tiles.items() if k >= first}
    wanted = {k: _opened(made, t) for k, t in built.tiles.items()}
    return tiles.keys() == wanted.keys() and all(
        tiles[k][0] == newest and same_rows(made.partials, tiles[k][1], block, size, made.compiled.partial_powers)
        for k, (newest, block) in wanted.items()
    )


def _opened(made: Program, tile: bytes) -> tuple[int, bytes]:
    layout, newest, block = unpack_tile(tile)
    return newest, made.relaid_partials(layout, block)


def _replacement(built: Built) -> EntityWrite:
    before = built.entity.state
    expected = before.record[:STATE_BYTES] if before.record else b""
    if built.absent:
        return EntityWrite(built.entity.key, b"", None, gone=list(before.tiles), expected=expected)
    write = built.write()
    gone = [n for n in before.tiles if n not in built.tiles]
    return EntityWrite(write.key, write.record, write.due, write.tiles, gone, expected=expected)
