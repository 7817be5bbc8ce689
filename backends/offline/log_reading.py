"""Rows of the event log, by position and by entity and time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backends.offline.log import cursor
from backends.offline.pairs import Pair
from core.rows import load_row


class LogRow(NamedTuple):
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


_COLUMNS = (
    "e.position, e.source, e.address, e.record_time, e.ingested_at, e.deleted, e.supersedes, e.superseded_pos, e.payload::text"
)


_RANGE = "e.project = %s AND e.position > %s AND e.position <= %s"


def _log_row(cells: Sequence[Any]) -> LogRow:
    position, source, address, record_time, ingested_at, deleted, supersedes, superseded_pos, text = cells
    return LogRow(position, source, address, record_time, ingested_at, deleted, supersedes, superseded_pos, load_row(text))


def read(project: str, after: int, limit: int, upto: int | None = None) -> list[LogRow]:
    """Rows with position > after (and <= upto), ascending, at most `limit`."""
    with cursor() as c:
        c.execute(
            f"SELECT {_COLUMNS} FROM log_event e WHERE {_RANGE} ORDER BY e.position LIMIT %s",
            [project, after, upto if upto is not None else (1 << 62), limit],
        )
        return [_log_row(cells) for cells in c.fetchall()]


def read_with(project: str, column: str, after: int, limit: int, upto: int) -> list[LogRow]:
    """Like read, but only rows in which a column is there and not null."""
    with cursor() as c:
        c.execute(
            f"SELECT {_COLUMNS} FROM log_event e WHERE {_RANGE} AND e.payload ->> %s IS NOT NULL ORDER BY e.position LIMIT %s",
            [project, after, upto, column, limit],
        )
        return [_log_row(cells) for cells in c.fetchall()]


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
        position, source, address, record_time, ingested_at, deleted, supersedes, superseded_pos = self.head
        return LogRow(position, source, address, record_time, ingested_at, deleted, supersedes, superseded_pos, row)


def places(project: str, after: int, limit: int, upto: int) -> list[RowPlace]:
    """Like read, without the payloads."""
    columns = _COLUMNS.rpartition(", ")[0]
    with cursor() as c:
        c.execute(
            f"SELECT {columns}, coalesce(o.topic, ''), coalesce(e.topic_partition, 0), coalesce(e.topic_offset, 0),"
            " coalesce(e.item, 0)"
            " FROM log_event e"
            " LEFT JOIN log_source_offset o"
            " ON o.project = e.project AND o.topic_id = e.topic_id AND o.topic_partition = e.topic_partition"
            f" WHERE {_RANGE} ORDER BY e.position LIMIT %s",
            [project, after, upto, limit],
        )
        return [RowPlace(cells[:8], *cells[8:]) for cells in c.fetchall()]


def rows_at(project: str, positions: Sequence[int]) -> dict[int, LogRow]:
    """The rows at these positions."""
    with cursor() as c:
        c.execute(f"SELECT {_COLUMNS} FROM log_event e WHERE e.project = %s AND e.position = ANY(%s)", [project, list(positions)])
        return {cells[0]: _log_row(cells) for cells in c.fetchall()}


def origins(project: str, positions: Sequence[int]) -> dict[int, tuple[str, int, int, int]]:
    """position -> (topic id, partition, offset, place in the message) of rows that came from Kafka."""
    with cursor() as c:
        c.execute(
            "SELECT position, topic_id, topic_partition, topic_offset, item FROM log_event"
            " WHERE project = %s AND position = ANY(%s) AND topic_id IS NOT NULL",
            [project, list(positions)],
        )
        return {cells[0]: tuple(cells[1:]) for cells in c.fetchall()}


def unplaced(project: str, pair: Pair, after: int, limit: int, upto: int) -> list[LogRow]:
    """Live rows at `upto` that carry a pair's keys and have no place in its index, with position > after, ascending."""
    with cursor() as c:
        c.execute(
            f"SELECT {_COLUMNS} FROM log_unplaced u JOIN log_event e ON e.project = %s AND e.position = u.position"
            " WHERE u.pair = %s AND u.position > %s AND u.position <= %s"
            " AND (e.superseded_pos IS NULL OR e.superseded_pos > %s) ORDER BY u.position LIMIT %s",
            [project, pair.id, after, upto, upto, limit],
        )
        return [_log_row(cells) for cells in c.fetchall()]


