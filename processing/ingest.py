"""Rows into the event log: judged, then appended with dead letters, identities and offsets in one PostgreSQL transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

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
from processing.judging import Judged, Refused, judge

SOURCE = "events"


@dataclass(frozen=True)
class Incoming:
    """One row at the door. `row` is a Malformed where its text was no JSON (`raw` keeps it); origin: Kafka's coordinates."""

    row: Any
    record_time: int
    address: str | None = None
    raw: bytes | None = None
    refused: Refused | None = None
    origin: tuple[str, int, int, int] | None = None


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
    groups = known_groups(project)
    return [_verdict(row, now, groups) for row in rows]


def _verdict(incoming: Incoming, now: int, groups: Any) -> Judged | Refused:
    if incoming.refused is not None:
        return incoming.refused
    if isinstance(incoming.row, Malformed):
        return Refused(incoming.row.code, incoming.row.detail)
    return judge(incoming.row, incoming.address, incoming.record_time, now, groups)


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
    news, kept = [], []
    for index, (incoming, verdict) in enumerate(zip(rows, verdicts, strict=True)):
        if isinstance(verdict, Judged):
            identity = verdict.identity or (f"h:{request}:{index}" if request is not None else None)
            news.append(
                NewRow(
                    incoming.row,
                    dump_row(incoming.row),
                    SOURCE,
                    incoming.address,
                    incoming.record_time,
                    identity,
                    verdict.revision,
                    verdict.deleted,
                    incoming.origin,
                )
            )
            kept.append(verdict)
    done = log.append(project, news)
    letters = [
        _letter(project, row, v.code, v.detail, now)
        for row, v in zip(rows, verdicts, strict=True)
        if isinstance(v, Refused) and not repeated
    ]
    stored = [
        (row, verdict, position)
        for row, verdict, position in zip(news, kept, done.positions, strict=True)
        if position is not None
    ]
    for new, verdict, position in stored:
        letters += [
            Letter(project, code, detail, SOURCE, new.row, now, address=new.address or "", group=group, position=position)
            for group, code, detail in verdict.quarantine
        ]
    letters += [
        Letter(project, NO_ROUTE, "no group takes this row yet", SOURCE, b"", now, address=new.address or "", position=position)
        for new, verdict, position in stored
        if verdict.unrouted
    ]
    dead_letters.store(letters)
    for _, verdict, _ in stored:
        for group in verdict.near:
            metrics.NEAR_MISSES.labels(group=group).inc()
    places = iter(done.positions)
    return Outcome(
        fates=[
            "rejected" if isinstance(v, Refused) else "stored" if next(places) is not None else "duplicates" for v in verdicts
        ],
        accepted=len(stored),
        duplicates=len(news) - len(stored),
        held=sum(v.held for _, v, _ in stored),
        unrouted=sum(v.unrouted for _, v, _ in stored),
        rejected=[(i, v.code, v.detail) for i, v in enumerate(verdicts) if isinstance(v, Refused)],
        position=max((position for _, _, position in stored), default=None),
        ingested_at=done.ingested_at,
        shown_by=list({version.code: (spec, version) for _, v, _ in stored for spec, version in v.shown_by}.values()),
    )


def _letter(project: str, incoming: Incoming, code: str, detail: str, now: int) -> Letter:
    payload = incoming.raw if incoming.raw is not None else incoming.row
    if not isinstance(payload, bytes | dict):
        payload = dump_row(payload).encode()
    topic_id, partition, offset, item = incoming.origin or ("", None, None, 0)
    return Letter(
        project,
        code,
        detail,
        SOURCE,
        payload,
        now,
        address=incoming.address or "",
        partition=partition,
        offset=offset,
        topic_id=topic_id,
        item=item,
    )
