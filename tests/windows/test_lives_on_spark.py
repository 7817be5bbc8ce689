"""The same lives with Spark as the engine that applies and sweeps; what is read from the log is DuckDB's, so the two meet."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.engines import engine_of
from tests.processing.world import World
from tests.windows import lives
from tests.windows.families import FAMILIES, Group, define
from tests.windows.readers import compared

pytestmark = pytest.mark.spark
SAMPLE = {"numbers": ("tiles", "1h"), "order": ("tiles", "1d"), "filtered": ("recompute", "12h"), "newest": ("row", None)}


def test_spark_serves_what_brute_force_says(fresh, monkeypatch):
    world = World(monkeypatch, lives.START, engine_of("spark"))
    groups: list[Group] = []
    for label, (path, window) in SAMPLE.items():
        groups += define(world, label, replace(FAMILIES[label], windows=(window,), paths=(path,)))
    world.settle()
    print(f"JSTORE_TEST_SEED={lives.SEED}")
    rng, before = random.Random(f"{lives.SEED} spark"), sum(compared.values())
    lives.Crowd(world, groups, rng, "sp", 20).live(2)
    assert sum(compared.values()) - before > 500


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("family", FAMILIES)
def test_spark_does_so_for_a_long_time(fresh, monkeypatch, family):
    before = sum(compared.values())
    lives.play(World(monkeypatch, lives.START, engine_of("spark")), family, "spark", crowds=1, people=40, steps=4)
    assert sum(compared.values()) - before > 1_000