def scan(project: str, pair: Pair, wants: Sequence[tuple[str, int, int]], upto: int) -> list[tuple[int, int, LogRow]]:
    """Live rows by entity and time: wants are (key, lower exclusive, upper inclusive) in us; live at position `upto`.

    -> [(index of the want, event time, row)] ordered by want, event time, position.
    """
    from_keys = [key for key, _, _ in wants]
    with cursor() as c:
        c.execute(
            f"SELECT w.n - 1, i.event_time, {_COLUMNS}"
            " FROM unnest(%s::smallint[], %s::text[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS w(bucket, key, low, high, n)"
            " JOIN log_index i ON i.pair = %s AND i.bucket = w.bucket AND i.key = w.key"
            " AND i.event_time > w.low AND i.event_time <= w.high AND i.position <= %s"
            " JOIN log_event e ON e.project = %s AND e.position = i.position"
            " WHERE (e.superseded_pos IS NULL OR e.superseded_pos > %s) ORDER BY 1, 2, 3",
            [
                [pair.bucket(key) for key in from_keys],
                from_keys,
                [low for _, low, _ in wants],
                [high for _, _, high in wants],
                pair.id,
                upto,
                project,
                upto,
            ],
        )
        return [(cells[0], cells[1], _log_row(cells[2:])) for cells in c.fetchall()]


def newest(project: str, pair: Pair, wants: Sequence[tuple[str, int]], upto: int) -> list[tuple[int, LogRow]]:
    """The newest live row of entities at or before a time: wants are (key, upper inclusive) in us; live at position `upto`.

    -> [(index of the want, row)], those without one left out.
    """
    keys = [key for key, _ in wants]
    with cursor() as c:
        c.execute(
            "SELECT w.n - 1, r.* FROM unnest(%s::smallint[], %s::text[], %s::bigint[]) WITH ORDINALITY AS w(bucket, key, high, n)"
            f" CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM log_index i"
            " JOIN log_event e ON e.project = %s AND e.position = i.position"
            " WHERE i.pair = %s AND i.bucket = w.bucket AND i.key = w.key AND i.event_time <= w.high AND i.position <= %s"
            " AND (e.superseded_pos IS NULL OR e.superseded_pos > %s) ORDER BY i.event_time DESC, i.position DESC LIMIT 1) AS r",
            [[pair.bucket(key) for key in keys], keys, [high for _, high in wants], project, pair.id, upto, upto],
        )
        return [(cells[0], _log_row(cells[1:])) for cells in c.fetchall()]


def position_at(project: str, time: int, head: int) -> int:
    """The last position of the log, up to a head, that was there at a time (us); 0 before the first.

    Of purged rows no time is known: they count as having come with the next one that is left.
    """
    with cursor() as c:
        c.execute("SELECT ingested_at FROM log_head WHERE project = %s", [project])
        newest = c.fetchone()
        if newest is None or time >= newest[0]:
            return head

        def ingested_at(position: int) -> int:
            c.execute(
                "SELECT ingested_at FROM log_event WHERE project = %s AND position >= %s ORDER BY position LIMIT 1",
                [project, position],
            )
            found = c.fetchone()
            return int(found[0]) if found else int(newest[0])

        return bisect_right(range(1, head + 1), time, key=ingested_at)


