"""Random schedules of everything that can happen between a message and its value; after each, online = brute force.

Two appliers that work at once and remember too much, redelivery, deaths at any call of a store, loads, corrections, sweeps, a
Redis that lost its tail or everything, a PostgreSQL restored to what it was, versions that come and are switched, rebuilds.
A failure prints what happened; JSTORE_TEST_SEED=… plays it again.
"""

from __future__ import annotations

import random

import pytest

from tests.delivery.stage import Stage
from tests.windows.lives import SEED

SCHEDULES, THINGS = 15, 14  # a part is one JStore that lives through so many schedules
PARTS = 20
played: list[int] = []


@pytest.fixture
def play(fresh, monkeypatch):
    """Schedules one after the other in one JStore."""
    stages = []

    def run(part):
        print(f"JSTORE_TEST_SEED={SEED} part {part}")
        stage = Stage(monkeypatch, fresh, random.Random(f"{SEED} {part}"), f"p{part}")
        stages.append(stage)
        for schedule in range(SCHEDULES):
            stage.story.clear()
            try:
                for _ in range(stage.rng.randint(2, THINGS)):
                    stage.do()
                stage.check()
            except BaseException:
                print(f"schedule {schedule}: {', '.join(stage.story)}")
                raise
            played.append(schedule)

    yield run
    for stage in stages:
        stage.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_after_any_schedule_what_is_served_is_brute_force(play, part):
    play(part)


def test_enough_was_played():
    assert len(played) >= SCHEDULES * PARTS


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(100, 160))
def test_the_same_for_a_long_time(play, part):
    play(part)
