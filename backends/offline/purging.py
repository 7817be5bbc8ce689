"""Deleting old rows from the log, in steps that may each be the last: marked, kept in checkpoints, told to readers, deleted.

Identities stay, so what comes again is still a duplicate. A marked row can no longer be corrected, so that what the checkpoints
hold of it stands. Until the purge deletes, nobody else looks at marks and checkpoints, and it can be called off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction

from backends.offline import log, log_reading
from backends.offline.copying import copy_rows
from backends.offline.log_reading import LogRow
from backends.offline.pairs import FUTURE, Pair, known_pairs
from backends.offline.retention import DELETING, DONE, MARKING
from core.clock import now_us
from core.retention import Shape
from core.rows import load_row

CHUNK = 2000  # rows of one transaction


@dataclass(frozen=True)
class Begun:
    """A purge that is not over. `head`: it takes rows up to this position; `before`: event times up to this (us)."""

    project: str
    number: int
    state: str
    before: int
    head: int
    pairs: tuple[Pair, ...]


def _cursor() -> Any:
    return connections["default"].cursor()


def unfinished(project: str) -> Begun | None:
    """The purge of a project that was begun and is not over, if there is one."""
    with _cursor() as c:
        c.execute("SELECT number, state, before, head FROM log_purge WHERE project = %s AND state <> %s", [project, DONE])
        found = c.fetchone()
    if found is None:
        return None
    number, state, before, head = found
    return Begun(project, number, state, before, head, ())


def begin(project: str, before: int) -> Begun:
    """Write down that rows are about to be marked. One purge of a project at a time: IntegrityError for a second."""
    with transaction.atomic(using="default"), _cursor() as c:
        head, ingested_at, _, purging = log.lock_head(c, project)
        pairs = known_pairs(project)
        c.execute(
            "INSERT INTO log_purge (project, number, state, before, head, latest, pairs, begun_at)"
            " SELECT %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s, %s FROM log_purge WHERE project = %s RETURNING number",
            [
                project,
                MARKING,
                before,
                head,
                ingested_at + FUTURE,
                json.dumps([[pair.keys, pair.time_column, pair.time_kind] for pair in pairs]),
                now_us(),
                project,
            ],
        )
        (number,) = c.fetchone()
        c.execute("UPDATE log_head SET purging = %s WHERE project = %s", [max(head, purging), project])
    return Begun(project, number, MARKING, before, head, tuple(pairs))


def old_rows(project: str, before: int, head: int, pairs: Sequence[Pair]) -> Iterator[list[LogRow]]:
    """The rows that a purge takes, in parts of bounded size; parts may be empty.

    A row goes where its event time, in every pair that indexes it, is not after `before`; one that no pair indexes, as a
    tombstone, by the time of its record. One that was corrected after the head stays, so that who is behind learns whose it was.
    """
    after = 0
    while rows := log_reading.read(project, after, CHUNK, head):
        after = rows[-1].position
        yield [row for row in rows if _newest(row, pairs) <= before and _at_rest(row.superseded_pos, head)]


def _newest(row: LogRow, pairs: Sequence[Pair]) -> int:
    places = [] if row.deleted else [pair.place(row.row, row.record_time, row.ingested_at) for pair in pairs]
    return max((place[1] for place in places if place is not None), default=row.record_time)


def _at_rest(superseded: int | None, head: int) -> bool:
    return superseded is None or superseded <= head


def mark(begun: Begun, rows: Sequence[LogRow]) -> tuple[int, int]:
    """Rows that go, except those corrected meanwhile. -> how many; the last position at which one came or was corrected."""
    with transaction.atomic(using="default"), _cursor() as c:
        log.lock_head(c, begun.project)  # a correction is either there, or will be refused
        c.execute(
            "SELECT position, superseded_pos FROM log_event WHERE project = %s AND position = ANY(%s)",
            [begun.project, [row.position for row in rows]],
        )
        found = [(position, superseded) for position, superseded in c.fetchall() if _at_rest(superseded, begun.head)]
        copy_rows(c, "log_leaving", ("project", "position"), ((begun.project, position) for position, _ in found))
    return len(found), max((max(position, superseded or 0) for position, superseded in found), default=0)


def cover(begun: Begun, code: str) -> None:
    """A version is about to get checkpoints under this purge."""
    with _cursor() as c:
        c.execute(
            "UPDATE log_purge SET covered = array_append(covered, %s) WHERE project = %s AND number = %s",
            [code, begun.project, begun.number],
        )


def call_off(begun: Begun) -> None:
    """Forget a purge that has not begun to delete; its checkpoints and marks go first, the purge itself last."""
    with _cursor() as c:
        c.execute("SELECT covered FROM log_purge WHERE project = %s AND number = %s", [begun.project, begun.number])
        for code in c.fetchone()[0]:
            c.execute("DELETE FROM log_checkpoint WHERE code = %s AND purge = %s", [code, begun.number])
        c.execute("DELETE FROM log_leaving WHERE project = %s", [begun.project])
        c.execute(
            "DELETE FROM log_purge WHERE project = %s AND number = %s AND state = %s", [begun.project, begun.number, MARKING]
        )


def turn(begun: Begun, marked: int, reaches: int, shapes: Iterable[Shape] | None) -> None:
    """From here on readers start from the checkpoints, and who stands before `reaches` is loaded again; nothing is gone yet."""
    kinds = None if shapes is None else json.dumps([[s.source, s.address, s.names] for s in shapes])
    with transaction.atomic(using="default"), _cursor() as c:
        c.execute(
            "UPDATE log_purge SET state = %s, marked = %s, reaches = %s, shapes = %s WHERE project = %s AND number = %s",
            [DELETING, marked, reaches, kinds, begun.project, begun.number],
        )
        c.execute("UPDATE log_head SET purged = greatest(purged, %s) WHERE project = %s", [reaches, begun.project])


def delete_some(begun: Begun) -> int:
    """Delete the next marked rows with their entries of the index. -> how many; 0: all are gone."""
    with transaction.atomic(using="default"), _cursor() as c:
        # an index that is being made of older rows waits, or would hold entries of rows that are gone
        c.execute("SELECT id FROM log_pair WHERE project = %s ORDER BY id FOR SHARE", [begun.project])
        c.execute(
            "SELECT l.position, e.payload::text, e.record_time, e.ingested_at, e.deleted"
            " FROM log_leaving l JOIN log_event e ON e.project = l.project AND e.position = l.position"
            " WHERE l.project = %s ORDER BY l.position LIMIT %s",
            [begun.project, CHUNK],
        )
        rows = [(position, load_row(text), *rest) for position, text, *rest in c.fetchall()]
        for pair in known_pairs(begun.project):
            placed = [
                (place, position)
                for position, row, record_time, ingested_at, deleted in rows
                if not deleted and (place := pair.place(row, record_time, ingested_at)) is not None
            ]
            c.execute(
                "DELETE FROM log_index i USING unnest(%s::smallint[], %s::text[], %s::bigint[], %s::bigint[])"
                " AS w(bucket, key, event_time, position) WHERE i.pair = %s AND i.bucket = w.bucket AND i.key = w.key"
                " AND i.event_time = w.event_time AND i.position = w.position",
                [
                    [pair.bucket(key) for (key, _), _ in placed],
                    [key for (key, _), _ in placed],
                    [time for (_, time), _ in placed],
                    [position for _, position in placed],
                    pair.id,
                ],
            )
        gone = [row[0] for row in rows]
        c.execute(
            "DELETE FROM log_unplaced u USING log_pair p WHERE p.project = %s AND u.pair = p.id AND u.position = ANY(%s)",
            [begun.project, gone],
        )
        c.execute(
            "WITH gone AS (DELETE FROM log_event WHERE project = %s AND position = ANY(%s) RETURNING topic_id, topic_partition),"
            " counted AS (SELECT topic_id, topic_partition, count(*) AS rows FROM gone WHERE topic_id IS NOT NULL GROUP BY 1, 2)"
            " UPDATE log_source_offset o SET purged = o.purged + counted.rows FROM counted WHERE o.project = %s"
            " AND o.topic_id = counted.topic_id AND o.topic_partition = counted.topic_partition",
            [begun.project, gone, begun.project],
        )
        c.execute("DELETE FROM log_leaving WHERE project = %s AND position = ANY(%s)", [begun.project, gone])
        c.execute(
            "UPDATE log_purge SET deleted = deleted + %s WHERE project = %s AND number = %s",
            [len(gone), begun.project, begun.number],
        )
    return len(gone)


def end(begun: Begun) -> int:
    """All marked rows are gone. -> how many they were."""
    with _cursor() as c:
        c.execute(
            "UPDATE log_purge SET state = %s, ended_at = %s WHERE project = %s AND number = %s RETURNING deleted",
            [DONE, now_us(), begun.project, begun.number],
        )
        return int(c.fetchone()[0])


def covered(begun: Begun) -> list[str]:
    """Codes of the versions that have checkpoints under a purge."""
    with _cursor() as c:
        c.execute("SELECT covered FROM log_purge WHERE project = %s AND number = %s", [begun.project, begun.number])
        return list(c.fetchone()[0])
