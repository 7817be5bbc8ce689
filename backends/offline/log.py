"""The event log in PostgreSQL: its only writer (tables: processing/migrations/0001).

An append takes the project's head row, gives dense positions in commit order, and ends by moving the head; everything an
append brings (rows, identities, index, dead letters, offsets) is in the one transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from backends.offline.copying import copy_rows
from backends.offline.pairs import Pair, index_rows, pairs_of
from core.clock import now_us
from core.errors import Invalid
from core.rows import load_row

CHANNEL = "jstore_log"


def cursor() -> Any:
    """A cursor on the connection of the log; Django keeps one per thread and reopens it."""
    return connections["default"].cursor()


@dataclass(frozen=True)
class NewRow:
    """A row to append. `identity` None: every such row is new. Times in microseconds."""

    row: dict[str, Any]
    payload: str
    source: str
    address: str | None
    record_time: int
    identity: str | None = None
    revision: int = 0
    deleted: bool = False
    origin: tuple[str, int, int, int] | None = None  # Kafka: topic id, partition, offset, index in message


@dataclass(frozen=True)
class LogRow:
    """A row of the log. Live at P iff position <= P and (superseded_pos is None or superseded_pos > P)."""

    position: int
    source: str
    address: str | None
    record_time: int
    ingested_at: int
    deleted: bool
    supersedes: int | None
    superseded_pos: int | None
    row: dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The head of a project's log. `system`, `timeline` name this history of the database."""

    position: int
    ingested_at: int
    system: int
    timeline: int


@dataclass(frozen=True)
class Appended:
    """positions[i] is None where rows[i] was a duplicate."""

    position: int
    ingested_at: int
    positions: tuple[int | None, ...]


def head(project: str) -> Head:
    """The head as committed; position 0 for a project without a log."""
    with cursor() as c:
        c.execute(
            "SELECT coalesce(h.position, 0), coalesce(h.ingested_at, 0), s.system_identifier, k.timeline_id FROM pg_control_system() s, pg_control_checkpoint() k"
            " LEFT JOIN log_head h ON h.project = %s",
            [project],
        )
        position, ingested_at, system, timeline = c.fetchone()
    return Head(position, ingested_at, system, timeline)


def _lock_head(c: Any, project: str) -> tuple[int, int, int]:
    c.execute("SELECT position, ingested_at, pairs FROM log_head WHERE project = %s FOR UPDATE", [project])
    found = c.fetchone()
    if found is None:
        c.execute("INSERT INTO log_head (project) VALUES (%s) ON CONFLICT DO NOTHING", [project])
        c.execute("SELECT position, ingested_at, pairs FROM log_head WHERE project = %s FOR UPDATE", [project])
        found = c.fetchone()
    return found[0], found[1], found[2]


def append(project: str, rows: Sequence[NewRow]) -> Appended:
    """Append inside the caller's transaction; the head stays locked until that commits."""
    with cursor() as c:
        position, last_time, stamp = _lock_head(c, project)
        ingested_at = max(now_us(), last_time)
        positions, kept, superseded = _place(c, project, rows, position)
        end = position + len(kept)
        if kept:
            columns = ("project", "position", "source", "address", "record_time", "ingested_at", "payload", "deleted", "supersedes", "superseded_pos")
            origin = ("topic_id", "topic_partition", "topic_offset", "item")
            copy_rows(
                c, "log_event", columns + origin,
                ((project, at, r.source, r.address, r.record_time, ingested_at, r.payload, r.deleted, old, superseded.get(at), *(r.origin or (None,) * 4))
                 for at, r, old in kept),
            )
            for new, old in ((at, old) for at, _, old in kept if old is not None and old <= position):
                c.execute("UPDATE log_event SET superseded_pos = %s WHERE project = %s AND position = %s", [new, project, old])
            for pair in pairs_of(c, project, stamp):
                index_rows(c, pair, ((at, r.row, r.record_time, ingested_at) for at, r, _ in kept if not r.deleted))
            c.execute("UPDATE log_head SET position = %s, ingested_at = %s WHERE project = %s", [end, ingested_at, project])
            c.execute("SELECT pg_notify(%s, %s)", [CHANNEL, project])
    return Appended(end, ingested_at, tuple(positions))


def _place(c: Any, project: str, rows: Sequence[NewRow], position: int) -> tuple[list[int | None], list[tuple[int, NewRow, int | None]], dict[int, int]]:
    """Duplicates out, positions to the rest. -> (position per row, [(position, row, position it supersedes)], {superseded here: by})."""
    known = _identities(c, project, rows)
    placed: list[int | None] = []
    kept: list[tuple[int, NewRow, int | None]] = []
    touched: dict[tuple[str, str, str], tuple[int, int, bool]] = {}
    superseded: dict[int, int] = {}
    for row in rows:
        old = None
        if row.identity is not None:
            key = (row.source, row.address or "", row.identity)
            before = touched.get(key) or known.get(key)
            # a tombstone wins over the row at an equal revision, everything else must be higher to replace
            if before is not None:
                old, revision, deleted = before
                if row.revision < revision or (row.revision == revision and (deleted or not row.deleted)):
                    placed.append(None)
                    continue
            touched[key] = (position + len(kept) + 1, row.revision, row.deleted)
        at = position + len(kept) + 1
        if old is not None and old > position:
            superseded[old] = at
        placed.append(at)
        kept.append((at, row, old))
    _write_identities(c, project, known, touched)
    return placed, kept, superseded


