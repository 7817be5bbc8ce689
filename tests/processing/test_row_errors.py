"""One value that the SQL cannot be computed over: its entity alone keeps its last good value, STALE, and its row is noted; what
mends it is a corrected event or another version.

The statements are real ones that the engine fails for some rows: a time moved beyond its range, and a text that grows beyond
what a process of the engine may hold.
"""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client

from backends import metrics
from backends.engine.duckdb import DuckDb
from backends.offline import tables
from core.errors import Conflict, Invalid
from features import selectors, services
from processing import activation, backfill, dead_letters, failing, replay
from processing.letter_filter import Filter
from processing.models import DeadLetter
from tests.processing.gating import minutes_until
from tests.processing.world import MICRO, NOON, PROJECT, World, event

# 292,300 years after the year 2000 are beyond the engine's times, after the year 900 they are not
LATER = "seen + INTERVAL '292300' YEAR > seen"
QUERIES = {
    "tiles": f"SELECT user_id, SUM(amount) AS total, COUNT_IF({LATER}) AS later FROM input_data GROUP BY user_id",
    "recompute": f"SELECT user_id, COLLECT_LIST(amount) AS total, COUNT_IF({LATER}) AS later FROM input_data GROUP BY user_id",
    "row": f"SELECT user_id, amount AS total, {LATER} AS later FROM input_data",
}
MENDED = {path: sql.replace(LATER, "seen IS NOT NULL") for path, sql in QUERIES.items()}
COLUMNS = {"amount": "DOUBLE", "seen": "TIMESTAMP"}
GOOD, BAD = "0900-01-01T00:00:00Z", "2000-01-01T00:00:00Z"


@pytest.fixture
def world(fresh, monkeypatch):
    failing._noted.clear()
    monkeypatch.setattr(replay, "now_us", lambda: NOON)
    return World(monkeypatch, NOON)


@pytest.fixture(params=QUERIES)
def path(request):
    return request.param


def define(world, path, window=None, queries=QUERIES):
    return world.define("g", queries[path], window=window, columns=COLUMNS)


def letters():
    return list(DeadLetter.objects.filter(code=failing.CODE).order_by("id"))


def failures(kind="sql"):
    return metrics.FAILED_COMPUTATIONS.labels(group="g", kind=kind)._value.get()


def total(path, *amounts):
    return {"tiles": sum(amounts), "recompute": list(amounts), "row": amounts[-1]}[path]


def shown(world, user, clock=None):
    return world.served("g", user, clock).cells["total"]


@pytest.mark.parametrize("window", [None, "1d"])
def test_one_among_a_thousand(world, path, window):
    define(world, path, window)
    users = [f"u{n}" for n in range(1000)]
    world.push([event(user, -50, 1.0, seen=GOOD) for user in users])
    world.settle()
    before = failures()
    world.push([event(user, -40, 2.0, seen=BAD if user == "u500" else GOOD) for user in users])
    world.settle()
    assert {cursor.position for cursor in world.cursors("g")} == {2000}, "the group went on"
    for user in users:
        assert shown(world, user) == ((total(path, 1.0), "STALE") if user == "u500" else (total(path, 1.0, 2.0), "PRESENT"))
    (letter,) = letters()
    assert (letter.group, letter.position, json.loads(bytes(letter.payload))["user_id"]) == ("g", 1501, "u500")
    assert letter.detail.startswith("version 1: the SQL cannot be computed over it")
    assert failures() == before + 1
    assert tables.latest(selectors.group_spec(PROJECT, "g"), selectors.group_spec(PROJECT, "g").versions[1], "u500")[1][
        "total"
    ] == total(path, 1.0)


class TestMended:
    @pytest.fixture(autouse=True)
    def broken(self, world, path):
        define(world, path, "1d")
        world.push([event("good", -50, 1.0, seen=GOOD), event("bad", -50, 1.0, seen=GOOD, event_id="a")])
        world.settle()
        world.push([event("bad", -40, 2.0, seen=BAD, event_id="b")])
        world.settle()
        assert shown(world, "bad") == (total(path, 1.0), "STALE")

    def test_by_the_event_corrected_where_it_came_from(self, world, path):
        world.push([event("bad", -40, 3.0, seen=GOOD, event_id="b", revision=1)])
        world.settle()
        assert shown(world, "bad") == (total(path, 1.0, 3.0), "PRESENT")
        (letter,) = letters()
        assert replay.replay(PROJECT, letter.id, "me")["accepted"] == 0, "the row is not there any more"
        assert letters() == []

    def test_by_the_letter_corrected(self, world, path):
        (letter,) = letters()
        with pytest.raises(Conflict, match="mends it"):
            replay.replay(PROJECT, letter.id, "me")
        payload = {**json.loads(bytes(letter.payload)), "seen": GOOD}
        assert replay.replay(PROJECT, letter.id, "me", payload)["accepted"] == 1
        world.settle()
        assert shown(world, "bad") == (total(path, 1.0, 2.0), "PRESENT")
        assert letters() == []

    def test_by_another_version(self, world, path):
        define(world, path, "1d", MENDED)
        world.settle()
        activation.activate(PROJECT, "g", 2, "me")
        world.settle()
        assert shown(world, "bad") == (total(path, 1.0, 2.0), "PRESENT")
        call_command("dead_letters", "replay", "--code", failing.CODE)
        assert letters() == []
        world.settle()
        assert letters() == [], "the old version, which is still kept up, notes it no second time"

    def test_a_past_value_is_refused_with_a_code_and_others_are_not(self, world, path):
        with pytest.raises(Invalid) as caught:
            world.at("g", "bad", NOON)
        assert caught.value.code == failing.CODE
        assert world.at("g", "bad", NOON - 45 * MICRO)["total"] == total(path, 1.0)
        assert world.at("g", "good", NOON)["total"] == total(path, 1.0)

    def test_a_backfill_leaves_it_out_and_says_so(self, world, path):
        run = backfill.create(PROJECT, "g", 1, None, None, "me")
        assert backfill.advance(run)
        run.refresh_from_db()
        assert (run.status, run.rows, run.result["failed"]) == ("succeeded", 2, 1)

    def test_it_is_tried_again_each_minute_and_noted_once(self, world, path):
        before = failures()
        for _ in range(3):
            world.clock += 61 * MICRO
            world.settle()
        assert failures() == before + 3
        assert len(letters()) == 1
        assert shown(world, "good")[1] == "PRESENT"

    def test_the_window_passes_over_it(self, world, path):
        world.push([event("bad", -1, 5.0, seen=GOOD)])
        world.settle()
        assert shown(world, "bad")[1] == "STALE"
        world.clock += 86_400 * MICRO
        world.push([event("bad", 86_390, 7.0, seen=GOOD)])
        world.settle()
        world.clock += 1000 * MICRO
        world.settle()
        assert shown(world, "bad")[1] == "PRESENT"

    def test_people_see_it(self, world, path):
        text, _ = services.create_key(PROJECT, "tests", ["features:read"])
        found = (
            Client(headers={"Authorization": f"Bearer {text}"}).get(f"/api/v1/dead-letters/?code={failing.CODE}&group=g").json()
        )
        assert [(one["code"], one["group"], one["position"]) for one in found["results"]] == [(failing.CODE, "g", 3)]
        assert dead_letters.counts(Filter(PROJECT, code=failing.CODE)) == {failing.CODE: 1}


