"""One JStore in this process, at noon."""

from __future__ import annotations

import pytest

from tests.processing.conftest import Api
from tests.processing.world import NOON, World


@pytest.fixture
def world(fresh: object, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty one; its clock stands."""
    return World(monkeypatch, NOON)


@pytest.fixture
def api(world: World) -> Api:
    """Its REST API; the clock runs."""
    world.clock = None
    return Api()
