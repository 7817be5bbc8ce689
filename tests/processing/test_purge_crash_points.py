"""A purge that is killed at each of its steps: whatever came of it, numbers are right, and begun again it ends."""

from __future__ import annotations

import pytest
from django.db import connections

from backends.offline import checkpoints, log_reading, purging
from features import services
from processing import purge
from tests.processing.ages import DAY, Ages, latest_edge
from tests.processing.test_crash_points import dying
from tests.processing.world import PROJECT

STEPS = {
    "begun": (purging, "begin", 1),
    "some rows marked": (purging, "mark", 2),
    "a version noted": (purging, "cover", 3),
    "half of its checkpoints": (checkpoints, "write", 3),
    "turned": (purging, "turn", 1),
    "readers told": (services, "ensure_published", 1),
    "first rows gone": (purging, "delete_some", 1),
    "more rows gone": (purging, "delete_some", 3),
    "older checkpoints forgotten": (checkpoints, "forget_older", 20),
    "over": (purging, "end", 1),
}
TURNED = ("turned", "readers told", "first rows gone", "more rows gone", "older checkpoints forgotten", "over")


@pytest.fixture
def ages(world, monkeypatch):
    """A log that was purged once already, in small steps."""
    monkeypatch.setattr(purging, "CHUNK", 20)
    ages = Ages(world, monkeypatch, 7)
    for _ in range(3):
        ages.push(25)
        world.clock += DAY
    world.settle()
    ages.purge(latest_edge(world.clock) - 2 * DAY)
    ages.push(20)
    world.settle()
    return ages


def left(table: str) -> int:
    with connections["default"].cursor() as c:
        c.execute(f"SELECT count(*) FROM {table}")
        return int(c.fetchone()[0])


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_it_can_die_anywhere(ages, redis, monkeypatch, step, before):
    world, time = ages.world, latest_edge(ages.world.clock)
    owner, name, call = STEPS[step]
    with dying(owner, name, before=before, call=call) as deaths:
        purge.purge(PROJECT, time, "test", print, 0)
    assert deaths, f"{step}: not reached"
    turned = step in TURNED and not (step == "turned" and before)
    if turned:
        # readers start from the checkpoints; what is and what is not deleted makes no difference
        gone = len(ages.taken(time))
        ages.purged(time, gone)
    redis.flushall()
    world.settle()
    ages.check()
    again = purge.purge(PROJECT, time, "test", print, 0)
    if turned:
        assert again == (0 if step == "over" and not before else gone)
    else:
        ages.purged(time, again)
    ages.push(10)
    redis.flushall()
    world.settle()
    ages.check()
    assert len(log_reading.read(PROJECT, 0, 10_000)) == len(ages.rows) - ages.gone
    assert left("log_leaving") == 0
    assert left("log_index") == 2 * sum(not row.purged and not row.deleted for row in ages.rows)
    with connections["default"].cursor() as c:
        c.execute("SELECT count(*), count(DISTINCT (code, key)) FROM log_checkpoint")
        assert len(set(c.fetchone())) == 1, "one checkpoint for each entity of a version"
