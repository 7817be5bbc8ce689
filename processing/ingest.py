"""Rows into the event log: judged, then appended with dead letters, identities and offsets in one PostgreSQL transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from django.db import transaction

from backends import metrics
from backends.offline import log, log_sources
from backends.offline.log import NewRow
from core.clock import now_us
from core.rows import dump_row
from core.spec import GroupSpec, VersionSpec
from core.strict_json import Malformed
from processing import dead_letters
from processing.dead_letters import NO_ROUTE, Letter
from processing.definitions import known_groups
from processing.judging import Judged, Refused
from processing.shapes import shapes_of

SOURCE = "events"


class Incoming(NamedTuple):
    """One row at the door. `row` is a Malformed where its text was no JSON; origin: Kafka's coordinates.

    raw: the text of the row, where it came as a text of its own; it is stored as it is. identity: what it is known by where it
    has no event_id; replaces: see log.NewRow.
    """

    row: Any
    record_time: int
    address: str | None = None
    raw: bytes | None = None
    refused: Refused | None = None
    origin: tuple[str, int, int, int] | None = None
    identity: str | None = None
    replaces: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a push. `rejected`: (index, code, detail); `shown_by`: see Judged; `fates`: each row's."""

    accepted: int
    duplicates: int
    held: int
    unrouted: int
    rejected: list[tuple[int, str, str]]
    position: int | None
    ingested_at: int
    shown_by: list[tuple[GroupSpec, VersionSpec]] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)


def accept(project: str, rows: Sequence[Incoming], *, request: tuple[str, bytes] | None = None) -> Outcome:
    """Judge and append rows; everything of it in one transaction, committed when this returns.

    request: an Idempotency-Key and the hash of its body; raises Invalid where that key came with another body.
    """
    now = now_us()
    verdicts = judge_all(project, rows, now)
    with transaction.atomic(using="default"):
        repeated = request is not None and not log_sources.claim_request(project, *request)
        return append(project, rows, verdicts, now, request=request[0] if request else None, repeated=repeated)


def judge_all(project: str, rows: Sequence[Incoming], now: int) -> list[Judged | Refused]:
    """The verdict on each row under the definitions as they are now."""
    judge = shapes_of(project, known_groups(project)).judge
    return [
        _refused(row)
        if row.refused is not None or isinstance(row.row, Malformed)
        else judge(row.row, row.address, row.record_time, now)
        for row in rows
    ]


def _refused(incoming: Incoming) -> Refused:
    return incoming.refused or Refused(incoming.row.code, incoming.row.detail)


def append(
    project: str,
    rows: Sequence[Incoming],
    verdicts: Sequence[Judged | Refused],
    now: int,
    *,
    request: str | None = None,
    repeated: bool = False,
) -> Outcome:
    """Write judged rows in the caller's transaction. repeated: an Idempotency-Key came again; its refusals are kept already."""
    taken = [(index, row, v) for index, (row, v) in enumerate(zip(rows, verdicts, strict=True)) if isinstance(v, Judged)]
    rejected = [(index, row, v) for index, (row, v) in enumerate(zip(rows, verdicts, strict=True)) if isinstance(v, Refused)]
    news = [
        NewRow(
            row.row,
            dump_row(row.row) if row.raw is None else row.raw.decode(),
            SOURCE,
            row.address,
            row.record_time,
            verdict.identity or (row.identity if request is None else f"h:{request}:{index}"),
            verdict.revision,
            verdict.deleted,
            row.origin,
            row.replaces,
        )
        for index, row, verdict in taken
    ]
    done = log.append(project, news)
    positions = done.positions
    if done.beyond:  # only the log can tell
        rejected += [(*taken[n][:2], Refused("beyond_retention", "the row it would replace was purged")) for n in done.beyond]
        rejected.sort(key=lambda one: one[0])
        left = [n for n in range(len(news)) if n not in done.beyond]
        taken, news, positions = [taken[n] for n in left], [news[n] for n in left], tuple(positions[n] for n in left)
    stored = [
        (new, verdict, position)
        for new, (_, _, verdict), position in zip(news, taken, positions, strict=True)
        if position is not None
    ]
    letters = [] if repeated else [_letter(project, row, verdict, now) for _, row, verdict in rejected]
    letters += [letter for new, verdict, position in stored for letter in _left_out(project, new, verdict, position, now)]
    letters += [
        Letter(project, NO_ROUTE, "no group takes this row yet", SOURCE, b"", now, address=new.address or "", position=position)
        for new, verdict, position in stored
        if verdict.unrouted
    ]
    dead_letters.store(letters)
    for group, number in Counter(chain.from_iterable(verdict.near for _, verdict, _ in stored)).items():
        metrics.NEAR_MISSES.labels(group=group).inc(number)
    fates = ["rejected"] * len(rows)
    for (index, _, _), position in zip(taken, positions, strict=True):
        fates[index] = "duplicates" if position is None else "stored"
    shown_by = {id(verdict.shown_by): verdict.shown_by for _, verdict, _ in stored}  # most rows share one
    return Outcome(
        fates=fates,
        accepted=len(stored),
        duplicates=len(news) - len(stored),
        held=sum(verdict.held for _, verdict, _ in stored),
        unrouted=sum(verdict.unrouted for _, verdict, _ in stored),
        rejected=[(index, verdict.code, verdict.detail) for index, _, verdict in rejected],
        position=stored[-1][2] if stored else None,
        ingested_at=done.ingested_at,
        shown_by=list({version.code: (spec, version) for shown in shown_by.values() for spec, version in shown}.values()),
    )


def _left_out(project: str, new: NewRow, verdict: Judged, position: int, now: int) -> list[Letter]:
    """The quarantine records of a stored row."""
    return [
        Letter(project, code, detail, SOURCE, new.row, now, address=new.address or "", group=group, position=position)
        for group, code, detail in verdict.quarantine
    ]


def _letter(project: str, incoming: Incoming, refused: Refused, now: int) -> Letter:
    payload = incoming.raw if incoming.raw is not None else incoming.row
    if not isinstance(payload, bytes | dict):
        payload = dump_row(payload).encode()
    topic_id, partition, offset, item = incoming.origin or ("", None, None, 0)
    return Letter(
        project,
        refused.code,
        refused.detail,
        SOURCE,
        payload,
        now,
        address=incoming.address or "",
        partition=partition,
        offset=offset,
        topic_id=topic_id,
        item=item,
    )
