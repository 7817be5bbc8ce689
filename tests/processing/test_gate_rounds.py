"""How often gated entities are computed, how much a round takes, and who is told."""

from __future__ import annotations

import io
import time

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from backends import metrics
from backends.offline import deep, log_reading
from core.clock import MICRO
from features import services
from processing import deep as computing
from processing.paths import gate
from processing.share import Share
from tests.processing.gating import COLUMNS, MINUTE, SQL, fresh_again, gauge, minutes_until, next_minute, row, seen, until
from tests.processing.world import NOON, PROJECT, SUMS, World


@pytest.fixture
def low_gate(settings):
    """A gate of five events."""
    settings.JSTORE_GATE_EVENTS = 5


@pytest.fixture
def general(world: World) -> World:
    world.define("g", SQL, window="1d", columns=COLUMNS)
    world.settle()
    return world


def test_what_arrives_does_not_put_the_schedule_off(general, low_gate):
    next_minute(general)
    general.push([row("u", -n) for n in range(9)])
    general.settle()
    for n in range(5):
        general.clock += 11 * MICRO
        general.push([row("u", n)])
        general.settle()
        assert general.record("g", "u").failed
    # the minute is over: the entity was due at 60 s whatever came at 11, 22, 33, 44 and 55 s
    minutes_until(general, fresh_again(general), most=1)
    assert seen(general)["n"] == ("PRESENT", 14)


def test_no_more_often_than_the_schedule_whatever_is_due(world, low_gate, monkeypatch):
    """The values change each second, but the entity is computed once a minute; STALE says when it is behind."""
    world.define("g", f"{SQL.split(' FROM')[0]}, COUNT(*) FILTER (WHERE timestamp > now() - INTERVAL 5 MINUTES) AS late FROM"
                 " input_data GROUP BY user_id", columns=COLUMNS)  # fmt: skip
    next_minute(world)
    computed: list[int] = []
    reading = deep.reading
    monkeypatch.setattr(computing, "reading", lambda *args: computed.append(world.clock) or reading(*args))
    start = (world.clock - NOON) // MICRO
    world.push([row("u", start - n) for n in range(240)])
    until(world, fresh_again(world))
    statuses = []
    for _ in range(150):
        world.clock += MICRO
        for _ in range(8):
            world.applier.step()
            time.sleep(0.003)
        statuses.append(seen(world)["late"][0])
    assert 2 <= len(computed) <= 4, computed
    assert len({clock // MINUTE for clock in computed}) == len(computed)
    assert {"PRESENT", "STALE"} == set(statuses)


def test_another_process_goes_on(general, low_gate, monkeypatch):
    general.push([row("u", -n) for n in range(9)])
    general.applier.step()
    next_minute(general)
    with monkeypatch.context() as patch:
        patch.setattr(Share, "_compute_deep", lambda self, targets: False)  # it dies with its queue
        general.settle()
    general.applier.forget()
    minutes_until(general, fresh_again(general))
    assert seen(general)["n"] == ("PRESENT", 9)


def test_more_than_fits_into_memory_stays_stale_and_is_tried_again(general, low_gate, monkeypatch):
    general.push([row("u", -n) for n in range(9)])
    monkeypatch.setattr(deep, "MOST_BYTES", 100)
    tried: list[int] = []
    reading = deep.reading
    monkeypatch.setattr(computing, "reading", lambda *args: tried.append(1) or reading(*args))
    for _ in range(3):
        next_minute(general)
        until(general, lambda: len(tried) > 0)
        tried.clear()
        assert seen(general)["n"] == ("STALE", None)
        next_minute(general)
    monkeypatch.setattr(deep, "MOST_BYTES", 2**20)
    minutes_until(general, fresh_again(general))
    assert seen(general)["n"] == ("PRESENT", 9)


def test_a_round_is_bounded_and_who_waits_is_counted(general, monkeypatch, settings):
    settings.JSTORE_GATE_EVENTS = 50
    monkeypatch.setattr(gate, "ROUND", 40)
    monkeypatch.setattr(gate, "TOGETHER", 20)
    together: list[int] = []
    scan = log_reading.scan
    monkeypatch.setattr(log_reading, "scan", lambda *args: together.append(len(found := scan(*args))) or found)
    general.push([row(f"u{user}", -n) for user in range(12) for n in range(10)])
    general.applier.step()
    statuses = [general.record("g", f"u{user}").failed for user in range(12)]
    assert statuses.count(False) in range(4, 12)  # sweeps of the same round may have gone on
    assert max(together) <= 20
    assert gauge(metrics.BACKLOG) == statuses.count(True)
    general.settle()
    assert all(seen(general, f"u{user}")["n"] == ("PRESENT", 10) for user in range(12))
    assert max(together) <= 20
    assert gauge(metrics.BACKLOG) == 0


def test_the_backlog_tells_who_waits_and_since_when(general, low_gate, monkeypatch):
    monkeypatch.setattr(Share, "_compute_deep", lambda self, targets: False)
    general.push([row(f"u{user}", -9) for user in range(3)])
    general.settle()
    general.push([row(f"u{user}", -n) for user in range(3) for n in range(9)])
    general.settle()
    assert gauge(metrics.BACKLOG) == 0  # not due before the minute is over
    next_minute(general)
    due = general.clock
    general.settle()
    general.clock += 7 * MICRO
    general.settle()
    assert (gauge(metrics.BACKLOG), gauge(metrics.BACKLOG_AGE)) == (3, 7.0)
    assert due == NOON // MINUTE * MINUTE + MINUTE


@pytest.mark.parametrize(("took", "minutes"), [(0.0, 1), (5.9, 1), (6.0, 2), (30.0, 6), (600.0, 101)])
def test_the_schedule(took, minutes):
    now = 1_000 * MINUTE + (1 if took in (0.0, 5.9) else 0)
    assert gate.next_tick(now, took) == (1_000 + minutes) * MINUTE


def test_people_see_it(general, low_gate):
    """The API, the page, the command."""
    general.push([row("u", -n) for n in range(9)] + [row("v", -1)])
    general.settle()
    key, _ = services.create_key(PROJECT, "tests", ("registry:write", "features:read"))
    api = Client(headers={"Authorization": f"Bearer {key}"})
    assert api.get("/api/v1/features/g").json()["gated_entities"] == 1
    assert "gated_entities" not in api.get("/api/v1/features/").json()["results"][0]
    general.define("tiles", SUMS)
    assert api.get("/api/v1/features/tiles").json()["gated_entities"] is None
    said = io.StringIO()
    call_command("explain_feature", "g", stdout=said)
    assert "gate: 1 entities have more than 5 events and are computed on schedule" in said.getvalue()
    page = Client()
    page.force_login(User.objects.create_superuser("boss"))
    shown = page.get("/features/g/").content.decode()
    assert "1 entity has more than 5 events" in shown
    assert "more than 5 events" not in page.get("/features/tiles/").content.decode()
