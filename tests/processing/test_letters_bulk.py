"""Many dead letters at once: by filter, in chunks, as runs that can die at any point, and each of them once."""

from __future__ import annotations

import pytest

from backends.offline import log, log_reading
from core.errors import Invalid
from features.models import AuditEntry
from processing import dead_letters, letters_bulk, letters_gone, replay, runs, tasks
from processing.dead_letters import Letter
from processing.letter_filter import Filter, read_filter
from processing.models import DeadLetter, Run
from tests.processing.test_crash_points import dying
from tests.processing.world import NOON, PROJECT, SUMS, at, event


def put(code="unknown_group", payload=None, seconds=0, **more):
    payload = payload or event("u", -5, 1.0)
    dead_letters.store([Letter(PROJECT, code, "why", more.pop("source", "events"), payload, NOON + seconds * 10**6, **more)])
    return DeadLetter.objects.latest("id").id


def left():
    return list(DeadLetter.objects.order_by("id").values_list("id", flat=True))


def matching(**said):
    return list(read_filter(PROJECT, said).letters().order_by("id").values_list("id", flat=True))


def test_a_filter_names_letters_by_code_source_group_time_and_id(world):
    one = put("bad_timestamp", group="g", position=1)
    two = put("bad_timestamp", address="g", seconds=60)
    three = put("invalid_json", source="orders", seconds=120)
    other = put("bad_timestamp", group="h", address="g", position=2, seconds=180)
    assert matching(code="bad_timestamp") == [one, two, other]
    assert matching(source="orders") == [three]
    assert matching(group="g") == [one, two], "the other was left out by h alone"
    assert matching(since=at(60), until=at(120)) == [two, three]
    assert matching(ids=[one, three, 10**9]) == [one, three]
    assert matching(code="", group=None) == [one, two, three, other]


@pytest.mark.parametrize(
    "said",
    [
        *(
            {"code": 7},
            {"source": "\x00"},
            {"since": "yesterday"},
            {"ids": "7"},
            {"ids": [True]},
            {"ids": [-1]},
            {"ids": [1 << 63]},
        ),
        *({"colour": "red"}, {"ids": list(range(1, 10_002))}),
    ],
)
def test_what_is_no_filter_is_refused(said):
    with pytest.raises(Invalid):
        read_filter(PROJECT, said)


def test_a_filter_is_remembered_as_words(world):
    wanted = Filter(PROJECT, code="x", since=1, ids=[3], upto=9)
    assert Filter.of(PROJECT, wanted.words()) == wanted


def test_good_ones_go_in_one_transaction_a_chunk_and_the_others_stay_with_their_reasons(world, monkeypatch):
    monkeypatch.setattr(letters_bulk, "_CHUNK", 3)
    world.define("g", SUMS)
    good = [put(payload=event("u", -5, float(n)), address="g") for n in range(5)]
    bad = [put(payload=event(None, -5, 1.0), address="g"), put(payload=b"{", address="g")]
    waiting = put("no_route", b"", position=99)
    done = letters_bulk.at_once(Filter(PROJECT), "replay", "me")
    assert (done.tried, done.gone) == (7, 5)
    assert [(i, code) for i, code, _ in done.reasons] == [(bad[0], "missing_entity"), (bad[1], "unreadable_payload")]
    assert left() == [*bad, waiting], "what no group takes is nobody's to give back to"
    assert [row.row["amount"] for row in log_reading.read(PROJECT, 0, 99)] == [0.0, 1.0, 2.0, 3.0, 4.0]
    entry = AuditEntry.objects.get(action="replay")
    assert (entry.actor, entry.object, entry.detail["tried"], entry.detail["count"]) == ("me", "dead letters", 7, 5)
    assert len(good) == 5


def test_letters_that_came_meanwhile_are_not_meant(world, monkeypatch):
    monkeypatch.setattr(letters_bulk, "_CHUNK", 1)
    first = put()
    remove = letters_gone.remove
    monkeypatch.setattr(letters_gone, "remove", lambda ids: (remove(ids), put())[0])
    assert letters_bulk.at_once(Filter(PROJECT), "discard", "me").gone == 1
    assert first not in left()