def _identities(c: Any, project: str, rows: Sequence[NewRow]) -> dict[tuple[str, str, str], tuple[int, int, bool]]:
    asked = [(r.source, r.address or "", r.identity) for r in rows if r.identity is not None]
    if not asked:
        return {}
    c.execute(
        "SELECT i.source, i.address, i.identity, i.position, i.revision, i.deleted FROM unnest(%s::text[], %s::text[], %s::text[]) AS a(source, address, identity)"
        " JOIN log_identity i ON i.project = %s AND i.source = a.source AND i.address = a.address AND i.identity = a.identity",
        [*(list(column) for column in zip(*asked, strict=True)), project],
    )
    return {(s, a, i): (position, revision, deleted) for s, a, i, position, revision, deleted in c.fetchall()}


def _write_identities(c: Any, project: str, known: dict[Any, Any], touched: dict[tuple[str, str, str], tuple[int, int, bool]]) -> None:
    fresh = [(project, *key, *value) for key, value in touched.items() if key not in known]
    copy_rows(c, "log_identity", ("project", "source", "address", "identity", "position", "revision", "deleted"), fresh)
    for key, value in touched.items():
        if key in known:
            c.execute(
                "UPDATE log_identity SET position = %s, revision = %s, deleted = %s WHERE project = %s AND source = %s AND address = %s AND identity = %s",
                [*value, project, *key],
            )


_COLUMNS = "e.position, e.source, e.address, e.record_time, e.ingested_at, e.deleted, e.supersedes, e.superseded_pos, e.payload::text"


def _log_row(cells: Sequence[Any]) -> LogRow:
    return LogRow(*cells[:8], load_row(cells[8]))


def read(project: str, after: int, limit: int, upto: int | None = None) -> list[LogRow]:
    """Rows with position > after (and <= upto), ascending, at most `limit`."""
    with cursor() as c:
        c.execute(
            f"SELECT {_COLUMNS} FROM log_event e WHERE e.project = %s AND e.position > %s AND e.position <= %s ORDER BY e.position LIMIT %s",
            [project, after, upto if upto is not None else (1 << 62), limit],
        )
        return [_log_row(cells) for cells in c.fetchall()]


def read_with(project: str, column: str, after: int, limit: int, upto: int) -> list[LogRow]:
    """Like read, but only rows in which a column is there and not null."""
    with cursor() as c:
        c.execute(
            f"SELECT {_COLUMNS} FROM log_event e WHERE e.project = %s AND e.position > %s AND e.position <= %s AND e.payload ->> %s IS NOT NULL ORDER BY e.position LIMIT %s",
            [project, after, upto, column, limit],
        )
        return [_log_row(cells) for cells in c.fetchall()]


def projects() -> list[str]:
    """Projects that have a log."""
    with cursor() as c:
        c.execute("SELECT project FROM log_head ORDER BY project")
        return [project for (project,) in c.fetchall()]


@dataclass(frozen=True)
class RowPlace:
    """Where a row of the log stands and where its text came from, without the text. `origin`: its topic is known."""

    head: tuple[Any, ...]
    topic: str
    partition: int
    offset: int
    item: int

    @property
    def position(self) -> int:
        return int(self.head[0])

    @property
    def origin(self) -> str | None:
        return self.topic or None

    def with_row(self, row: dict[str, Any]) -> LogRow:
        """The row of the log with a text that was read elsewhere."""
        return LogRow(*self.head, row)


def places(project: str, after: int, limit: int, upto: int) -> list[RowPlace]:
    """Like read, without the payloads."""
    columns = _COLUMNS.rpartition(", ")[0]
    with cursor() as c:
        c.execute(
            f"SELECT {columns}, coalesce(o.topic, ''), coalesce(e.topic_partition, 0), coalesce(e.topic_offset, 0), coalesce(e.item, 0) FROM log_event e"
            " LEFT JOIN log_source_offset o ON o.topic_id = e.topic_id AND o.topic_partition = e.topic_partition"
            " WHERE e.project = %s AND e.position > %s AND e.position <= %s ORDER BY e.position LIMIT %s",
            [project, after, upto, limit],
        )
        return [RowPlace(cells[:8], *cells[8:]) for cells in c.fetchall()]