def test_a_load_over_it_makes_the_others_right(world, path):
    world.push([event("good", -50, 1.0, seen=GOOD), event("bad", -50, 1.0, seen=GOOD), event("bad", -40, 2.0, seen=BAD)])
    define(world, path, "1d")
    world.settle()
    assert shown(world, "good") == (total(path, 1.0), "PRESENT")
    assert shown(world, "bad") == (None, "STALE"), "there is no last good value"
    assert [letter.position for letter in letters()] == [3]


def test_an_entity_that_is_computed_on_schedule(world, settings):
    settings.JSTORE_GATE_EVENTS = 5
    define(world, "recompute")
    world.push([event("deep", -50 - n, 1.0, seen=GOOD, event_id=f"e{n}") for n in range(10)])
    minutes_until(world, lambda: shown(world, "deep") == (total("recompute", *[1.0] * 10), "PRESENT"))
    world.push([event("deep", -10, 2.0, seen=BAD, event_id="bad")])
    minutes_until(world, lambda: len(letters()) == 1)
    assert shown(world, "deep") == (total("recompute", *[1.0] * 10), "STALE")
    assert letters()[0].position == 11
    world.push([event("deep", -10, 2.0, seen=GOOD, event_id="bad", revision=1)])
    minutes_until(world, lambda: shown(world, "deep") == (total("recompute", *[1.0] * 10, 2.0), "PRESENT"))


def test_a_row_without_an_id_cannot_be_corrected(world):
    define(world, "tiles")
    world.push([event("bad", -40, 2.0, seen=BAD)])
    world.settle()
    (letter,) = letters()
    with pytest.raises(Conflict, match="no event_id"):
        replay.replay(PROJECT, letter.id, "me", event("bad", -40, 2.0, seen=GOOD))


@pytest.mark.parametrize("target", ["processing.apply.tables.record", "backends.online.store.OnlineStore.write"])
def test_killed_between_the_note_and_the_write_nothing_is_lost_or_double(world, monkeypatch, target):
    define(world, "tiles")
    world.settle()
    world.push([event("bad", -40, 2.0, seen=BAD), event("good", -40, 2.0, seen=GOOD)])

    def dies(*args, **more):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(target, dies)
        with pytest.raises(SystemExit):
            world.settle()
    failing._noted.clear()
    another = World(monkeypatch, NOON)
    another.settle()
    assert (shown(another, "good"), shown(another, "bad")) == ((2.0, "PRESENT"), (None, "STALE"))
    assert len(letters()) == 1


class TestAText:
    """That makes the engine's process end: a small engine, so that it does not take long."""

    @pytest.fixture
    def world(self, fresh, monkeypatch):
        failing._noted.clear()
        small = DuckDb(children=1, memory_mb=64)
        yield World(monkeypatch, NOON, small)
        small.close()

    def test_that_grows_beyond_a_process_costs_its_own_entity_only(self, world):
        sql = "SELECT user_id, SUM(amount) AS total, MAX(LENGTH(REPLACE(note, 'a', note))) AS l FROM input_data GROUP BY user_id"
        world.define("g", sql, columns={"amount": "DOUBLE", "note": "STRING"})
        before = failures("killed")
        users = [f"u{n}" for n in range(50)]
        world.push([event(user, -40, 2.0, note="a" * (60_000 if user == "u9" else 3)) for user in users])
        world.settle()
        assert [user for user in users if shown(world, user) != (2.0, "PRESENT")] == ["u9"]
        assert shown(world, "u9")[1] == "STALE"
        assert failures("killed") == before + 1
        (letter,) = letters()
        assert "broke a limit of memory or time" in letter.detail
        world.push([event("u9", -30, 2.0, note="b")])
        world.settle()
        assert shown(world, "u9")[1] == "STALE", "the text is still there"
