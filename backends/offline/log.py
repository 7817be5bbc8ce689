"""The event log in PostgreSQL: its only writer (tables: processing/migrations/0001; read by log_reading, fed by log_sources).

An append takes the project's head row, gives dense positions in commit order, and ends by moving the head; everything an
append brings (rows, identities, index, dead letters, offsets) is in the one transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connections

from backends.offline.copying import NULL, copy_lines, copy_rows, escaped
from backends.offline.pairs import index_rows, pairs_of
from core.clock import now_us

CHANNEL = "jstore_log"
_NO_ORIGIN = (NULL,) * 4
Identity = tuple[str, str, str]  # source, address or "", identity
Standing = tuple[int, int, bool]  # position, revision, whether it is a tombstone


def cursor() -> Any:
    """A cursor on the connection of the log; Django keeps one per thread and reopens it."""
    return connections["default"].cursor()


class NewRow(NamedTuple):
    """A row to append. `identity` None: every such row is new. Times in microseconds; `source` is a plain word.

    replaces: the position whose row it replaces even at an equal revision, if that row still stands.
    """

    row: dict[str, Any]
    payload: str
    source: str
    address: str | None
    record_time: int
    identity: str | None = None
    revision: int = 0
    deleted: bool = False
    origin: tuple[str, int, int, int] | None = None  # Kafka: topic id, partition, offset, index in message
    replaces: int | None = None


@dataclass(frozen=True)
class Head:
    """The head of a project's log. `system`, `timeline` name this history of the database; `seen`: when it was read.

    `purged`: up to this position rows may be gone.
    """

    position: int
    ingested_at: int
    system: int
    timeline: int
    seen: int
    purged: int = 0


@dataclass(frozen=True)
class Appended:
    """positions[i] is None where rows[i] was a duplicate, or was to replace a row that is purged: then i is in `beyond`."""

    position: int
    ingested_at: int
    positions: tuple[int | None, ...]
    beyond: frozenset[int] = frozenset()


def head(project: str) -> Head:
    """The head as committed; position 0 for a project without a log."""
    seen = now_us()
    with cursor() as c:
        c.execute(
            "SELECT coalesce(h.position, 0), coalesce(h.ingested_at, 0), s.system_identifier, k.timeline_id,"
            " coalesce(h.purged, 0)"
            " FROM pg_control_system() s, pg_control_checkpoint() k LEFT JOIN log_head h ON h.project = %s",
            [project],
        )
        position, ingested_at, system, timeline, purged = c.fetchone()
    return Head(position, ingested_at, system, timeline, seen, purged)


_LOCKED = "SELECT position, ingested_at, pairs, purging FROM log_head WHERE project = %s FOR UPDATE"


def lock_head(c: Any, project: str) -> tuple[int, int, int, int]:
    """Nobody else appends to the project until the transaction ends. -> position, ingestion time, stamp of the pairs, and the
    position up to which rows may be marked to be purged."""
    c.execute(_LOCKED, [project])
    found = c.fetchone()
    if found is None:
        c.execute("INSERT INTO log_head (project) VALUES (%s) ON CONFLICT DO NOTHING", [project])
        c.execute(_LOCKED, [project])
        found = c.fetchone()
    return found[0], found[1], found[2], found[3]


def append(project: str, rows: Sequence[NewRow]) -> Appended:
    """Append inside the caller's transaction; the head stays locked until that commits."""
    with cursor() as c:
        position, last_time, stamp, purging = lock_head(c, project)
        ingested_at = max(now_us(), last_time)
        known = _identities(c, project, rows)
        purged = _purged(c, project, rows, known, purging)
        positions, kept, superseded, beyond = _place(c, project, rows, position, known, purged)
        end = position + len(kept)
        if kept:
            copy_lines(c, "log_event", _COLUMNS, _event_lines(project, kept, superseded, ingested_at))
            for new, old in ((at, old) for at, _, old in kept if old is not None and old <= position):
                c.execute("UPDATE log_event SET superseded_pos = %s WHERE project = %s AND position = %s", [new, project, old])
            index_rows(
                c,
                pairs_of(c, project, stamp),
                [(at, row.row, row.record_time, ingested_at) for at, row, _ in kept if not row.deleted],
            )
            c.execute("UPDATE log_head SET position = %s, ingested_at = %s WHERE project = %s", [end, ingested_at, project])
            c.execute("SELECT pg_notify(%s, %s)", [CHANNEL, project])
    return Appended(end, ingested_at, tuple(positions), frozenset(beyond))


_COLUMNS = (
    *("project", "position", "source", "address", "record_time", "ingested_at", "payload"),
    *("deleted", "supersedes", "superseded_pos", "topic_id", "topic_partition", "topic_offset", "item"),
)


