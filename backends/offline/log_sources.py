"""Where rows come from: offsets of Kafka partitions, their gaps, Idempotency-Keys; all inside the transaction of their rows."""

from __future__ import annotations

from collections.abc import Iterable

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
    found: dict[tuple[str, int], int | None] = {}
    with cursor() as c:
        for topic_id, topic, partition in sorted(set(partitions)):
            c.execute(
                "INSERT INTO log_source_offset (project, topic_id, topic_partition, topic, next_offset)"
                " VALUES (%s, %s, %s, %s, -1) ON CONFLICT DO NOTHING",
                [project, topic_id, partition, topic],
            )
            c.execute(
                "SELECT next_offset FROM log_source_offset"
                " WHERE project = %s AND topic_id = %s AND topic_partition = %s FOR UPDATE",
                [project, topic_id, partition],
            )
            (at,) = c.fetchone()
            found[topic_id, partition] = None if at < 0 else at
    return found


def offsets(project: str, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int | None]:
    """Where a consumer must continue, without locking."""
    asked = list(partitions)
    with cursor() as c:
        c.execute(
            "SELECT topic_id, topic_partition, next_offset FROM log_source_offset"
            " WHERE project = %s AND (topic_id, topic_partition) IN %s AND next_offset >= 0",
            [project, tuple(asked) or (("", 0),)],
        )
        known = {(topic_id, partition): at for topic_id, partition, at in c.fetchall()}
    return {key: known.get(key) for key in asked}


def move_offset(
    project: str, topic_id: str, partition: int, next_offset: int, stored: int, duplicates: int, rejected: int
) -> None:
    """Advance a locked offset row and its conservation counters."""
    with cursor() as c:
        c.execute(
            "UPDATE log_source_offset"
            " SET next_offset = %s, stored = stored + %s, duplicates = duplicates + %s, rejected = rejected + %s"
            " WHERE project = %s AND topic_id = %s AND topic_partition = %s",
            [next_offset, stored, duplicates, rejected, project, topic_id, partition],
        )


def note_gap(project: str, topic_id: str, partition: int, first: int, next_offset: int) -> None:
    """Offsets first .. next_offset - 1 will never come (compaction, markers, expiry): say so and go on."""
    with cursor() as c:
        c.execute(
            "INSERT INTO log_source_gap (project, topic_id, topic_partition, first_offset, next_offset, noticed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [project, topic_id, partition, first, next_offset, now_us()],
        )
