"""The log as a history: every row with the positions between which it stands, and what each group made of it at any of them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests import oracle
from tests.chaos import groups
from tests.chaos.groups import GROUPS, fits
from tests.chaos.reader import Answer
from tests.chaos.world import PROJECT, World

FOREVER = 1 << 62


@dataclass(frozen=True)
class Logged:
    """A row of the log. `until`: the position that supersedes it, by the oracle's own rule of revisions."""

    position: int
    row: dict[str, Any]
    address: str | None
    us: int
    deleted: bool
    until: int


def read(world: World) -> list[Logged]:
    """The whole log."""
    rows = world.ask(
        "SELECT position, payload::text, address, record_time FROM log_event WHERE project = %s ORDER BY position", PROJECT
    )
    opened = [(position, json.loads(text), address, time) for position, text, address, time in rows]
    standing: dict[tuple[str, str | None], int] = {}
    until: dict[int, int] = {}
    for position, row, address, _ in opened:
        if (event_id := row.get("event_id")) is not None:
            if (before := standing.get((event_id, address))) is not None:
                until[before] = position
            standing[event_id, address] = position
    return [
        Logged(
            position,
            row,
            address,
            oracle.from_iso(row["timestamp"]) if "timestamp" in row else time,
            row.get("event_id") is not None and bool(row.get("deleted")),
            until.get(position, FOREVER),
        )
        for position, row, address, time in opened
    ]


class History:
    """Events by group and user, with the positions at which they come and go."""

    def __init__(self, logged: list[Logged]) -> None:
        self.head = logged[-1].position if logged else 0
        self._events: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for one in logged:
            event = {**one.row, "us": one.us, "at": one.position, "until": one.until}
            for name, group in () if one.deleted else GROUPS.items():
                if groups.takes(name, one.row, one.address) and fits(group, one.row):
                    self._events[name, one.row["user_id"]].append(event)
        self._moves: dict[tuple[str, str], list[int]] = {}

    def events(self, name: str, user: str, position: int) -> list[dict[str, Any]]:
        """Those of one entity that stand at a position, in the order of the log."""
        return [event for event in self._events[name, user] if event["at"] <= position < event["until"]]

    def moments(self, name: str, user: str, low: int, high: int) -> Iterator[int]:
        """Positions from `high` down to `low`: one for each state of the entity between them."""
        if (name, user) not in self._moves:
            moves = {event["at"] for event in self._events[name, user]} | {event["until"] for event in self._events[name, user]}
            self._moves[name, user] = sorted(moves - {FOREVER})
        known = self._moves[name, user]
        yield from reversed(known[bisect_right(known, low) : bisect_right(known, high)])
        yield low

    def expected(self, answer: Answer, position: int) -> dict[str, tuple[Any, str]]:
        """What should have been answered at the answer's times, with the log up to a position."""
        group, events = groups.of(answer.group, answer.version), self.events(answer.group, answer.user, position)
        return {feature: group.value(events, t, feature) for feature, t in answer.times.items()}


def agrees(answer: Answer, expected: dict[str, tuple[Any, str]]) -> bool:
    """The same values, doubles within 1e-9, and the same statuses."""
    return all(
        status == expected[name][1] and oracle.same(value, expected[name][0], scale=1e6)
        for name, (value, status) in answer.cells.items()
    )
