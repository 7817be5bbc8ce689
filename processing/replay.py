"""Dead letters given back to the log, corrected or as they are. A letter goes in the transaction that stores its rows, so a repeat adds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core import strict_json
from core.clock import now_us
from core.errors import Conflict, Invalid, JStoreError
from processing import dead_letters
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
    """Store the rows of one letter, or of its corrected payload. Raises NotFound, Conflict (cannot be replayed as it is), Invalid."""
    letter = dead_letters.get(project, letter_id)
    address = letter.address or None
    if letter.position is not None:  # the row is stored: its groups have it; only the one that left it out gets the corrected row
        if payload is None:
            what = f"does not fit {letter.group}" if letter.group else "is taken by no group; make one"
            raise Conflict("still_unfit", f"the stored row {what}, or send it corrected")
        address = letter.group or address
    envelope = open_document(payload if payload is not None else _document(letter))
    arrival = letter.received_at
    rows = [Incoming(row, arrival, envelope.address or address) for row in envelope.rows]
    now = now_us()
    verdicts = judge_all(project, rows, now)
    bad = next((v for v in verdicts if isinstance(v, Refused)), None)
    if bad is not None:
        raise Invalid(bad.code, bad.detail, pointer="/payload")
    with transaction.atomic(using="default"):
        # the lock makes two replays of one letter one after the other; the second finds it gone
        locked = DeadLetter.objects.select_for_update().filter(id=letter.id).first()
        if locked is None:
            raise Conflict("already_replayed", "this letter was replayed or discarded meanwhile")
        done = append(project, rows, verdicts, now)
        locked.delete()
    return {"accepted": done.accepted, "duplicates": done.duplicates, "unrouted": done.unrouted, "position": done.position}


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
