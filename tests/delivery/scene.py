"""A short story with an ending that the oracle judges: for negative controls, which must make it object."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from tests import oracle
from tests.processing.world import NOON, World
from tests.windows import readers
from tests.windows.families import Family, Group
from tests.windows.ledger import Ledger, wire

SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
SUMS = Family(SQL, (), {"total": ("sum", "amount"), "n": ("count",)})
NEWEST = Family("SELECT user_id, amount FROM input_data", (), {"amount": ("last", "amount")})
GROUPS = (Group("all", SUMS, None, "tiles"), Group("hour", SUMS, "1h", "tiles"), Group("newest", NEWEST, None, "row"))


class Scene:
    """Groups over purchases; rows as (user, seconds from NOON, amount)."""

    def __init__(self, world: World, groups: Sequence[Group] = GROUPS) -> None:
        self.world, self.ledger, self.groups = world, Ledger(), groups
        self._ids = 0
        for group in groups:
            self.define(group)
        world.settle()

    def define(self, group: Group, sql: str | None = None) -> None:
        self.world.define(group.name, sql or group.family.sql, window=group.window, columns={"amount": "DOUBLE"})

    def row(self, user: str, seconds: float, amount: float, **more: Any) -> dict[str, Any]:
        self._ids += 1
        us = NOON + round(seconds * oracle.SECOND)
        return {"event_id": f"e{self._ids}", "user_id": user, "us": us, "amount": amount, **more}

    def push(self, *rows: tuple[str, float, float] | dict[str, Any]) -> list[dict[str, Any]]:
        """Accept rows; -> as the oracle knows them."""
        made = [row if isinstance(row, dict) else self.row(*row) for row in rows]
        assert self.world.push([wire(row) for row in made]).rejected == []
        self.ledger.take(made, self.world.ingested)
        return made

    def check(self) -> None:
        """Raises Wrong where a value is not brute force's."""
        reading = readers.Reading(self.ledger, self.world.clock, self.world.latest)
        for group in self.groups:
            entities = sorted(self.ledger.by_entity(("user_id",)))
            readers.check_online(group, entities, reading, self.world.clock)


def objects(broken: bool) -> AbstractContextManager[Any]:
    """With a safety gone the oracle must object; with it in place it must not."""
    return pytest.raises(readers.Wrong) if broken else nullcontext()
