"""Random streams that try every edge: late, held, on a boundary, at equal times, sent twice, corrected, moved, deleted."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests import oracle

SECOND = oracle.SECOND
DAY = 86_400 * SECOND
FUTURE = 300 * SECOND
AMOUNTS: Sequence[float | None] = (None, 0.0, -0.0, 1e17, -1e17, 1e9 + 1, 1e9 + 2, 1e9 + 3, 0.1, 5e-324)
WHOLES: Sequence[int | None] = (None, 0, 1, 1, 2**53 + 1, 2**62, -(2**62), 2**63 - 1, -(2**63))
WINDOWS = (*oracle.SIX, "5m", "90m", "3d", "45d")
SHOPS = ("s1", "s:2", "10:s")
Row = dict[str, Any]


class Stream:
    """The senders of one crowd of users. What it sends goes by its random numbers alone."""

    def __init__(self, rng: random.Random, name: str, people: int) -> None:
        self._rng, self._name = rng, name
        self.users = [f"{name}-{n}" for n in range(people)]
        self._sent: dict[str, list[Row]] = {user: [] for user in self.users}
        self._ids = 0

    def batch(self, clock: int, most: int = 5) -> list[Row]:
        """Rows of some of the users, as the oracle's events, in the order in which they are sent."""
        rng, rows = self._rng, list[Row]()
        for user in self.users:
            if rng.random() < 0.6:
                for _ in range(rng.randint(1, most)):
                    rows += self._row(user, clock)
        if rng.random() < 0.5:
            rng.shuffle(rows)
        return rows

    def too_far(self, clock: int) -> Row:
        """A row that no group may take: one microsecond too far ahead."""
        return {**self._event(self._rng.choice(self.users), clock), "us": clock + FUTURE + 1}

    def _row(self, user: str, clock: int) -> list[Row]:
        rng, mine = self._rng, self._sent[user]
        choice = rng.random()
        if choice < 0.68 or not mine:
            row = self._event(user, clock)
            if choice < 0.03:  # its deletion comes before it
                return [{"event_id": row["event_id"], "deleted": True, "revision": rng.choice((0, 0, 1))}, self._keep(row)]
            return [self._keep(row)]
        old = rng.choice(mine)
        if choice < 0.78:
            return [old]  # sent again
        revision = max(0, old.get("revision", 0) + rng.choice((-1, 0, 1, 1, 1, 2)))
        if choice < 0.94:
            to = rng.choice(self.users) if rng.random() < 0.3 else user
            again = {**self._event(to, clock), "event_id": old["event_id"], "revision": revision}
            if rng.random() < 0.3:
                again["us"] = old["us"]
            return [self._keep(again)]
        return [{"event_id": old["event_id"], "deleted": True, "revision": revision}]

    def _keep(self, row: Row) -> Row:
        self._sent[row["user_id"]].append(row)
        return row

    def _event(self, user: str, clock: int) -> Row:
        rng = self._rng
        self._ids += 1
        return {
            "event_id": f"{self._name}#{self._ids}",
            "user_id": user,
            "shop": rng.choice(SHOPS),
            "us": self._moment(user, clock),
            "amount": rng.choice(AMOUNTS) if rng.random() < 0.4 else round(rng.uniform(-1e6, 1e6), rng.choice((0, 2, 9))),
            "whole": rng.choice(WHOLES) if rng.random() < 0.4 else rng.randint(-1000, 1000),
            "price": None if rng.random() < 0.1 else Decimal(rng.randint(-(10**11), 10**11)).scaleb(-2),
            "kind": rng.choice(("a", "a", "b", "c", None)),
            "flag": rng.choice((True, True, False, None)),
        }

    def _moment(self, user: str, clock: int) -> int:
        """Any time that is accepted: near, far, held, one that was there before, or a microsecond beside an edge."""
        rng, mine = self._rng, self._sent[user]
        if mine and rng.random() < 0.2:
            t = rng.choice(mine)["us"] + rng.choice((0, 0, 0, -1, 1))
        else:
            t = clock + rng.choice(
                (
                    0,
                    rng.randint(-300, 300),
                    rng.randint(0, FUTURE),
                    FUTURE,
                    -rng.randint(0, 2 * 3600 * SECOND),
                    -rng.randint(0, 9 * DAY),
                    -rng.randint(0, 60 * DAY),
                    -rng.randint(0, 400 * DAY),
                )
            )
            if rng.random() < 0.4:
                window = rng.choice(WINDOWS)
                edge = oracle.lower(t, window)
                assert edge is not None
                t = edge + rng.choice((-1, 0, 1))
                if rng.random() < 0.3:
                    t += oracle.micros(window)  # an edge of hops that is still to come, or the one before now
        return max(0, min(t, clock + FUTURE))


def step(rng: random.Random, edges: Sequence[int], clock: int) -> int:
    """The clock's next reading: on, by seconds to months, to a microsecond beside an edge, or back as on a slower host."""
    choice = rng.random()
    if choice < 0.15:
        return clock
    if choice < 0.45 and edges:
        return max(1, rng.choice(edges) + rng.choice((-1, 0, 1)))
    if choice < 0.6:
        return max(1, clock - rng.choice((1, 250_000, 5 * SECOND, 600 * SECOND, 3600 * SECOND, 2 * DAY)))
    return clock + rng.choice((1, SECOND, rng.randint(0, 600 * SECOND), rng.randint(0, 2 * DAY), rng.randint(0, 40 * DAY)))


def shape(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows for a failure's message, times as text."""
    return "\n".join(f"  {oracle.iso(r['us']) if 'us' in r else '-':>27} {dict(r)}" for r in rows)
