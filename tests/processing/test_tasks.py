"""Doorbells: they carry ids, may ring twice or never, and a broker that is down is nobody's error."""

from __future__ import annotations

import uuid

import kombu.exceptions
import pytest

from backends.offline import log
from features import selectors
from processing import activation, doorbell, runs, tasks
from tests.processing.world import PROJECT, SUMS, event


@pytest.fixture
def rung(monkeypatch):
    """What was handed to the broker."""
    calls = []
    for name in ("advance_run", "process_range"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda *args, name=name: calls.append((name, *args)))
    return calls


def test_the_reaper_rings_for_what_waits(world, rung):
    waiting = runs.create(PROJECT, "backfill", "g@1", "me")
    runs.claim(runs.create(PROJECT, "backfill", "h@1", "me").id)
    runs.create(PROJECT, "a kind of another room", "", "me")
    tasks.reap_runs()
    assert rung == [("advance_run", str(waiting.id))]


def test_a_ring_moves_a_run_on_and_a_second_one_changes_nothing(world):
    world.define("g", SUMS)
    world.push([event("u", -5, 1.0)])
    world.settle()
    world.define("g", SUMS.replace("SUM", "MAX"))
    run = activation.activate(PROJECT, "g", 2, "me")
    tasks.advance_run(str(run.id))
    assert selectors.group_spec(PROJECT, "g").active == 1
    world.settle()
    for _ in range(2):
        tasks.advance_run(str(run.id))
    assert selectors.group_spec(PROJECT, "g").active == 2
    tasks.advance_run(str(uuid.uuid4()))


def test_the_spark_job_is_rung_for_every_project_where_there_is_one(world, rung, settings):
    world.push([{"user_id": "u"}])
    tasks.ring_spark()
    assert rung == []
    settings.JSTORE_ENGINE = "spark"
    tasks.ring_spark()
    assert rung == [("process_range", PROJECT, 0)]
    assert log.projects() == [PROJECT]


@pytest.mark.parametrize("error", [kombu.exceptions.OperationalError("no broker"), ConnectionRefusedError()])
def test_a_broker_that_is_down_is_no_error_of_who_committed(monkeypatch, error):
    def down(*args, **options):
        raise error

    monkeypatch.setattr(tasks.process_range, "apply_async", down)
    doorbell.ring(PROJECT, 7)


def test_a_push_rings_with_its_position_after_the_commit(world, api, settings, monkeypatch):
    rings = []
    monkeypatch.setattr(
        "processing.api.ring", lambda project, position: rings.append((project, position, log.head(project).position))
    )
    api.push([{"user_id": "u"}])
    settings.JSTORE_ENGINE = "spark"
    api.push([{"user_id": "u"}, {"user_id": "v"}])
    api.push([7])
    assert rings == [(PROJECT, 3, 3)]
