"""Dead letters that leave: given back to the log or thrown away. What they leave behind keeps the accounts of their partition
true, and keeps a load that meets a quarantined row again from writing a second record."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections

# One statement, so it holds whether or not the caller has a transaction; partitions in order, so that two never wait in a ring.
_REMOVE = """
WITH dead AS (DELETE FROM dead_letter WHERE id = ANY(%s) RETURNING project, code, "group", position, topic_id, partition),
settled AS (
    INSERT INTO quarantine_settled (project, "group", position, code)
    SELECT project, "group", position, code FROM dead WHERE position IS NOT NULL AND "group" <> ''
    ON CONFLICT DO NOTHING),
gone AS (
    INSERT INTO letters_gone (project, topic_id, partition, letters)
    SELECT project, topic_id, partition, count(*) FROM dead WHERE position IS NULL AND topic_id <> ''
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (project, topic_id, partition) DO UPDATE SET letters = letters_gone.letters + excluded.letters)
SELECT count(*) FROM dead
"""


def remove(ids: Sequence[int]) -> int:
    """Delete letters. -> how many there were."""
    with connections["default"].cursor() as c:
        c.execute(_REMOVE, [list(ids)])
        (count,) = c.fetchone()
    return int(count)


def settled(project: str, wanted: Sequence[tuple[str, int, str]]) -> set[tuple[str, int, str]]:
    """Those of some (group, position, code) whose quarantine record was given back or thrown away already."""
    if not wanted:
        return set()
    with connections["default"].cursor() as c:
        c.execute(
            'SELECT s."group", s.position, s.code'
            ' FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS w("group", position, code)'
            ' JOIN quarantine_settled s ON s.project = %s AND s."group" = w."group" AND s.position = w.position'
            " AND s.code = w.code",
            [*(list(column) for column in zip(*wanted, strict=True)), project],
        )
        return set(c.fetchall())
