"""Runs: a lease with an epoch, moves that count their rows, and nothing changed by who lost the lease."""

from __future__ import annotations

import time
import uuid

import pytest

from core.clock import now_us
from core.errors import Conflict, NotFound
from processing import runs
from tests.processing.world import NOON, PROJECT


@pytest.fixture
def clock(fresh, monkeypatch):
    """The time, as a list of one number."""
    time = [NOON]
    monkeypatch.setattr(runs, "now_us", lambda: time[0])
    return time


@pytest.fixture
def run(clock):
    return runs.create(PROJECT, "backfill", "g@1", "me", {"group": "g"})


def now(run):
    run.refresh_from_db()
    return run.status, run.progress, run.rows


def test_a_life(run):
    assert now(run) == ("queued", 0.0, 0)
    lease = runs.claim(run.id)
    assert (now(run)[0], run.epoch, run.started_at is not None) == ("running", 1, True)
    assert runs.advance(lease, 0.5, 10, {"done": "x"})
    assert (now(run), run.params) == (("running", 0.5, 10), {"done": "x"})
    assert runs.finish(lease, rows=20, result={"rows": 20})
    assert (now(run), run.result, run.finished_at is not None) == (("succeeded", 1.0, 20), {"rows": 20}, True)
    assert runs.claim(run.id) is None


def test_one_worker_at_a_time_until_its_lease_is_over(run, clock):
    first = runs.claim(run.id)
    assert runs.claim(run.id) is None
    clock[0] += runs.LEASE - 1
    assert runs.advance(first, 0.1, 1), "which renews it"
    clock[0] += runs.LEASE
    assert runs.claim(run.id) is None
    clock[0] += 1
    second = runs.claim(run.id)
    assert second.epoch == first.epoch + 1


def test_who_lost_the_lease_changes_nothing(run, clock):
    old = runs.claim(run.id)
    clock[0] += runs.LEASE + 1
    new = runs.claim(run.id)
    assert not runs.advance(old, 0.9, 99, {"done": "wrong"})
    assert not runs.finish(old, error="boom")
    runs.release(old)
    assert now(run) == ("running", 0.0, 0)
    assert run.params == {"group": "g"}
    assert runs.advance(new, 0.2, 2)


def test_a_long_step_keeps_its_lease_and_a_dead_one_does_not(run, monkeypatch):
    monkeypatch.setattr(runs, "LEASE", 400_000)
    monkeypatch.setattr(runs, "now_us", now_us)
    lease = runs.claim(run.id)
    with runs.kept(lease):
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            assert runs.claim(run.id) is None
            time.sleep(0.05)
    time.sleep(0.5)
    assert runs.claim(run.id).epoch == lease.epoch + 1


def test_keeping_ends_with_the_lease(run, monkeypatch):
    monkeypatch.setattr(runs, "LEASE", 400_000)
    monkeypatch.setattr(runs, "now_us", now_us)
    lease = runs.claim(run.id)
    with runs.kept(lease):
        runs.move(PROJECT, str(run.id), "pause")
        time.sleep(0.3)
    run.refresh_from_db()
    assert (run.status, run.lease_until) == ("paused", 0)


def test_a_failure_keeps_what_was_done_and_says_why(run):
    lease = runs.claim(run.id)
    runs.advance(lease, 0.5, 10)
    assert runs.finish(lease, error="x" * 5000)
    assert (now(run), len(run.error)) == (("failed", 0.5, 10), 2000)


def test_released_it_goes_on_at_once(run):
    runs.release(runs.claim(run.id))
    assert (now(run)[0], runs.claim(run.id).epoch) == ("queued", 2)


@pytest.mark.parametrize("started", [False, True])
def test_paused_it_waits_and_resumed_it_goes_on(run, started):
    lease = runs.claim(run.id) if started else None
    assert runs.move(PROJECT, str(run.id), "pause").status == "paused"
    assert runs.move(PROJECT, str(run.id), "pause").status == "paused", "already so is done"
    assert lease is None or not runs.advance(lease, 0.5, 5)
    assert (runs.claim(run.id), runs.waiting(["backfill"])) == (None, [])
    assert runs.move(PROJECT, str(run.id), "resume").status == "queued"
    assert runs.waiting(["backfill"]) == [run.id]
    assert runs.claim(run.id) is not None


def test_cancelled_it_is_over(run):
    lease = runs.claim(run.id)
    assert runs.move(PROJECT, str(run.id), "cancel").finished_at is not None
    assert not runs.finish(lease, rows=3)
    for verb in ("pause", "resume"):
        with pytest.raises(Conflict, match="run_state"):
            runs.move(PROJECT, str(run.id), verb)
    assert now(run) == ("cancelled", 0.0, 0)


def test_what_succeeded_cannot_be_moved(run):
    runs.finish(runs.claim(run.id))
    for verb in ("pause", "resume", "cancel"):
        with pytest.raises(Conflict):
            runs.move(PROJECT, str(run.id), verb)


@pytest.mark.parametrize("name", ["", "x", str(uuid.uuid4())])
def test_an_unknown_run(run, name):
    with pytest.raises(NotFound):
        runs.get(PROJECT, name)
    with pytest.raises(NotFound):
        runs.get("another", str(run.id))


def test_the_reaper_finds_what_nobody_holds_of_the_kinds_it_knows(run, clock):
    other = runs.create(PROJECT, "export", "", "me")
    held = runs.create(PROJECT, "backfill", "h@1", "me")
    runs.claim(held.id)
    assert runs.waiting(["backfill", "activate"]) == [run.id]
    clock[0] += runs.LEASE + 1
    assert runs.waiting(["backfill"]) == [run.id, held.id]
    assert runs.waiting(["export"]) == [other.id]


def test_the_api_lists_shows_and_moves_them(run, api):
    for n in range(3):
        runs.create(PROJECT, "backfill", f"h@{n}", "me")
    page = api.send("GET", "/runs/?limit=3").json()
    assert [found["target"] for found in page["results"]] == ["h@2", "h@1", "h@0"]
    rest = api.send("GET", f"/runs/?limit=3&cursor={page['next']}").json()
    assert ([found["id"] for found in rest["results"]], rest["next"]) == ([str(run.id)], None)
    one = api.send("GET", f"/runs/{run.id}").json()
    assert (one["status"], one["progress"], one["error"], one["started_at"]) == ("queued", 0.0, "", None)
    for verb, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert api.send("POST", f"/runs/{run.id}/{verb}").json()["status"] == status
    assert api.send("POST", f"/runs/{run.id}/pause").status_code == 409
    assert api.send("GET", f"/runs/{uuid.uuid4()}").status_code == 404
    assert api.send("GET", "/runs/?limit=" + "9" * 5000).status_code == 422