def test_one_that_the_log_does_not_take_stays_and_the_others_go(world, monkeypatch):
    ids = [put(payload=event("u", -5, float(n))) for n in range(3)]
    append = replay.append

    def picky(project, rows, verdicts, now):
        if any(row.row["amount"] == 1.0 for row in rows):
            raise replay.ABOUT_THE_DATA[0]("not this one")
        return append(project, rows, verdicts, now)

    monkeypatch.setattr(replay, "append", picky)
    done = letters_bulk.at_once(Filter(PROJECT), "replay", "me")
    assert (done.gone, [(i, code) for i, code, _ in done.reasons]) == (2, [(ids[1], "unstorable")])


class TestRuns:
    @pytest.fixture(autouse=True)
    def small(self, world, monkeypatch):
        world.define("g", SUMS)
        monkeypatch.setattr(letters_bulk, "_CHUNK", 2)
        monkeypatch.setattr(letters_bulk, "MOST_AT_ONCE", 3)

    def test_the_api_answers_few_at_once_and_many_with_a_run(self, world, api):
        for n in range(3):
            put(payload=event("u", -5, float(n)))
        answer = api.send("POST", "/dead-letters/replay", {"code": "unknown_group"})
        assert (answer.status_code, answer.json()) == (200, {"tried": 3, "replayed": 3, "remaining": []})
        for _ in range(4):
            put()
        answer = api.send("POST", "/dead-letters/discard", {"code": "unknown_group"})
        run = Run.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/runs/{run.id}")
        assert (answer.json()["type"], answer.json()["status"], run.actor) == ("discard", "queued", "key:tests")
        put()
        tasks.advance_run(str(run.id))
        run.refresh_from_db()
        assert (run.status, run.progress, run.rows) == ("succeeded", 1.0, 4)
        assert run.result == {"tried": 4, "discarded": 4, "remaining": []}
        assert len(left()) == 1, "what came after it was asked stays"
        assert [(e.action, e.detail["count"]) for e in AuditEntry.objects.filter(object="dead letters").order_by("at")] == [
            ("replay", 3),
            ("discard", 4),
        ]

    @pytest.mark.parametrize(
        ("owner", "name", "before"),
        [
            (replay, "append", True),
            (replay, "append", False),
            (letters_bulk, "give_back", False),
            (runs, "advance", True),
            (runs, "advance", False),
            (letters_bulk, "note", False),
        ],
    )
    @pytest.mark.parametrize("call", [1, 2])
    def test_killed_at_any_point_it_stores_each_letter_once(self, world, monkeypatch, owner, name, before, call):
        monkeypatch.setattr(runs, "LEASE", -1)  # who takes it up need not wait
        for n in range(5):
            put(payload=event("u", -5, float(n)))
        put(payload=b"{")
        run = letters_bulk.launch(Filter(PROJECT), "replay", "me")
        with dying(owner, name, before=before, call=call) as deaths:
            letters_bulk.advance(run)
        assert deaths or (name, call) == ("note", 2)
        if run.status != "succeeded":
            letters_bulk.advance(run)
        run.refresh_from_db()
        assert run.status == "succeeded"
        assert [row.row["amount"] for row in log_reading.read(PROJECT, 0, 99)] == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert list(DeadLetter.objects.values_list("code", flat=True)) == ["unknown_group"]

    def test_it_takes_turns_and_can_be_paused_and_cancelled(self, world):
        for _ in range(6):
            put()
        run = letters_bulk.launch(Filter(PROJECT), "discard", "me")
        assert letters_bulk.advance(run, seconds=0) is False
        run.refresh_from_db()
        assert (run.status, run.rows, round(run.progress, 2)) == ("queued", 2, 0.33)
        runs.move(PROJECT, str(run.id), "pause")
        assert letters_bulk.advance(run) is False
        runs.move(PROJECT, str(run.id), "cancel")
        assert (letters_bulk.advance(run), len(left())) == (False, 4)


def test_two_at_once_share_the_work_and_store_nothing_twice(world):
    for n in range(4):
        put(payload=event("u", -5, float(n)))
    ready = [replay.prepare(letter) for letter in DeadLetter.objects.order_by("id")]
    replay.give_back(PROJECT, ready[:2])
    outcome, gone = replay.give_back(PROJECT, ready)
    assert (outcome.accepted, gone, log.head(PROJECT).position) == (2, {one.letter.id for one in ready[2:]}, 4)
