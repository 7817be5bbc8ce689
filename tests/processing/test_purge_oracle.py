"""Values after purges are those of a log that forgot nothing, or it is said that they cannot be told."""

from __future__ import annotations

import os

import pytest
from django.core.management import call_command

from backends.offline import checkpoints, log_reading
from core.clock import MICRO
from processing import healing
from processing.purge import Refused
from tests import oracle
from tests.processing.ages import COLUMNS, DAY, GROUPS, ROW, SQL, Ages, Group, latest_edge, never
from tests.processing.world import PROJECT

STEPS = 6
SEEDS = range(12 if os.environ.get("JSTORE_TEST_LONG") else 3)


def live(ages: Ages, redis) -> None:
    """Some rounds of rows, purges and losses, compared after each."""
    draw, world = ages.draw, ages.world
    for step in range(STEPS):
        world.clock += draw.choice([60 * MICRO, DAY // 3, 2 * DAY])
        ages.push(draw.randrange(5, 30))
        if draw.random() < 0.8:
            world.settle()
        edge = latest_edge(world.clock)
        if step and draw.random() < 0.3 and ages.taken(edge + 1):
            with pytest.raises(Refused, match=r"t_day@1 \(window 1d\) still needs rows back to"):
                ages.purge(edge + 1)
        if step:
            ages.purge(edge - draw.choice([0, draw.randrange(DAY), draw.randrange(4 * DAY)]))
        match draw.randrange(4):
            case 0:
                redis.flushall()
            case 1:
                call_command("rebuild_online")
            case 2:
                ages.push(10)
        world.settle()
        ages.check()
        assert len(log_reading.read(PROJECT, 0, 10_000)) == len(ages.rows) - ages.gone


@pytest.mark.parametrize("seed", SEEDS)
def test_values_are_those_of_all_events_ever(world, redis, monkeypatch, capsys, seed):
    print("seed", seed)
    monkeypatch.setattr(healing, "now_us", lambda: world.clock)
    ages = Ages(world, monkeypatch, seed)
    live(ages, redis)
    capsys.readouterr()
    call_command("heal")  # which fails where it finds anything to mend
    assert not capsys.readouterr().out.startswith("compared 0,")
    call_command("rebuild_online")
    world.settle()
    ages.check()
    assert (ages.gone > 20, ages.too_late > 0, ages.compared > 500, ages.beyond > 20) == (True,) * 4


def test_groups_that_are_made_later_say_what_they_cannot_tell(world, monkeypatch):
    ages = Ages(world, monkeypatch, 99)
    for _ in range(4):
        ages.push(30)
        world.clock += DAY
    world.settle()
    before, at = latest_edge(world.clock), world.clock
    ages.purge(before)
    arrived = max(row.recorded for row in ages.rows)
    ages.define("late_all", never(GROUPS["t_all"]))
    ages.define("late_row", never(Group(ROW)))
    ages.define("late_week", Group(window="7d", since=oracle.leaves(before, "7d")))
    ages.define("late_hours", Group(window="6h", since=oracle.leaves(before, "6h")))
    # another time column: its times were not asked when rows went
    ages.define("late_shipped", Group(SQL, shipped=True, window="1d", since=oracle.leaves(arrived + 300 * MICRO, "1d")))
    world.settle()
    ages.check()
    for days in (1, 2, 5):
        world.clock += days * DAY
        ages.push(20)
        world.settle()
        ages.check()
    assert world.clock > at + 7 * DAY
    assert ages.beyond > 50


def test_what_may_need_all_events_stands_against_it(world, monkeypatch):
    """Whole histories of distinct values: beyond what a tally holds they are computed from the events."""
    ages = Ages(world, monkeypatch, 5)
    world.define("distinct", "SELECT user_id, COUNT(DISTINCT kind) AS kinds FROM input_data GROUP BY user_id", columns=COLUMNS)
    world.define("lists", "SELECT user_id, COLLECT_LIST(kind) AS kinds FROM input_data GROUP BY user_id", columns=COLUMNS)
    ages.push(30)
    world.clock += 10 * DAY
    with pytest.raises(Refused) as refused:
        ages.purge(latest_edge(world.clock))
    assert [reason.split(" ")[0] for reason in refused.value.reasons] == ["distinct@1", "lists@1"]


def test_without_checkpoints_the_wrong_number_appears(world, redis, monkeypatch):
    """Negative control: the same lives, but rebuilds do not look at what went."""
    monkeypatch.setattr(checkpoints, "bases", lambda kept, made, keys: {})
    ages = Ages(world, monkeypatch, 0)
    with pytest.raises(AssertionError):
        live(ages, redis)