def _event_lines(
    project: str, kept: Sequence[tuple[int, NewRow, int | None]], superseded: dict[int, int], ingested_at: int
) -> list[str]:
    project = escaped(project)
    lines = []
    for at, (_, payload, source, address, record_time, _, _, deleted, origin, _), old in kept:
        topic_id, partition, offset, item = origin or _NO_ORIGIN
        lines.append(
            f"{project}\t{at}\t{source}\t{NULL if address is None else escaped(address)}\t{record_time}\t{ingested_at}"
            f"\t{escaped(payload)}\t{'t' if deleted else 'f'}\t{NULL if old is None else old}\t{superseded.get(at, NULL)}"
            f"\t{topic_id}\t{partition}\t{offset}\t{item}"
        )
    return lines


def _place(
    c: Any, project: str, rows: Sequence[NewRow], position: int, known: dict[Identity, Standing], purged: set[int]
) -> tuple[list[int | None], list[tuple[int, NewRow, int | None]], dict[int, int], list[int]]:
    """Duplicates and what comes too late out, positions to the rest.

    -> (position per row, [(position, row, what it supersedes)], superseded, rows that would replace purged ones).
    """
    placed: list[int | None] = []
    kept: list[tuple[int, NewRow, int | None]] = []
    touched: dict[Identity, Standing] = {}
    superseded: dict[int, int] = {}
    beyond: list[int] = []
    for row in rows:
        old = None
        if row.identity is not None:
            key = (row.source, row.address or "", row.identity)
            before = touched.get(key) or known.get(key)
            if before is not None:
                old = before[0]
                if not _replaces(row, before) or old in purged:
                    if old in purged and _replaces(row, before):
                        beyond.append(len(placed))
                    placed.append(None)
                    continue
            touched[key] = (position + len(kept) + 1, row.revision, row.deleted)
        at = position + len(kept) + 1
        if old is not None and old > position:
            superseded[old] = at
        placed.append(at)
        kept.append((at, row, old))
    _write_identities(c, project, known, touched)
    return placed, kept, superseded, beyond


def _replaces(row: NewRow, before: Standing) -> bool:
    """A tombstone wins over the row at an equal revision, and so does what was made of it; everything else must be higher."""
    position, revision, deleted = before
    return row.revision > revision or (row.revision == revision and not deleted and (row.deleted or row.replaces == position))


def _purged(c: Any, project: str, rows: Sequence[NewRow], known: dict[Identity, Standing], purging: int) -> set[int]:
    """Of the rows that these would replace those that are purged, or marked to be. Asks nothing where nothing ever was."""
    if not purging:
        return set()
    replaced = {
        before[0]
        for row in rows
        if row.identity is not None
        and (before := known.get((row.source, row.address or "", row.identity))) is not None
        and before[0] <= purging
        and _replaces(row, before)
    }
    if not replaced:
        return replaced
    c.execute(
        "SELECT e.position FROM log_event e LEFT JOIN log_leaving l ON l.project = e.project AND l.position = e.position"
        " WHERE e.project = %s AND e.position = ANY(%s) AND l.position IS NULL",
        [project, list(replaced)],
    )
    return replaced - {position for (position,) in c.fetchall()}


def _identities(c: Any, project: str, rows: Sequence[NewRow]) -> dict[Identity, Standing]:
    asked = [(r.source, r.address or "", r.identity) for r in rows if r.identity is not None]
    if not asked:
        return {}
    c.execute(
        "SELECT i.source, i.address, i.identity, i.position, i.revision, i.deleted"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS a(source, address, identity)"
        " JOIN log_identity i ON i.project = %s AND i.source = a.source AND i.address = a.address AND i.identity = a.identity",
        [*(list(column) for column in zip(*asked, strict=True)), project],
    )
    return {(s, a, i): (position, revision, deleted) for s, a, i, position, revision, deleted in c.fetchall()}


def _write_identities(c: Any, project: str, known: dict[Identity, Standing], touched: dict[Identity, Standing]) -> None:
    fresh = [(project, *key, *value) for key, value in touched.items() if key not in known]
    copy_rows(c, "log_identity", ("project", "source", "address", "identity", "position", "revision", "deleted"), fresh)
    for key, value in touched.items():
        if key in known:
            c.execute(
                "UPDATE log_identity SET position = %s, revision = %s, deleted = %s"
                " WHERE project = %s AND source = %s AND address = %s AND identity = %s",
                [*value, project, *key],
            )


def projects() -> list[str]:
    """Projects that have a log."""
    with cursor() as c:
        c.execute("SELECT project FROM log_head ORDER BY project")
        return [project for (project,) in c.fetchall()]
