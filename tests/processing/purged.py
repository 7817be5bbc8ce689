"""A purge in the world of these tests, to a time in seconds from noon; what is left of the log."""

from __future__ import annotations

import pytest
from django.db import connections

from backends.offline import log_reading, purging
from core.clock import MICRO
from processing import purge
from tests.processing.world import NOON, PROJECT, World

OLD = -3 * 86_400  # seconds from noon


def at_its_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Purges take the world's clock for now."""
    for module in (purge, purging):
        monkeypatch.setattr(module, "now_us", lambda: world.clock)
    return world


def go(before: float = -2 * 86_400) -> int:
    """Purge. -> how many rows went."""
    return purge.purge(PROJECT, NOON + round(before * MICRO), "ann", print, 0)


def positions() -> list[int]:
    """Of the rows that are left."""
    return [row.position for row in log_reading.read(PROJECT, 0, 1000)]


def rows_of(table: str) -> int:
    """How many there are."""
    with connections["default"].cursor() as c:
        c.execute(f"SELECT count(*) FROM {table}")
        return int(c.fetchone()[0])
