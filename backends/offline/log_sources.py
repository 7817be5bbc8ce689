"""Where rows come from: offsets of Kafka partitions, their gaps, Idempotency-Keys; all inside the transaction of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backends.offline.log import cursor
from core.clock import now_us
from core.errors import Invalid


def claim_request(project: str, request: str, body: bytes) -> bool:
    """Remember an Idempotency-Key with the hash of its body. -> False if it was known; Invalid if known with another body."""
    with cursor() as c:
        c.execute(
            "INSERT INTO log_request (project, request, body, made_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [project, request, body, now_us()],
        )
        if c.rowcount:
            return True
        c.execute("SELECT body FROM log_request WHERE project = %s AND request = %s", [project, request])
        if bytes(c.fetchone()[0]) != body:
            raise Invalid("idempotency_key_reused", "this Idempotency-Key was used with another body")
    return False


def lock_offsets(project: str, partitions: Iterable[tuple[str, str, int]]) -> dict[tuple[str, int], int | None]:
    """Lock the offset rows of (topic id, topic, partition). -> next offset, None for a partition never stored from."""
    wanted = sorted(set(partitions))  # everybody takes the locks in one order
    if not wanted:
        return {}
    with cursor() as c:
        c.execute(
            "INSERT INTO log_source_offset (project, topic_id, topic, topic_partition, next_offset)"
            " SELECT %s, a.topic_id, a.topic, a.n, -1 FROM unnest(%s::text[], %s::text[], %s::int[]) AS a(topic_id, topic, n)"
            " ON CONFLICT DO NOTHING",
            [project, *map(list, zip(*wanted, strict=True))],
        )
        c.execute(
            "SELECT topic_id, topic_partition, next_offset FROM log_source_offset"
            " WHERE project = %s AND (topic_id, topic_partition) IN %s ORDER BY topic_id, topic_partition FOR UPDATE",
            [project, tuple((topic_id, partition) for topic_id, _, partition in wanted)],
        )
        return {(topic_id, partition): None if at < 0 else at for topic_id, partition, at in c.fetchall()}


def places(project: str, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int] | None]:
    """(next offset, leader epoch before it) of each partition, None for one never stored from; a stopped one is left out."""
    asked = list(partitions)
    with cursor() as c:
        c.execute(
            "SELECT topic_id, topic_partition, next_offset, leader_epoch, stopped_at FROM log_source_offset"
            " WHERE project = %s AND (topic_id, topic_partition) IN %s",
            [project, tuple(asked) or (("", 0),)],
        )
        rows = c.fetchall()
    stopped = {(topic_id, partition) for topic_id, partition, *_, stopped_at in rows if stopped_at is not None}
    known = {(topic_id, partition): (at, epoch) for topic_id, partition, at, epoch, _ in rows if at >= 0}
    return {key: known.get(key) for key in asked if key not in stopped}


def stop(project: str, topic_id: str, partition: int, at: int) -> None:
    """Remember that a partition must not be read: from this offset on its log is not the one that was stored."""
    with cursor() as c:
        c.execute(
            "UPDATE log_source_offset SET stopped_at = %s"
            " WHERE project = %s AND topic_id = %s AND topic_partition = %s AND stopped_at IS NULL",
            [at, project, topic_id, partition],
        )


@dataclass(frozen=True)
class Stopped:
    """A partition that is not read: everything before `next_offset` is stored, and from `at` on its log is another one."""

    project: str
    topic: str
    topic_id: str
    partition: int
    next_offset: int
    at: int


def stopped() -> list[Stopped]:
    """All of them."""
    with cursor() as c:
        c.execute(
            "SELECT project, topic, topic_id, topic_partition, next_offset, stopped_at FROM log_source_offset"
            " WHERE stopped_at IS NOT NULL ORDER BY project, topic, topic_partition"
        )
        return [Stopped(*row) for row in c.fetchall()]


def resume(stopped: Stopped, at: int) -> None:
    """Let a stopped partition be read again from an offset; nothing that was stored is taken back. Offsets count from there."""
    with cursor() as c:
        c.execute(
            "UPDATE log_source_offset"
            " SET next_offset = %s, leader_epoch = -1, stopped_at = NULL, first_offset = NULL, records = 0, gaps = 0"
            " WHERE project = %s AND topic_id = %s AND topic_partition = %s",
            [at, stopped.project, stopped.topic_id, stopped.partition],
        )


@dataclass(slots=True)
class Moved:
    """What a batch brought of one partition. gaps: offsets that never came; rows: counted before they are judged, apart from the
    three below."""

    first_offset: int
    next_offset: int = -1
    epoch: int = -1  # the leader epoch of the last record
    records: int = 0
    gaps: int = 0
    rows: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0


def move_offsets(project: str, moved: Mapping[tuple[str, int], Moved]) -> None:
    """Advance the locked offset rows of (topic id, partition) and their conservation counters."""
    if not moved:
        return
    counted = ("records", "gaps", "rows", "stored", "duplicates", "rejected")
    rows = [
        (*place, m.next_offset, m.first_offset, m.epoch, *(getattr(m, name) for name in counted)) for place, m in moved.items()
    ]
    with cursor() as c:
        c.execute(
            "UPDATE log_source_offset o"
            " SET next_offset = a.at, first_offset = coalesce(o.first_offset, a.first),"
            f" leader_epoch = greatest(o.leader_epoch, a.epoch), {', '.join(f'{n} = o.{n} + a.{n}' for n in counted)}"
            f" FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::int[]{', %s::bigint[]' * len(counted)})"
            f" AS a(id, part, at, first, epoch, {', '.join(counted)})"
            " WHERE o.project = %s AND o.topic_id = a.id AND o.topic_partition = a.part",
            [*map(list, zip(*rows, strict=True)), project],
        )


def topics(project: str, topic_ids: Iterable[str]) -> dict[str, str]:
    """{topic id: name} of topics that the project has read."""
    with cursor() as c:
        c.execute(
            "SELECT DISTINCT topic_id, topic FROM log_source_offset WHERE project = %s AND topic_id = ANY(%s)",
            [project, list(topic_ids)],
        )
        return dict(c.fetchall())


def note_gap(project: str, topic_id: str, partition: int, first: int, next_offset: int) -> None:
    """Offsets first .. next_offset - 1 will never come (compaction, markers, expiry): say so and go on."""
    with cursor() as c:
        c.execute(
            "INSERT INTO log_source_gap (project, topic_id, topic_partition, first_offset, next_offset, noticed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [project, topic_id, partition, first, next_offset, now_us()],
        )