def rows_at(project: str, positions: Sequence[int]) -> dict[int, LogRow]:
    """The rows at these positions."""
    with cursor() as c:
        c.execute(f"SELECT {_COLUMNS} FROM log_event e WHERE e.project = %s AND e.position = ANY(%s)", [project, list(positions)])
        return {cells[0]: _log_row(cells) for cells in c.fetchall()}


def scan(
    project: str, pair: Pair, wants: Sequence[tuple[str, int, int]], upto: int, ingested_by: int | None = None
) -> list[tuple[int, int, LogRow]]:
    """Live rows by entity and time: wants are (key, lower exclusive, upper inclusive) in us; live at position `upto`.

    -> [(index of the want, event time, row)] ordered by want, event time, position.
    """
    from_keys = [key for key, _, _ in wants]
    with cursor() as c:
        c.execute(
            f"SELECT w.n - 1, i.event_time, {_COLUMNS} FROM unnest(%s::smallint[], %s::text[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS w(bucket, key, low, high, n)"
            " JOIN log_index i ON i.pair = %s AND i.bucket = w.bucket AND i.key = w.key AND i.event_time > w.low AND i.event_time <= w.high AND i.position <= %s"
            " JOIN log_event e ON e.project = %s AND e.position = i.position"
            " WHERE (e.superseded_pos IS NULL OR e.superseded_pos > %s) AND e.ingested_at <= %s ORDER BY 1, 2, 3",
            [
                [pair.bucket(key) for key in from_keys], from_keys, [low for _, low, _ in wants], [high for _, _, high in wants],
                pair.id, upto, project, upto, ingested_by if ingested_by is not None else (1 << 62),
            ],
        )
        return [(cells[0], cells[1], _log_row(cells[2:])) for cells in c.fetchall()]


def keys_of(pair: Pair, bucket: int, after: str, limit: int) -> list[str]:
    """Distinct entity keys of a bucket in order, after a given one."""
    with cursor() as c:
        c.execute("SELECT DISTINCT key FROM log_index WHERE pair = %s AND bucket = %s AND key > %s ORDER BY key LIMIT %s", [pair.id, bucket, after, limit])
        return [key for (key,) in c.fetchall()]


def claim_request(project: str, request: str, body: bytes) -> bool:
    """Remember an Idempotency-Key with the hash of its body. -> False if it was known; Invalid if known with another body."""
    with cursor() as c:
        c.execute(
            "INSERT INTO log_request (project, request, body, made_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", [project, request, body, now_us()]
        )
        if c.rowcount:
            return True
        c.execute("SELECT body FROM log_request WHERE project = %s AND request = %s", [project, request])
        if bytes(c.fetchone()[0]) != body:
            raise Invalid("idempotency_key_reused", "this Idempotency-Key was used with another body")
    return False


def lock_offsets(partitions: Iterable[tuple[str, str, int]]) -> dict[tuple[str, int], int | None]:
    """Lock the offset rows of (topic id, topic, partition). -> next offset, None for a partition never stored from."""
    found: dict[tuple[str, int], int | None] = {}
    with cursor() as c:
        for topic_id, topic, partition in sorted(set(partitions)):
            c.execute(
                "INSERT INTO log_source_offset (topic_id, topic_partition, topic, next_offset) VALUES (%s, %s, %s, -1) ON CONFLICT DO NOTHING", [topic_id, partition, topic]
            )
            c.execute("SELECT next_offset FROM log_source_offset WHERE topic_id = %s AND topic_partition = %s FOR UPDATE", [topic_id, partition])
            (at,) = c.fetchone()
            found[topic_id, partition] = None if at < 0 else at
    return found


def offsets(partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int | None]:
    """Where a consumer must continue, without locking."""
    asked = list(partitions)
    with cursor() as c:
        c.execute(
            "SELECT topic_id, topic_partition, next_offset FROM log_source_offset WHERE (topic_id, topic_partition) IN %s AND next_offset >= 0", [tuple(asked) or (("", 0),)]
        )
        known = {(topic_id, partition): at for topic_id, partition, at in c.fetchall()}
    return {key: known.get(key) for key in asked}


def move_offset(topic_id: str, partition: int, next_offset: int, stored: int, duplicates: int, rejected: int) -> None:
    """Advance a locked offset row and its conservation counters."""
    with cursor() as c:
        c.execute(
            "UPDATE log_source_offset SET next_offset = %s, stored = stored + %s, duplicates = duplicates + %s, rejected = rejected + %s"
            " WHERE topic_id = %s AND topic_partition = %s",
            [next_offset, stored, duplicates, rejected, topic_id, partition],
        )


def note_gap(topic_id: str, partition: int, first: int, next_offset: int) -> None:
    """Offsets first .. next_offset - 1 will never come (compaction, markers, expiry): say so and go on."""
    with cursor() as c:
        c.execute(
            "INSERT INTO log_source_gap (topic_id, topic_partition, first_offset, next_offset, noticed_at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [topic_id, partition, first, next_offset, now_us()],
        )
