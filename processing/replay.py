"""Dead letters given back to the log, corrected or as they are, and thrown away.

A letter goes in the transaction that stores its rows, and the rows carry the letter as their identity where they have none of
their own: a repeat adds nothing, whoever dies or hurries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from backends.offline import log_reading
from backends.offline.evaluate import value_at
from backends.offline.inputs import fitting
from backends.offline.log_reading import LogRow
from backends.offline.program import program
from backends.offline.routed import event_of
from core import strict_json
from core.clock import now_us
from core.errors import Conflict, Invalid, JStoreError, NotFound
from core.spec import GroupSpec, VersionSpec
from features import audit
from features.database import registry_up
from processing import dead_letters, failing, letters_gone
from processing.consume import ABOUT_THE_DATA
from processing.dead_letters import NO_ROUTE
from processing.definitions import known_groups
from processing.envelopes import Envelope, open_document
from processing.ingest import Incoming, Outcome, append, judge_all
from processing.judging import Judged, Refused
from processing.models import DeadLetter

_MENDS = "a corrected event, or a version whose SQL takes the row, mends it"


@dataclass(frozen=True)
class Ready:
    """A letter whose rows would be taken now, with what they were judged to be."""

    letter: DeadLetter
    rows: Sequence[Incoming]
    verdicts: Sequence[Judged | Refused]


def replay(project: str, letter_id: int, actor: str, payload: Any = None) -> dict[str, Any]:
    """Store the rows of one letter, or of its corrected payload, and note who did. Raises NotFound, Invalid, Conflict
    (impossible as it is)."""
    letter = dead_letters.get(project, letter_id)
    done, gone = give_back(project, [prepare(letter, payload)])
    if not gone:
        raise Conflict("already_replayed", "this letter was replayed or discarded meanwhile")
    told = {"code": letter.code, "corrected": payload is not None, "accepted": done.accepted}
    with registry_up():
        audit.record(project, actor, "replay", f"dead letter {letter_id}", **told)
    return {"accepted": done.accepted, "duplicates": done.duplicates, "unrouted": done.unrouted, "position": done.position}


def discard(project: str, letter_id: int, actor: str) -> None:
    """Throw one letter away, and note who did. Raises NotFound."""
    letter = dead_letters.get(project, letter_id)
    if not letters_gone.remove([letter.id]):
        raise NotFound("unknown_dead_letter", f"there is no dead letter {letter_id}")
    with registry_up():
        audit.record(project, actor, "discard", f"dead letter {letter_id}", code=letter.code)


def prepare(letter: DeadLetter, payload: Any = None) -> Ready:
    """Read and judge a letter's rows. Raises Invalid (the payload), Conflict (impossible as it is)."""
    if letter.position is not None and payload is None:
        refusal: type[Conflict | Invalid] = Conflict
        rows = _stored_row(letter)
    else:
        refusal = Invalid
        envelope = open_document(payload if payload is not None else _document(letter))
        corrected = _corrected(letter, envelope)
        if corrected is None and letter.code == failing.CODE:
            raise Conflict("still_unfit", f"the stored row has no event_id, so that nothing can take its place; {_MENDS}")
        # a stored row without an id stands where other groups have it; the corrected one is for the group that left it out
        address = envelope.address or letter.group or letter.address or None
        rows = [Incoming(row, letter.received_at, address) for row in envelope.rows] if corrected is None else corrected
    verdicts = judge_all(letter.project, rows, now_us())
    bad = next((v for v in verdicts if isinstance(v, Refused)), None)
    if bad is not None:
        raise refusal(bad.code if refusal is Invalid else "still_unfit", bad.detail, pointer="/payload")
    judged = [v for v in verdicts if isinstance(v, Judged)]
    unfit = [(code, detail) for v in judged for group, code, detail in v.quarantine if group == letter.group]
    if unfit and payload is not None:
        raise Invalid(*unfit[0], pointer="/payload")
    name = _name(letter)
    return Ready(letter, [row._replace(identity=f"{name}:{index}") for index, row in enumerate(rows)], verdicts)


