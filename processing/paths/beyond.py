"""Rows of the tile path that have too many distinct values for tiles: computed by the general SQL from their events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from backends.engine import Engine, EngineFailed
from backends.offline import log_reading
from backends.offline.deep import Deep, TooDeep, reading
from backends.offline.evaluate import events_between, pair_of
from backends.offline.inputs import Event
from backends.offline.pairs import Pair
from backends.offline.program import Program
from processing.paths.gate import PART, TOGETHER
from processing.paths.pieces import Answers
from processing.paths.plans import Plan


@dataclass
class _Wanted:
    """What one entity needs of the log: its times, with the group that each answers."""

    key: str
    times: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def span(self, made: Program) -> tuple[str, int, int]:
        """The key, and the times between which its events stand."""
        return self.key, made.lower(min(self.times)), max(self.times)


def compute(made: Program, plans: Sequence[Plan], answers: Answers, position: int, now: int, on: Engine | None = None) -> None:
    """Give the answers that are over the values of the log up to a position. Raises EngineFailed.

    The tiles and partials of such an entity are kept as ever: a window that has moved past what was too much is merged again.
    """
    wanted = []
    for plan in plans:
        sides = ((plan.current, now), (plan.following, plan.next))
        groups = {t: side.group for side, t in sides if side is not None and t is not None and side.group >= 0}
        if over := {t: group for t, group in groups.items() if answers.over[group]}:
            wanted.append(_Wanted(plan.entity.key, over))
    if not wanted:
        return
    pair = pair_of(made.spec)
    most = int(settings.JSTORE_GATE_EVENTS)
    counts = log_reading.counts_between(pair, [one.span(made) for one in wanted], position, most + 1)
    for one, count in zip(wanted, counts, strict=True):
        one.count = count
        if count > most:
            _deep(made, pair, one, answers, position, on)
    for part in _parts([one for one in wanted if one.count <= most]):
        _together(made, pair, part, answers, position, on)


def _parts(wanted: Sequence[_Wanted]) -> Iterator[list[_Wanted]]:
    part: list[_Wanted] = []
    for one in wanted:
        if part and (len(part) == PART or sum(other.count for other in part) + one.count > TOGETHER):
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _together(made: Program, pair: Pair, part: Sequence[_Wanted], answers: Answers, position: int, on: Engine | None) -> None:
    found = events_between(made, pair, [one.span(made) for one in part], position)
    events: list[Event] = []
    runs: list[int] = []
    asked = [(one, of, t) for one, of in zip(part, found, strict=True) for t in one.times]
    for run, (_, of, t) in enumerate(asked):
        inside = made.inside(of, t)
        events += inside
        runs += [run] * len(inside)
    values = made.general(events, runs, [t for _, _, t in asked], on)
    for run, (one, _, t) in enumerate(asked):
        _answer(answers, one.times[t], values.get(run))


def _deep(made: Program, pair: Pair, one: _Wanted, answers: Answers, position: int, on: Engine | None) -> None:
    """An entity with more events than are held as rows."""
    key, low, _ = one.span(made)
    try:
        events = _read(made, pair, key, low, position)
    except TooDeep as error:
        raise EngineFailed("sql", f"too many distinct values for tiles, and {error}") from error
    for t, group in one.times.items():
        _answer(answers, group, made.general_over(events.inside(made, t), [t], on).get(0))


def _read(made: Program, pair: Pair, key: str, low: int, position: int) -> Deep:
    work = reading(made, pair, key, low, position, lambda wrong: None)  # what does not fit was noted as it came
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Deep = done.value
            return found


def _answer(answers: Answers, group: int, row: list[object] | str | None) -> None:
    if isinstance(row, str):
        raise EngineFailed("sql", "a grouped query gave several rows for one entity")
    answers.instead(group, row)
