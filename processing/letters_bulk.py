"""Many dead letters given back or thrown away by a filter: in chunks, each of one transaction; beyond a thousand as a run.

A chunk that was done is gone, so whoever goes on after a death does nothing twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Max
from django.db.models.functions import Length

from core.errors import Conflict, JStoreError, Unavailable
from features import audit
from features.database import registry_up
from processing import letters_gone, runs
from processing.dead_letters import NO_ROUTE
from processing.letter_filter import Filter
from processing.models import DeadLetter, Run
from processing.replay import Ready, give_back, prepare

VERBS = ("replay", "discard")
_PAST = {"replay": "replayed", "discard": "discarded"}
MOST_AT_ONCE = 1000  # letters that a request waits for
_CHUNK = 200
_BYTES = 8 * 1024 * 1024  # of payload in memory at once
_REASONS = 20


@dataclass
class Done:
    """How many letters were tried, how many are gone, why the first of the others stay, and the id up to which it is done."""

    tried: int = 0
    gone: int = 0
    reasons: list[tuple[int, str, str]] = field(default_factory=list)
    after: int = 0

    def refuse(self, letter: DeadLetter, error: JStoreError) -> None:
        """Keep the reason of one that stays, while there are few."""
        if len(self.reasons) < _REASONS:
            self.reasons.append((letter.id, error.code, error.detail))

    def document(self, verb: str) -> dict[str, Any]:
        """As the API and a run's result tell it."""
        remaining = [{"id": i, "code": code, "detail": detail} for i, code, detail in self.reasons]
        return {"tried": self.tried, _PAST[verb]: self.gone, "remaining": remaining}


def meant(wanted: Filter) -> Filter:
    """The same letters however many come meanwhile."""
    newest = wanted.letters().aggregate(newest=Max("id"))["newest"] or 0
    return replace(wanted, upto=newest if wanted.upto is None else min(newest, wanted.upto))


def count(wanted: Filter, verb: str, most: int | None = None) -> int:
    """How many letters it would try, counted up to `most`."""
    found = _chosen(wanted, verb)
    return int((found if most is None else found[:most]).count())


def at_once(wanted: Filter, verb: str, actor: str) -> Done:
    """Replay or discard all of a filter, the oldest first; those that are still wrong stay."""
    wanted, done = meant(wanted), Done()
    for _ in work(wanted, verb, done):
        pass
    note(wanted, verb, actor, done)
    return done


def work(wanted: Filter, verb: str, done: Done) -> Iterator[None]:
    """The chunks after `done.after`, counted in `done`; yields after each, when it is committed."""
    while letters := _chunk(wanted, verb, done.after):
        if verb == "discard":
            gone = letters_gone.remove([letter.id for letter in letters])
        else:
            gone = _replay(wanted.project, letters, done)
        done.tried += len(letters)
        done.gone += gone
        done.after = letters[-1].id
        yield


def note(wanted: Filter, verb: str, actor: str, done: Done) -> None:
    """One entry of the audit trail for all of it."""
    with registry_up():
        audit.record(wanted.project, actor, verb, "dead letters", filter=wanted.words(), tried=done.tried, count=done.gone)


def launch(wanted: Filter, verb: str, actor: str) -> Run:
    """A run that does it; whoever asked rings for it."""
    wanted = meant(wanted)
    target = wanted.code or wanted.group or wanted.source or "all"
    return runs.create(wanted.project, verb, target, actor, {"filter": wanted.words(), "letters": count(wanted, verb)})


def advance(run: Run, seconds: float = math.inf) -> bool:
    """Go on with a run for about so long. -> whether it is over. Raises Unavailable: ring again."""
    lease = runs.claim(run.id)
    if lease is None:
        return False
    run.refresh_from_db()
    wanted, done, end = Filter.of(run.project, run.params["filter"]), _so_far(run), time.monotonic() + seconds
    try:
        with runs.kept(lease):
            for _ in work(wanted, run.type, done):
                params = {**run.params, "after": done.after, "tried": done.tried, "reasons": done.reasons}
                if not runs.advance(lease, min(1.0, done.tried / max(1, run.params["letters"])), done.gone, params):
                    return False
                if time.monotonic() > end:
                    runs.release(lease)
                    return False
        note(wanted, run.type, run.actor, done)
    except Unavailable:
        runs.release(lease)
        raise
    runs.finish(lease, rows=done.gone, result=done.document(run.type))
    return True


def _so_far(run: Run) -> Done:
    reasons = [(i, code, detail) for i, code, detail in run.params.get("reasons", ())]
    return Done(run.params.get("tried", 0), run.rows, reasons, run.params.get("after", 0))


def _chosen(wanted: Filter, verb: str) -> Any:
    """A row that no group takes has nothing to be given back to: it is replayed only where somebody asks for its code."""
    found = wanted.letters()
    return found.exclude(code=NO_ROUTE) if verb == "replay" and wanted.code != NO_ROUTE else found


def _chunk(wanted: Filter, verb: str, after: int) -> list[DeadLetter]:
    """The next letters by id; for a discard without their payloads."""
    found = _chosen(wanted, verb).filter(id__gt=after).order_by("id")
    if verb == "discard":
        return list(found.only("id")[:_CHUNK])
    ids: list[int] = []
    size = 0
    for letter_id, length in found.values_list("id", Length("payload"))[:_CHUNK]:
        size += length
        if ids and size > _BYTES:
            break
        ids.append(letter_id)
    return list(DeadLetter.objects.filter(id__in=ids).order_by("id"))


def _replay(project: str, letters: list[DeadLetter], done: Done) -> int:
    ready: list[Ready] = []
    for letter in letters:
        try:
            ready.append(prepare(letter))
        except Unavailable:
            raise
        except JStoreError as error:
            done.refuse(letter, error)
    try:
        return len(give_back(project, ready)[1]) if ready else 0
    except Conflict:  # the log does not take one of them: alone, the others go
        return sum(_alone(project, one, done) for one in ready)


def _alone(project: str, one: Ready, done: Done) -> int:
    try:
        return len(give_back(project, [one])[1])
    except Conflict as error:
        done.refuse(one.letter, error)
        return 0