def give_back(project: str, ready: Sequence[Ready]) -> tuple[Outcome, set[int]]:
    """Store the rows of some letters and let these go, in one transaction. -> (what became of the rows, ids of the letters that
    went); a letter that went meanwhile gives nothing. Raises Conflict where the log does not take them."""
    try:
        return _give_back(project, ready)
    except ABOUT_THE_DATA as error:
        raise Conflict("unstorable", f"the log does not take it: {type(error).__name__}; send it corrected") from error


def _give_back(project: str, ready: Sequence[Ready]) -> tuple[Outcome, set[int]]:
    with transaction.atomic(using="default"):
        # the lock makes two replays of one letter one after the other; the second finds it gone
        ids = sorted(one.letter.id for one in ready)
        locked = DeadLetter.objects.select_for_update().filter(id__in=ids).order_by("id")
        there = set(locked.values_list("id", flat=True))
        letters_gone.remove(sorted(there))
        kept = [one for one in ready if one.letter.id in there]
        rows = [row for one in kept for row in one.rows]
        done = append(project, rows, [verdict for one in kept for verdict in one.verdicts], now_us())
    return done, there


def _name(letter: DeadLetter) -> str:
    """What its rows are known by. A quarantine record that a load writes again in the moment in which it goes has another id."""
    if letter.position is not None and letter.code != NO_ROUTE:
        return f"q:{letter.group}:{letter.position}"
    return f"l:{letter.id}"


def _stored_row(letter: DeadLetter) -> list[Incoming]:
    """A quarantined row for the group that left it out; nothing where the group has it by now or a correction took its place."""
    assert letter.position is not None
    if not letter.group:
        raise Conflict("still_unfit", "the stored row is taken by no group; make one, or send it corrected")
    row = log_reading.rows_at(letter.project, [letter.position]).get(letter.position)
    if row is None:
        raise Conflict("beyond_retention", "the stored row was purged; send it corrected")
    if row.superseded_pos is not None:
        return []
    spec = known_groups(letter.project).get(letter.group)
    version = None if spec is None or spec.deleted else spec.current
    if letter.code == failing.CODE:  # the group has the row, and is asked whether it can be computed by now
        if spec is not None and version is not None:
            _computable(spec, version, row)
        return []
    if spec is not None and version is not None:
        event = event_of(spec.route(version), row)
        if event is not None and fitting(version, program(spec, version).column_types, [event])[0]:
            return []
    return [Incoming(row.row, row.record_time, letter.group)]


def _computable(spec: GroupSpec, version: VersionSpec, row: LogRow) -> None:
    """Raises Conflict where the entity of a row cannot be computed now."""
    event = event_of(spec.route(version), row)
    if event is None:
        return
    try:
        for part in version.parts:
            value_at(spec, part, event.key, now_us())
    except JStoreError as error:
        raise Conflict("still_unfit", f"{error.detail}; {_MENDS}") from error


def _corrected(letter: DeadLetter, envelope: Envelope) -> list[Incoming] | None:
    """The corrected row of a stored event that has an id, in its place: so a later revision or a tombstone of the event meets it.
    Nothing where a later one took that place already; None where the letter is of no such event."""
    if letter.position is None or envelope.address is not None or len(envelope.rows) != 1:
        return None
    (row,) = envelope.rows
    stored = log_reading.rows_at(letter.project, [letter.position]).get(letter.position)
    event_id = None if stored is None else stored.row.get("event_id")
    if stored is None or event_id is None or not isinstance(row, dict) or row.get("event_id", event_id) != event_id:
        return None
    if stored.superseded_pos is not None:
        return []
    revision = max((r for r in (row.get("revision"), stored.row.get("revision")) if type(r) is int), default=0)
    whole = {**row, "event_id": event_id} | ({"revision": revision} if revision else {})
    return [Incoming(whole, stored.record_time, stored.address, replaces=letter.position)]


def _document(letter: DeadLetter) -> Any:
    if not dead_letters.is_whole(letter):
        raise Conflict("payload_cut", "the payload was too large to be kept whole; send it again")
    try:
        return strict_json.parse(bytes(letter.payload))
    except JStoreError as error:
        raise Conflict("unreadable_payload", f"the payload is not readable: {error.detail}; send it corrected") from error
