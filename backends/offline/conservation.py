"""The accounts of the log, taken in one snapshot: what the counters of each Kafka partition say, and what stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backends.offline.log import cursor

OTHERWISE = ("", -1)  # the place of rows that did not come from Kafka
_PART = 1_000_000  # positions of one statement
_LOCK = 0x6A73_6376


@dataclass(frozen=True)
class Counters:
    """What the offset row of a partition says; of OTHERWISE only `stored` and `purged` mean something."""

    topic: str
    next_offset: int = 0
    first_offset: int = 0
    records: int = 0
    gaps: int = 0
    rows: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    purged: int = 0


@dataclass(frozen=True)
class Checked:
    """How far a partition's rows were counted, by the counters of then, and how many too few (or, below 0, too many) there were.

    broken: by how much all its accounts together are off. Times in us.
    """

    position: int
    stored: int
    difference: int
    purged: int
    broken: int
    full_at: int
    checked_at: int


Place = tuple[str, int]


def isolate() -> None:
    """All that follows in the caller's new transaction sees one moment."""
    with cursor() as c:
        c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def counters(project: str) -> tuple[int, dict[Place, Counters]]:
    """-> (head of the log, the counters of each place). Positions are dense, so what Kafka did not store came otherwise."""
    with cursor() as c:
        c.execute("SELECT coalesce(max(position), 0) FROM log_head WHERE project = %s", [project])
        (head,) = c.fetchone()
        c.execute(
            "SELECT topic_id, topic_partition, topic, next_offset, coalesce(first_offset, next_offset), records, gaps, rows,"
            " stored, duplicates, rejected, purged FROM log_source_offset WHERE project = %s AND next_offset >= 0",
            [project],
        )
        found = {(i, n): Counters(*rest) for i, n, *rest in c.fetchall()}
        c.execute("SELECT coalesce(sum(deleted), 0) FROM log_purge WHERE project = %s", [project])
        (purged,) = c.fetchone()
    stored = head - sum(one.stored for one in found.values())
    found[OTHERWISE] = Counters("http", stored=stored, purged=int(purged) - sum(one.purged for one in found.values()))
    return head, found


def rows(project: str, after: int, upto: int) -> dict[Place, int]:
    """How many rows of each place stand in the log at positions after .. upto; each is looked at."""
    total: dict[Place, int] = {}
    with cursor() as c:
        for first in range(after, upto, _PART):
            c.execute(
                "SELECT coalesce(topic_id, %s), coalesce(topic_partition, %s), count(*) FROM log_event"
                " WHERE project = %s AND position > %s AND position <= %s GROUP BY 1, 2",
                [*OTHERWISE, project, first, min(first + _PART, upto)],
            )
            for topic_id, partition, count in c.fetchall():
                total[topic_id, partition] = total.get((topic_id, partition), 0) + count
    return total


def checked(project: str) -> dict[Place, Checked]:
    """What the last check of each place left."""
    with cursor() as c:
        c.execute(
            "SELECT topic_id, topic_partition, position, stored, difference, purged, broken, full_at, checked_at"
            " FROM log_source_check WHERE project = %s",
            [project],
        )
        return {(i, n): Checked(*rest) for i, n, *rest in c.fetchall()}


def keep(project: str, found: Mapping[Place, Checked]) -> None:
    """Write what a check found."""
    with cursor() as c:
        for (topic_id, partition), one in found.items():
            c.execute(
                "INSERT INTO log_source_check (project, topic_id, topic_partition, position, stored, difference, purged, broken,"
                " full_at, checked_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (project, topic_id, topic_partition) DO UPDATE SET position = excluded.position,"
                " stored = excluded.stored, difference = excluded.difference, purged = excluded.purged, broken = excluded.broken,"
                " full_at = excluded.full_at, checked_at = excluded.checked_at",
                [
                    *(project, topic_id, partition, one.position, one.stored, one.difference, one.purged, one.broken),
                    *(one.full_at, one.checked_at),
                ],
            )


def standing() -> tuple[int, int | None]:
    """Over all projects: -> (by how much accounts are off, time of the oldest check, None before the first)."""
    with cursor() as c:
        c.execute("SELECT coalesce(sum(broken), 0), min(checked_at) FROM log_source_check")
        broken, oldest = c.fetchone()
    return int(broken), oldest


def lock() -> bool:
    """One check at a time, until the transaction ends. -> whether it is ours."""
    with cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        found: Any = c.fetchone()
    return bool(found[0])
