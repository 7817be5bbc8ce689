"""One part of a read, judged: for each entity the values, the status, the newest event and the time the values are exact for.

Which status wins, first to last:
- STALE where the truth may be another: the bucket is rebuilding, new or silent for more than 20 s, the last computation
  failed, or the record is exact only for a time more than 20 s ago. What is missing there proves nothing, so no NOT_FOUND.
- NOT_FOUND and EMPTY_WINDOW, with the feature's default.
- EXPIRED: the newest event counted is older than the group's ttl. The value is withheld; under STALE too.
- STALE by the caller's `max_age`: the newest event counted is older than that at as_of (what `age_seconds` says).
- NULL and PRESENT, told apart per feature.
Over them all BEYOND_RETENTION, where as_of is before the time from which a purge of the log lets the version be right again: what
was computed then may lack events, so no value of it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import NEVER
from core.pick import pick
from core.record import Cursor
from core.since import Since, at_reading
from serving.plan import Decoder, Part

BEHIND = 20_000_000  # us
_MANY = 200  # values: fewer are faster row by row
# Where a row's values are: ready (nulls, defaults), or in a record: (its decoder, the record, where its block starts).
Source = tuple[Any, ...]
PRESENT, NULL, STALE, EXPIRED, NOT_FOUND, EMPTY_WINDOW = "PRESENT", "NULL", "STALE", "EXPIRED", "NOT_FOUND", "EMPTY_WINDOW"
BEYOND_RETENTION = "BEYOND_RETENTION"


@dataclass(frozen=True)
class Rows:
    """One part of an answer, by entity.

    `columns` in the order of the version's outputs, arrays where `full` (nothing NULL or missing); `statuses`, where PRESENT
    stands for NULL too (see `status_of`); `newest` the newest event counted in us, or None; `as_of` in us.
    """

    columns: Sequence[Any]
    statuses: list[str]
    newest: list[int | None]
    as_of: list[int]
    full: bool = False


def status_of(row_status: str, value: Any) -> str:
    """The status of one feature of a row."""
    return NULL if value is None and row_status == PRESENT else row_status


def untrusted(cursor: Cursor | None, clock: int) -> bool:
    """Whether a bucket may be missing events: it rebuilds, was never filled, or last equalled the log more than 20 s ago."""
    return cursor is None or not cursor.whole or clock - cursor.equal_at > BEHIND


@dataclass(frozen=True)
class Wishes:
    """What the caller asks of a read. `clock`, `max_age` in us; `withhold`: no value under STALE; `arrow`: values for pyarrow."""

    clock: int
    max_age: int | None = None
    withhold: bool = False
    arrow: bool = False


def judge(
    part: Part,
    records: Sequence[bytes | None],
    buckets: Sequence[int],
    cursors: Mapping[tuple[str, int], Cursor | None],
    wishes: Wishes,
) -> Rows:
    """Records of one part, each with its bucket -> Rows."""
    code = part.version.code
    doubtful = {bucket: untrusted(cursors.get((code, bucket)), wishes.clock) for bucket in set(buckets)}
    statuses: list[str] = []
    newest: list[int | None] = []
    as_of: list[int] = []
    sources: list[Source] = []
    for data, bucket in zip(records, buckets, strict=True):
        source, status, seen, exact_for = _judge_one(part, data, doubtful[bucket], wishes)
        sources.append(source)
        statuses.append(status)
        newest.append(seen)
        as_of.append(exact_for)
    since = part.version.exact_from
    if since is not None and as_of and min(as_of) < since:
        for i, exact_for in enumerate(as_of):
            if exact_for < since:
                sources[i], statuses[i], newest[i] = part.nulls, BEYOND_RETENTION, None
    columns, full = _columns(sources, wishes.arrow, part.version.forms, as_of)
    return Rows(columns or [()] * len(part.version.outputs), statuses, newest, as_of, full)


def _judge_one(part: Part, data: bytes | None, doubtful: bool, wishes: Wishes) -> tuple[Source, str, int | None, int]:
    clock = wishes.clock
    if data is None:
        return (part.nulls, STALE, None, clock) if doubtful else (part.missing(wishes.arrow), NOT_FOUND, None, clock)
    failed, layout, newest, exists, any_event, as_of, offset = pick(data, clock)
    decoder = part.decoder(layout)
    stale = doubtful or failed or decoder is None or clock - as_of > BEHIND
    if not exists or decoder is None:
        if stale:
            return part.nulls, STALE, None, as_of
        return part.missing(wishes.arrow), EMPTY_WINDOW if any_event else NOT_FOUND, None, as_of
    seen = None if newest == NEVER else newest
    age = 0 if seen is None else as_of - seen
    if part.ttl is not None and age > part.ttl:
        return part.nulls, STALE if stale else EXPIRED, seen, as_of
    if stale or (wishes.max_age is not None and age > wishes.max_age):
        return part.nulls if wishes.withhold else (decoder, data, offset), STALE, seen, as_of
    return (decoder, data, offset), PRESENT, seen, as_of


def _columns(
    sources: Sequence[Source], arrow: bool, forms: Sequence[Since | None], as_of: Sequence[int]
) -> tuple[Sequence[Any], bool]:
    """-> (the columns, whether they are arrays without a NULL)."""
    if forms:
        return list(zip(*(_moved(s, arrow, forms, t) for s, t in zip(sources, as_of, strict=True)), strict=True)), False
    first = sources[0][0] if sources and sources[0] else None
    if (
        isinstance(first, Decoder)
        and first.plain is not None
        and len(sources) * len(first.block.types) >= _MANY
        and all(source[0] is first for source in sources)
    ):
        found = first.plain.unpack([source[1] for source in sources], [source[2] for source in sources])
        if found is not None:
            return found, True
    rows = [s[0].row(s[1], s[2], arrow) if s and isinstance(s[0], Decoder) else s for s in sources]
    return list(zip(*rows, strict=True)), False


def _moved(source: Source, arrow: bool, forms: Sequence[Since | None], t: int) -> Sequence[Any]:
    """A row in which what was kept is read at t; defaults and nulls are as they are."""
    if not source or not isinstance(source[0], Decoder):
        return source
    return at_reading(forms, source[0].row(source[1], source[2], arrow), t)
