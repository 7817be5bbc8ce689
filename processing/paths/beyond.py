"""Rows of the tile path that have too many distinct values for tiles: computed by the general SQL from their events."""

from __future__ import annotations

from collections.abc import Sequence

from backends.engine import Engine, EngineFailed
from backends.offline.evaluate import events_between, pair_of
from backends.offline.inputs import Event
from backends.offline.program import Program
from processing.paths.pieces import Answers
from processing.paths.plans import Plan


def compute(made: Program, plans: Sequence[Plan], answers: Answers, position: int, now: int, on: Engine | None = None) -> None:
    """Give the answers that are over the values of the log up to a position. Raises EngineFailed.

    The tiles and partials of such an entity are kept as ever: a window that has moved past what was too much is merged again.
    """
    wanted = [
        (side.group, plan.entity.key, t)
        for plan in plans
        for side, t in ((plan.current, now), (plan.following, plan.next))
        if side is not None and t is not None and side.group >= 0 and answers.over[side.group]
    ]
    if not wanted:
        return
    times = [t for _, _, t in wanted]
    found = events_between(made, pair_of(made.spec), [(key, made.lower(t), t) for _, key, t in wanted], position)
    events: list[Event] = [event for some in found for event in some]
    runs = [run for run, some in enumerate(found) for _ in some]
    values = made.general(events, runs, times, on)
    for run, (group, _, _) in enumerate(wanted):
        row = values.get(run)
        if isinstance(row, str):
            raise EngineFailed("sql", "a grouped query gave several rows for one entity")
        answers.instead(group, row)
