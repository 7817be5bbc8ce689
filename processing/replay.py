"""Dead letters given back to the log, corrected or as they are.

A letter goes in the transaction that stores its rows, so a repeat adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from backends.offline import log_reading
from backends.offline.inputs import fitting
from backends.offline.program import program
from backends.offline.routed import event_of
from core import strict_json
from core.clock import now_us
from core.errors import Conflict, Invalid, JStoreError
from processing import dead_letters
from processing.definitions import known_groups
from processing.envelopes import open_document
from processing.ingest import Incoming, append, judge_all
from processing.judging import Refused
from processing.models import DeadLetter


@dataclass(frozen=True)
class Replayed:
    """How many letters were tried, how many are gone, and why the first of the others stay."""

    tried: int
    replayed: int
    reasons: tuple[tuple[int, str, str], ...] = ()


def replay(project: str, letter_id: int, payload: Any = None) -> dict[str, Any]:
    """Store the rows of one letter, or of its corrected payload. Raises NotFound, Invalid, Conflict (impossible as it is)."""
    letter = dead_letters.get(project, letter_id)
    if letter.position is not None and payload is None:
        return _store(letter, _stored_row(letter), Conflict)
    envelope = open_document(payload if payload is not None else _document(letter))
    # a stored row stands where other groups have it; the corrected one is for the group that left it out
    address = envelope.address or letter.group or letter.address or None
    return _store(letter, [Incoming(row, letter.received_at, address) for row in envelope.rows], Invalid)


def _store(letter: DeadLetter, rows: list[Incoming], refusal: type[Conflict | Invalid]) -> dict[str, Any]:
    project, now = letter.project, now_us()
    verdicts = judge_all(project, rows, now)
    bad = next((v for v in verdicts if isinstance(v, Refused)), None)
    if bad is not None:
        raise refusal(bad.code if refusal is Invalid else "still_unfit", bad.detail, pointer="/payload")
    with transaction.atomic(using="default"):
        # the lock makes two replays of one letter one after the other; the second finds it gone
        locked = DeadLetter.objects.select_for_update().filter(id=letter.id).first()
        if locked is None:
            raise Conflict("already_replayed", "this letter was replayed or discarded meanwhile")
        done = append(project, rows, verdicts, now)
        locked.delete()
    return {"accepted": done.accepted, "duplicates": done.duplicates, "unrouted": done.unrouted, "position": done.position}


def _stored_row(letter: DeadLetter) -> list[Incoming]:
    """A quarantined row for the group that left it out; nothing where the group has it by now or a correction took its place."""
    assert letter.position is not None
    if not letter.group:
        raise Conflict("still_unfit", "the stored row is taken by no group; make one, or send it corrected")
    row = log_reading.rows_at(letter.project, [letter.position]).get(letter.position)
    if row is None or row.superseded_pos is not None:
        return []
    spec = known_groups(letter.project).get(letter.group)
    version = None if spec is None or spec.deleted else spec.current
    if spec is not None and version is not None:
        event = event_of(spec.route(version), row)
        if event is not None and fitting(version, program(spec, version).column_types, [event])[0]:
            return []
    return [Incoming(row.row, row.record_time, letter.group)]


def _document(letter: DeadLetter) -> Any:
    if letter.payload_size > len(letter.payload):
        raise Conflict("payload_cut", "the payload was too large to be kept whole; send it again")
    try:
        return strict_json.parse(bytes(letter.payload))
    except JStoreError as error:
        raise Conflict("unreadable_payload", f"the payload is not readable: {error.detail}; send it corrected") from error


def replay_matching(project: str, code: str | None = None, source: str | None = None, limit: int = 10_000) -> Replayed:
    """Try every letter of a code and source, the oldest first; those that are still wrong stay."""
    tried, done = 0, 0
    reasons: list[tuple[int, str, str]] = []
    for letter_id in list(dead_letters.matching(project, code, source).order_by("id").values_list("id", flat=True)[:limit]):
        tried += 1
        try:
            replay(project, letter_id)
            done += 1
        except JStoreError as error:
            if len(reasons) < 20:
                reasons.append((letter_id, error.code, error.detail))
    return Replayed(tried, done, tuple(reasons))