def counts_of(pair: Pair, code: str, bucket: int, after: str, limit: int) -> list[tuple[str, int]]:
    """Like keys_of, each with the number of its events; those too of which a version (`code`) has a checkpoint alone."""
    with cursor() as c:
        c.execute(
            "SELECT key, sum(events)::bigint FROM ("
            "(SELECT key, count(*) AS events FROM log_index WHERE pair = %s AND bucket = %s AND key > %s"
            " GROUP BY key ORDER BY key LIMIT %s)"
            " UNION ALL (SELECT DISTINCT key, 0 FROM log_checkpoint WHERE code = %s AND bucket = %s AND key > %s"
            " ORDER BY key LIMIT %s)) AS found GROUP BY key ORDER BY key LIMIT %s",
            [pair.id, bucket, after, limit, code, bucket, after, limit, limit],
        )
        return list(c.fetchall())


def known(pair: Pair, code: str, bucket: int, keys: Sequence[str]) -> set[str]:
    """Those of some entity keys of a bucket that have an event, or a checkpoint of a version."""
    with cursor() as c:
        c.execute(
            "SELECT k FROM unnest(%s::text[]) AS k"
            " WHERE EXISTS (SELECT 1 FROM log_index i WHERE i.pair = %s AND i.bucket = %s AND i.key = k)"
            " OR EXISTS (SELECT 1 FROM log_checkpoint p WHERE p.code = %s AND p.bucket = %s AND p.key = k)",
            [list(keys), pair.id, bucket, code, bucket],
        )
        return {key for (key,) in c.fetchall()}


def keys_of(pair: Pair, bucket: int, after: str, limit: int) -> list[str]:
    """Distinct entity keys of a bucket in order, after a given one."""
    with cursor() as c:
        c.execute(
            "SELECT DISTINCT key FROM log_index WHERE pair = %s AND bucket = %s AND key > %s ORDER BY key LIMIT %s",
            [pair.id, bucket, after, limit],
        )
        return [key for (key,) in c.fetchall()]


def counts_between(pair: Pair, wants: Sequence[tuple[str, int, int]], upto: int, most: int) -> list[int]:
    """How many rows of the index each (key, lower exclusive, upper inclusive) has up to a position, at most `most`.

    Rows of other groups and rows that were superseded count too: it is what reading the entity's events would go through.
    """
    with cursor() as c:
        c.execute(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM log_index i WHERE i.pair = %s AND i.bucket = w.bucket AND i.key = w.key"
            " AND i.event_time > w.low AND i.event_time <= w.high AND i.position <= %s LIMIT %s) AS few)"
            " FROM unnest(%s::smallint[], %s::text[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS w(bucket, key, low, high, n)"
            " ORDER BY w.n",
            [
                pair.id,
                upto,
                most,
                [pair.bucket(key) for key, _, _ in wants],
                [key for key, _, _ in wants],
                [low for _, low, _ in wants],
                [high for _, _, high in wants],
            ],
        )
        return [count for (count,) in c.fetchall()]


def scan_after(
    project: str, pair: Pair, key: str, low: int, after: tuple[int, int], upto: int, limit: int
) -> tuple[list[LogRow], tuple[int, int] | None]:
    """The next of one entity's live rows later than `low` (us), by event time and position, after a place of that order.

    -> (rows, the place to go on from, None at the end). At most `limit` rows of the index are gone through.
    """
    with cursor() as c:
        c.execute(
            f"SELECT i.event_time, {_COLUMNS} FROM (SELECT event_time, position FROM log_index"
            " WHERE pair = %s AND bucket = %s AND key = %s AND event_time > %s AND (event_time, position) > (%s, %s)"
            " AND position <= %s ORDER BY event_time, position LIMIT %s) AS i"
            " JOIN log_event e ON e.project = %s AND e.position = i.position ORDER BY i.event_time, i.position",
            [pair.id, pair.bucket(key), key, low, *after, upto, limit, project],
        )
        found = [(cells[0], _log_row(cells[1:])) for cells in c.fetchall()]
    rows = [row for _, row in found if row.superseded_pos is None or row.superseded_pos > upto]
    return rows, (found[-1][0], found[-1][1].position) if len(found) == limit else None
