"""Backfill: V at each event time, as brute force has it; paused, killed, taken over and gone on with, never a row twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from django.db import connections

from backends.engine import EngineFailed
from backends.offline import tables
from backends.offline.program import Program
from core.clock import EPOCH, MICRO
from core.errors import NotFound
from features import selectors
from processing import backfill, runs, tasks
from processing.models import Run
from tests import oracle
from tests.processing.conftest import Api
from tests.processing.world import NOON, PROJECT, SUMS, event

OUTPUTS = {"total": ("sum", "amount"), "n": ("count",)}
USERS = [f"u{n}" for n in range(12)]


@pytest.fixture
def filled(world):
    """A hundred purchases of twelve users over three days, none applied."""
    draw = random.Random(7)
    rows = [(draw.choice(USERS), -draw.randrange(0, 3 * 86400), float(draw.randrange(100))) for _ in range(100)]
    world.push([event(*row) for row in rows])
    world.events = {user: [{"us": NOON + s * MICRO, "amount": a} for u, s, a in rows if u == user] for user in USERS}
    world.define("g", SUMS, window="1d")
    return world


def kept(group="g", backfilled=True):
    """{(user, as of): (total, n)} of the offline table; fails where a pair stands twice."""
    spec = selectors.group_spec(PROJECT, group)
    with connections["default"].cursor() as c:
        c.execute(
            f"SELECT user_id, __as_of, total, n FROM {tables.table_name(spec.versions[1].code)} WHERE __backfilled = %s",
            [backfilled],
        )
        rows = [
            (user, (as_of - EPOCH) // (datetime(1970, 1, 1, 0, 0, 0, 1, UTC) - EPOCH), total, n) for user, as_of, total, n in c
        ]
    found = {(user, as_of): (total, n) for user, as_of, total, n in rows}
    assert len(found) == len(rows)
    return found


def wanted(world, start=0, end=NOON):
    found = {}
    for user, events in world.events.items():
        for t, row in oracle.history(events, start, end, "1d", OUTPUTS):
            found[user, t] = (row["total"], row["n"])
    return found


def run_it(**more):
    run = backfill.create(PROJECT, "g", None, more.pop("start", None), more.pop("end", None), "me", more.pop("chunk", 5))
    assert backfill.advance(run)
    run.refresh_from_db()
    return run


def test_it_keeps_v_at_each_event_time(filled):
    run = run_it()
    assert kept() == wanted(filled)
    assert (run.status, run.rows, run.result) == ("succeeded", len(wanted(filled)), {"rows": run.rows, "position": 100})


def test_of_a_range_with_the_windows_that_reach_behind_it(filled):
    start, end = NOON - 2 * 86400 * MICRO, NOON - 86400 * MICRO
    run_it(start=start, end=end)
    assert kept() == wanted(filled, start, end)


def test_it_stands_beside_what_the_applier_keeps(filled):
    filled.settle()
    run_it()
    filled.clock += 1
    filled.push([event("u1", 0, 1.0)])
    filled.settle()
    assert kept() == wanted(filled)
    assert {as_of for _, as_of in kept(backfilled=False)} == {NOON, NOON + 1}


def test_again_over_the_same_log_it_adds_nothing(filled):
    run_it()
    run_it()
    assert kept() == wanted(filled)


def test_paused_it_stops_after_a_chunk_and_goes_on_from_there(filled, monkeypatch):
    run = backfill.create(PROJECT, "g", 1, None, None, "me", 2)
    advance, chunks = runs.advance, []

    def pausing(lease, progress, rows, params=None):
        chunks.append(rows)
        if len(chunks) == 4:
            runs.move(PROJECT, str(run.id), "pause")
        return advance(lease, progress, rows, params)

    monkeypatch.setattr(runs, "advance", pausing)
    assert backfill.advance(run) is False
    assert 0 < len(kept()) < len(wanted(filled))
    assert backfill.advance(run) is False, "paused is paused"
    runs.move(PROJECT, str(run.id), "resume")
    filled.push([event("u3", -100, 1e6)])  # the log has grown, the run is still of one position
    assert backfill.advance(run) is True
    assert kept() == wanted(filled)


def test_killed_it_repeats_a_chunk_and_nothing_is_double(filled, monkeypatch):
    run = backfill.create(PROJECT, "g", 1, None, None, "me", 3)
    record, calls = tables.record, []

    def dying(*args, **more):
        record(*args, **more)
        calls.append(1)
        if len(calls) == 5:
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(tables, "record", dying)
        with pytest.raises(SystemExit):
            backfill.advance(run)
    assert backfill.advance(run) is False, "its lease still runs"
    Run.objects.filter(id=run.id).update(lease_until=0)
    assert backfill.advance(run) is True
    assert kept() == wanted(filled)


def test_who_lost_the_lease_in_a_long_chunk_stops(filled, monkeypatch):
    run = backfill.create(PROJECT, "g", 1, None, None, "me", 100)
    monkeypatch.setattr(backfill, "_RENEW", -1.0)
    record, calls = tables.record, []

    def stolen(*args, **more):
        record(*args, **more)
        calls.append(1)
        if len(calls) == 1:
            Run.objects.filter(id=run.id).update(epoch=99)

    monkeypatch.setattr(tables, "record", stolen)
    assert backfill.advance(run) is False
    assert len(calls) == 1
    run.refresh_from_db()
    assert (run.status, run.epoch) == ("running", 99)


def test_sql_that_fails_ends_the_run_with_its_reason(filled, monkeypatch):
    def general(*args):
        raise EngineFailed("sql", "overflow")

    monkeypatch.setattr(Program, "general", general)
    run = run_it()
    assert (run.status, run.error) == ("failed", "computation_failed: sql: overflow")


def test_a_group_that_goes_ends_the_run(filled):
    run = backfill.create(PROJECT, "g", 1, None, None, "me")
    filled.drop("g")
    assert backfill.advance(run) is True
    run.refresh_from_db()
    assert (run.status, run.error[:16]) == ("failed", "unknown_feature:")


def test_an_unknown_group_or_version(filled):
    for name, version in (("nobody", None), ("g", 7)):
        with pytest.raises(NotFound):
            backfill.create(PROJECT, name, version, None, None, "me")


def test_the_estimate_counts_and_writes_nothing(filled):
    assert backfill.estimate(PROJECT, "g", None, None, None) == {
        "entities": sum(bool(events) for events in filled.events.values()),
        "events": 100,
    }
    last_hour = NOON - 3600 * MICRO
    late = sum(e["us"] >= last_hour for events in filled.events.values() for e in events)
    assert backfill.estimate(PROJECT, "g", 1, last_hour, NOON)["events"] == late
    assert Run.objects.count() == 0


def test_the_api_starts_one_as_a_run_that_a_worker_goes_on_with(filled, api):
    answer = api.send("POST", "/backfills/", {"feature": "g", "start_time": None, "end_time": oracle.iso(NOON), "chunk": 3})
    assert (answer.status_code, answer.json()["status"], answer.json()["type"]) == (202, "queued", "backfill")
    assert answer["Location"] == f"/api/v1/runs/{answer.json()['id']}"
    tasks.advance_run(answer.json()["id"])
    assert api.send("GET", answer["Location"].removeprefix("/api/v1")).json()["status"] == "succeeded"
    assert kept() == wanted(filled)


def test_the_api_counts_without_writing_and_refuses_what_cannot_be(filled, api):
    answer = api.send("POST", "/backfills", {"feature": "g@1", "dry_run": True})
    assert (answer.status_code, answer.json()["events"]) == (200, 100)
    for body, status in [
        ({}, 404),
        ([], 422),
        ({"feature": 7}, 422),
        ({"feature": "nobody"}, 404),
        ({"feature": "g@9"}, 404),
        ({"feature": "g", "start_time": "yesterday"}, 422),
        ({"feature": "g", "start_time": oracle.iso(NOON), "end_time": oracle.iso(NOON - 1)}, 422),
        ({"feature": "g", "chunk": 0}, 422),
        ({"feature": "g", "chunk": True}, 422),
        ({"feature": "g", "dry_run": "yes"}, 422),
        ({"feature": "g", "engine": "flink"}, 422),
    ]:
        assert api.send("POST", "/backfills/", body).status_code == status, body
    assert Api("features:read").send("POST", "/backfills/", {"feature": "g"}).status_code == 403
    assert Run.objects.count() == 0


@pytest.mark.parametrize("built", [False, True])
def test_a_draft_with_its_history_is_backfilled_once_its_ready_rows_are_there(filled, built):
    filled.settle()
    filled.define("g", SUMS.replace("SUM", "MAX"), window="1d")
    if built:
        filled.settle()
    run = backfill.create(PROJECT, "g", 2, None, None, "me")
    assert backfill.advance(run)
    assert selectors.group_spec(PROJECT, "g").versions[2].status == ("backfilled" if built else "draft")
