"""A log that is purged, and beside it a list that forgets nothing: what each row is, whether it stands, whether a purge took it.

Which rows a purge takes, which corrections come too late and since when a value can be told is worked out here anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from backends.offline import evaluate, purging
from backends.online import published
from core.clock import FOREVER, MICRO
from processing import purge
from serving import lookup
from tests import oracle
from tests.processing.world import PROJECT, World

DAY = 86_400 * MICRO
USERS, ITEMS = [f"u{n}" for n in range(5)], ["i1", "i2"]
COLUMNS = {"amount": "DOUBLE", "kind": "STRING"}
OUTPUTS = {
    "total": ("sum", "amount"),
    "n": ("count",),
    "low": ("min", "amount"),
    "high": ("max", "amount"),
    "spread": ("stddev_samp", "amount"),
    "first": ("first", "kind"),
    "last": ("last", "kind"),
}
SQL = (
    "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, MIN(amount) AS low, MAX(amount) AS high, STDDEV(amount) AS spread,"
    " FIRST(kind) AS first, LAST(kind) AS last FROM input_data WHERE amount > 3 GROUP BY user_id"
)
RECOMPUTED = SQL.replace(" FROM input", ", COLLECT_LIST(kind) AS m FROM input")
ROW = "SELECT user_id, amount, kind FROM input_data WHERE amount > 50"


@dataclass(eq=False)
class Row:
    """One row that the log took. Times in us; `recorded`: when it came."""

    user: str
    item: str
    us: int
    shipped: int | None
    recorded: int
    amount: float
    kind: str
    id: str
    revision: int = 0
    deleted: bool = False
    superseded: bool = False
    purged: bool = False

    @property
    def times(self) -> list[int]:
        """By the two time columns; of a tombstone when it came."""
        return [self.recorded] if self.deleted else [self.us, self.recorded if self.shipped is None else self.shipped]

    def sent(self) -> dict[str, Any]:
        """As an event."""
        if self.deleted:
            return {"event_id": self.id, "revision": self.revision, "deleted": True}
        shipped = {} if self.shipped is None else {"shipped": oracle.iso(self.shipped)}
        return {
            "user_id": self.user, "item_id": self.item, "timestamp": oracle.iso(self.us), "amount": self.amount,
            "kind": self.kind, "event_id": self.id, "revision": self.revision, **shipped,
        }  # fmt: skip


@dataclass(frozen=True)
class Group:
    """A group and what is known of it: its key, its window, whether it is by `shipped`, since when its values can be told."""

    sql: str = SQL
    key: str = "user"
    window: str | None = None
    shipped: bool = False
    since: int = 0

    def time(self, row: Row) -> int:
        """The event time that counts."""
        return row.times[1] if self.shipped else row.us

    @property
    def threshold(self) -> int:
        """What WHERE lets pass."""
        return 50 if self.sql == ROW else 3


GROUPS = {
    "t_all": Group(),
    "n_all": Group(ROW),
    "t_day": Group(window="1d"),
    "r_day": Group(RECOMPUTED, window="1d"),
    "n_day": Group(ROW, window="1d"),
    "t_item": Group(SQL.replace("user_id", "item_id"), "item", shipped=True),
}


class Ages:
    """Random rows, late ones, corrections, tombstones; purges; and brute force over all that was ever accepted."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        self.world, self.draw, self.rows, self.groups = world, Random(seed), list[Row](), dict[str, Group]()
        self.compared = self.beyond = self.too_late = self.gone = 0
        for module in (purge, purging, evaluate):
            monkeypatch.setattr(module, "now_us", lambda: world.clock)
        for name, group in GROUPS.items():
            self.define(name, group)
        world.settle()

    def define(self, name: str, group: Group) -> None:
        """A group from now on."""
        self.groups[name] = group
        more = {"timestamp_column": "shipped"} if group.shipped else {}
        self.world.define(name, group.sql, f"{group.key}_id", group.window, columns=COLUMNS, **more)

    # what comes

    def push(self, count: int) -> None:
        """Some rows; what becomes of each is foretold."""
        rows = [self._next() for _ in range(count)]
        beyond, duplicates = [], 0
        standing = {row.id: row for row in self.rows if not row.superseded}
        for index, row in enumerate(rows):
            before = standing.get(row.id)
            if before is not None and (row.revision, row.deleted) <= (before.revision, before.deleted):
                duplicates += 1
            elif before is not None and before.purged:
                beyond.append(index)
            else:
                if before is not None:
                    before.superseded = True
                standing[row.id] = row
                self.rows.append(row)
        outcome = self.world.push([row.sent() for row in rows])
        assert [(index, code) for index, code, _ in outcome.rejected] == [(index, "beyond_retention") for index in beyond]
        assert outcome.duplicates == duplicates
        self.too_late += len(beyond)

    def _next(self) -> Row:
        draw, now = self.draw, self.world.clock
        us = now - draw.choice([0, draw.randrange(DAY // 4), draw.randrange(2 * DAY), draw.randrange(9 * DAY)])
        shipped = None if draw.random() < 0.2 else min(now, us + draw.randrange(-DAY, DAY))
        row = Row(draw.choice(USERS), draw.choice(ITEMS), us, shipped, now, float(draw.randrange(100)), draw.choice("abc"), "")
        old = draw.choice(self.rows) if self.rows and draw.random() < 0.4 else None
        if old is None:
            row.id = f"e{len(self.rows)}-{draw.randrange(10**9)}"
        else:
            row.id, row.revision = old.id, old.revision + draw.choice([0, 0, 1, 2])
            row.deleted = draw.random() < 0.3
        return row

    # what goes

    def taken(self, before: int) -> list[Row]:
        """The rows that a purge takes."""
        return [row for row in self.rows if not row.purged and max(row.times) <= before]

    def purge(self, before: int) -> None:
        """Purge, and know it."""
        self.purged(before, purge.purge(PROJECT, before, "test", print, 0))

    def purged(self, before: int, gone: int) -> None:
        """A purge went through."""
        rows = self.taken(before)
        assert gone == len(rows)
        self.gone += gone
        if not rows:
            return
        for row in rows:
            row.purged = True
        for name, group in self.groups.items():
            since = before if group.window is None else oracle.leaves(before, group.window)
            self.groups[name] = Group(group.sql, group.key, group.window, group.shipped, max(group.since, since))

    # what is seen

    def events(self, group: Group, key: str, which: Callable[[Row], bool] = lambda row: True) -> list[dict[str, Any]]:
        """The events of an entity in a group that stand, in the order of their positions."""
        return [
            {"us": group.time(row), "amount": row.amount, "kind": row.kind}
            for row in self.rows
            if not row.superseded and not row.deleted and getattr(row, group.key) == key and which(row)
        ]

    def value(self, group: Group, key: str, t: int) -> dict[str, Any] | None:
        """V(t) by brute force."""
        events = self.events(group, key)
        passing = [e for e in events if e["amount"] > group.threshold]
        if group.sql == ROW:
            inside = oracle.inside(passing, t, group.window)
            return {"amount": inside[-1]["amount"], "kind": inside[-1]["kind"]} if inside else None
        return oracle.value(passing, t, group.window, OUTPUTS)

    def check(self) -> None:
        """Served, as of past times, and as a history: each number is brute force's, or it is said that it cannot be told."""
        for name, group in self.groups.items():
            keys = USERS if group.key == "user" else ITEMS
            for key in keys:
                self._check_served(name, group, key)
            for key in self.draw.sample(keys, 2):
                times = {e["us"] for e in self.events(group, key)} | {self.world.clock, group.since, group.since - 1}
                past = sorted(t for t in times if 0 < t <= self.world.clock)
                for t in self.draw.sample(past, min(2, len(past))):
                    self._check_at(name, group, key, t)
                self._check_history(name, group, key)

    def _check_served(self, name: str, group: Group, key: str) -> None:
        clock = self.world.clock
        found = lookup.values(PROJECT, name, {f"{group.key}_id": key}, clock=clock)["values"]
        statuses = {cell["status"] for cell in found.values()}
        if clock < group.since:
            self.beyond += 1
            assert statuses == {"BEYOND_RETENTION"}, (name, key, statuses)
            assert all(cell["value"] is None and cell["event_time"] is None for cell in found.values())
            return
        want = self.value(group, key, clock)
        self._same({o: cell["value"] for o, cell in found.items()} if want or "PRESENT" in statuses else None, want, (name, key))
        if want is None:
            later_made = name not in GROUPS  # of entities that had purged events alone it never heard
            any_event = any(e["us"] <= clock for e in self.events(group, key, lambda row: not (later_made and row.purged)))
            assert statuses == {"EMPTY_WINDOW" if any_event else "NOT_FOUND"}, (name, key, statuses)

    def _check_at(self, name: str, group: Group, key: str, t: int) -> None:
        found = evaluate.value_at(published.published(PROJECT).groups[name], 1, key, t)
        assert found.beyond == (t < group.since), (name, key, t, group.since)
        if found.beyond:
            self.beyond += 1
            assert found.values is None
        else:
            self._same(found.values, self.value(group, key, t), (name, key, t))

    def _check_history(self, name: str, group: Group, key: str) -> None:
        rows, _ = evaluate.history(published.published(PROJECT).groups[name], 1, key, None, None, 1000, None)
        events = self.events(group, key, lambda row: not row.purged)
        assert [t for t, _ in rows] == sorted({e["us"] for e in events if e["us"] <= self.world.clock})
        for t, got in rows:
            if t < group.since:
                assert got is None, (name, key, t)
            else:
                assert got is not None
                want = self.value(group, key, t)
                self._same(got if any(v is not None for v in got.values()) else None, want, (name, key, t))

    def _same(self, got: dict[str, Any] | None, want: dict[str, Any] | None, where: Iterable[Any]) -> None:
        assert (got is None) == (want is None), (where, got, want)
        for output, value in (want or {}).items():
            assert got is not None
            self.compared += 1
            assert oracle.same(got[output], value, 1e4), (where, output, got, want)


def latest_edge(clock: int) -> int:
    """The youngest time that a window of a day lets go."""
    edge = oracle.lower(clock - 600 * MICRO, "1d")
    assert edge is not None
    return edge


def never(group: Group) -> Group:
    """The group, of which nothing can ever be told."""
    return Group(group.sql, group.key, group.window, group.shipped, FOREVER)
