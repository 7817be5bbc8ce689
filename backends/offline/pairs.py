"""The derived index of the log: for each pair of an entity type and a time column, (bucket, key, event time, position)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from backends.offline.copying import copy_lines, escaped
from core.clock import MICRO
from core.entity import InvalidKey, bucket_of, key_of
from core.routing import BadTime, row_time
from core.rows import load_row

BUCKETS = int(settings.JSTORE_BUCKETS)  # fixed per deployment: it is part of every key
FUTURE = 5 * 60 * MICRO  # an event further ahead of its ingestion than this is refused
_CHUNK = 20_000


@dataclass(frozen=True)
class Pair:
    """An entity type with the time column its groups use."""

    id: int
    keys: tuple[str, ...]
    time_column: str
    time_kind: str
    complete: bool

    def bucket(self, key: str) -> int:
        return bucket_of(key, BUCKETS)

    def place(self, row: dict[str, Any], record_time: int, ingested_at: int) -> tuple[str, int] | None:
        """-> (encoded key, event time us) that a row is indexed by, or None for a row that this pair cannot hold."""
        time = _event_time(row, self.time_column, self.time_kind, record_time, ingested_at)
        return (key, time) if time is not None and (key := _key(row, self.keys)) else None


_known: dict[str, tuple[int, list[Pair]]] = {}  # project -> (head's stamp, pairs); the stamp is read under the head's lock

# what is complete stays so; asked for several times a batch
_complete: dict[tuple[str, tuple[str, ...], str, str], Pair] = {}


def pairs_of(c: Any, project: str, stamp: int) -> list[Pair]:
    """The project's pairs as of the locked head's stamp."""
    cached = _known.get(project)
    if cached is None or cached[0] != stamp:
        cached = (stamp, _load(c, project))
        _known[project] = cached
    return cached[1]


def _load(c: Any, project: str) -> list[Pair]:
    c.execute("SELECT id, keys, time_column, time_kind, complete FROM log_pair WHERE project = %s ORDER BY id", [project])
    return [Pair(i, tuple(json.loads(keys)), column, kind, complete) for i, keys, column, kind, complete in c.fetchall()]


def index_rows(c: Any, pairs: Sequence[Pair], rows: Sequence[tuple[int, dict[str, Any], int, int]]) -> None:
    """Index (position, row, record time, ingestion time) rows under each pair whose key and a good time they carry.

    Where the keys are there, but one of them or the time is no good, the position is kept in `log_unplaced`.
    """
    lines, unplaced = [], []
    for (column, kind), group in _by_clock(pairs).items():
        timed = [
            (position, row, time) for position, row, *told in rows if (time := _event_time(row, column, kind, *told)) is not None
        ]
        for pair in group:
            places = sorted((bucket_of(key, BUCKETS), key, time, at) for at, row, time in timed if (key := _key(row, pair.keys)))
            lines += [f"{pair.id}\t{bucket}\t{escaped(key)}\t{time}\t{at}" for bucket, key, time, at in places]
            if len(places) < len(rows):
                placed = {at for _, _, _, at in places}
                unplaced += [f"{pair.id}\t{at}" for at, row, *_ in rows if at not in placed and _has_keys(row, pair.keys)]
    copy_lines(c, "log_index", ("pair", "bucket", "key", "event_time", "position"), lines)
    copy_lines(c, "log_unplaced", ("pair", "position"), unplaced)


def _by_clock(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[Pair]]:
    found: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        found.setdefault((pair.time_column, pair.time_kind), []).append(pair)
    return found


def _event_time(row: dict[str, Any], column: str, kind: str, record_time: int, ingested_at: int) -> int | None:
    """The event time, us; None for a row without a good one."""
    try:
        time = row_time(row, column, kind, record_time)
    except BadTime:
        return None
    return time if time <= ingested_at + FUTURE else None


def _key(row: dict[str, Any], names: Sequence[str]) -> str:
    """The encoded key; "" for a row without a good one."""
    if names[0] not in row:
        return ""
    try:
        return key_of(row, names)
    except InvalidKey:
        return ""


def _has_keys(row: dict[str, Any], names: Sequence[str]) -> bool:
    return all(row.get(name) is not None for name in names)


def ready_pair(project: str, keys: Sequence[str], time_column: str, time_kind: str) -> Pair:
    """The pair, made if new, with every row of the log so far in its index."""
    wanted = (project, tuple(keys), time_column, time_kind)
    if (known := _complete.get(wanted)) is not None:
        return known
    for _ in indexing(project, keys, time_column, time_kind):
        pass
    pair = _find(project, keys, time_column, time_kind)
    assert pair is not None
    if not connections["default"].in_atomic_block:  # else it may yet be undone
        _complete[wanted] = pair
    return pair


def forget() -> None:
    """After the database was away: what came back may be another one."""
    _known.clear()
    _complete.clear()


def indexing(project: str, keys: Sequence[str], time_column: str, time_kind: str) -> Iterator[None]:
    """ready_pair in pieces: nothing where it is ready.

    New pairs are made under the head's lock: later appends index for them, and what was committed before is indexed here.
    """
    pair = _find(project, keys, time_column, time_kind) or _make(project, keys, time_column, time_kind)
    while not pair.complete:
        _index_chunk(project, pair)
        yield
        pair = _find(project, keys, time_column, time_kind) or pair


def _find(project: str, keys: Sequence[str], time_column: str, time_kind: str) -> Pair | None:
    cached = _known.get(project)
    wanted = (tuple(keys), time_column, time_kind)
    for pair in cached[1] if cached else ():
        if pair.complete and (pair.keys, pair.time_column, pair.time_kind) == wanted:
            return pair
    with connections["default"].cursor() as c:
        return next((p for p in _load(c, project) if (p.keys, p.time_column, p.time_kind) == wanted), None)


def _make(project: str, keys: Sequence[str], time_column: str, time_kind: str) -> Pair:
    with transaction.atomic(using="default"), connections["default"].cursor() as c:
        c.execute("INSERT INTO log_head (project) VALUES (%s) ON CONFLICT DO NOTHING", [project])
        c.execute("SELECT position FROM log_head WHERE project = %s FOR UPDATE", [project])
        (position,) = c.fetchone()
        c.execute(
            "INSERT INTO log_pair (project, keys, time_column, time_kind, made_at, complete) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [project, json.dumps(list(keys)), time_column, time_kind, position, position == 0],
        )
        c.execute("UPDATE log_head SET pairs = pairs + 1 WHERE project = %s", [project])
    found = _find(project, keys, time_column, time_kind)
    assert found is not None
    return found


def _index_chunk(project: str, pair: Pair) -> None:
    """Index the next rows from before the pair was made. The pair's row is locked, so two processes take turns."""
    with transaction.atomic(using="default"), connections["default"].cursor() as c:
        c.execute("SELECT indexed_to, made_at, complete FROM log_pair WHERE id = %s FOR UPDATE", [pair.id])
        done, made_at, complete = c.fetchone()
        if complete:
            return
        c.execute(
            "SELECT position, payload::text, record_time, ingested_at FROM log_event"
            " WHERE project = %s AND position > %s AND position <= %s AND NOT deleted ORDER BY position LIMIT %s",
            [project, done, made_at, _CHUNK],
        )
        rows = [(position, load_row(text), record_time, ingested_at) for position, text, record_time, ingested_at in c.fetchall()]
        index_rows(c, [pair], rows)
        last = rows[-1][0] if len(rows) == _CHUNK else made_at
        c.execute("UPDATE log_pair SET indexed_to = %s, complete = %s WHERE id = %s", [last, last >= made_at, pair.id])
        if last >= made_at:  # appenders cache pairs by the head's stamp
            c.execute("UPDATE log_head SET pairs = pairs + 1 WHERE project = %s", [project])


def known_pairs(project: str) -> list[Pair]:
    """The pairs of a project as they stand now; makes and indexes nothing."""
    with connections["default"].cursor() as c:
        return _load(c, project)
