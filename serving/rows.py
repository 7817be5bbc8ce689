"""One part of a read, judged: for each entity the values, the status, the newest event and the time the values are exact for.

Which status wins, first to last:
- STALE where the truth may be another: the bucket is rebuilding, new or silent for more than 20 s, the last computation
  failed, or the record is exact only for a time more than 20 s ago. What is missing there proves nothing, so no NOT_FOUND.
- NOT_FOUND and EMPTY_WINDOW, with the feature's default.
- EXPIRED: the newest event counted is older than the group's ttl. The value is withheld; under STALE too.
- STALE by the caller's `max_age`: the newest event counted is older than that at as_of (what `age_seconds` says).
- NULL and PRESENT, told apart per feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import NEVER
from core.pick import pick
from core.record import Cursor
from serving.plan import Part

BEHIND = 20_000_000  # us
PRESENT, NULL, STALE, EXPIRED, NOT_FOUND, EMPTY_WINDOW = "PRESENT", "NULL", "STALE", "EXPIRED", "NOT_FOUND", "EMPTY_WINDOW"


@dataclass(frozen=True)
class Rows:
    """Entity by entity: `values` in the order of the version's outputs; `statuses`, where PRESENT stands for NULL too (see
    `status_of`); `newest` the newest event counted in us, or None; `as_of` in us."""

    values: list[Sequence[Any]]
    statuses: list[str]
    newest: list[int | None]
    as_of: list[int]


def status_of(row_status: str, value: Any) -> str:
    """The status of one feature of a row."""
    return NULL if value is None and row_status == PRESENT else row_status


def untrusted(cursor: Cursor | None, clock: int) -> bool:
    """Whether a bucket may be missing events: it rebuilds, was never filled, or last equalled the log more than 20 s ago."""
    return cursor is None or not cursor.whole or clock - cursor.equal_at > BEHIND


def judge(
    part: Part,
    records: Sequence[bytes | None],
    buckets: Sequence[int],
    cursors: Mapping[tuple[str, int], Cursor | None],
    clock: int,
    max_age: int | None,
    arrow: bool = False,
) -> Rows:
    """Records of one part, each with its bucket -> Rows. `clock`, `max_age` in us; `arrow`: values for pyarrow."""
    code = part.version.code
    doubtful = {bucket: untrusted(cursors.get((code, bucket)), clock) for bucket in set(buckets)}
    rows = Rows([], [], [], [])
    for data, bucket in zip(records, buckets, strict=True):
        values, status, newest, as_of = _judge_one(part, data, doubtful[bucket], clock, max_age, arrow)
        rows.values.append(values)
        rows.statuses.append(status)
        rows.newest.append(newest)
        rows.as_of.append(as_of)
    return rows


def _judge_one(
    part: Part, data: bytes | None, doubtful: bool, clock: int, max_age: int | None, arrow: bool
) -> tuple[Sequence[Any], str, int | None, int]:
    if data is None:
        return (part.nulls, STALE, None, clock) if doubtful else (part.missing(arrow), NOT_FOUND, None, clock)
    failed, layout, newest, exists, any_event, as_of, offset = pick(data, clock)
    decoder = part.decoder(layout)
    stale = doubtful or failed or decoder is None or clock - as_of > BEHIND
    if not exists or decoder is None:
        if stale:
            return part.nulls, STALE, None, as_of
        return part.missing(arrow), EMPTY_WINDOW if any_event else NOT_FOUND, None, as_of
    seen = None if newest == NEVER else newest
    age = 0 if seen is None else as_of - seen
    if part.ttl is not None and age > part.ttl:
        return part.nulls, STALE if stale else EXPIRED, seen, as_of
    if max_age is not None and age > max_age:
        stale = True
    return decoder.row(data, offset, arrow), STALE if stale else PRESENT, seen, as_of
