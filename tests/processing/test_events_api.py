"""POST /api/v1/events/: every form, code and count that is promised."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from backends.offline import log, log_reading
from features import services
from processing.models import DeadLetter
from tests.processing.conftest import Api
from tests.processing.world import PROJECT, SUMS


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def row(user="u", amount=1.0, seconds=10.0, **more):
    return {"user_id": user, "amount": amount, "timestamp": ago(seconds), **more}


NOTHING = {"accepted": 0, "duplicates": 0, "held": 0, "unrouted": 0, "rejected": [], "position": None, "applied": False}


@pytest.mark.parametrize(
    ("body", "kind", "count"),
    [
        (row(), "application/json", 1),
        ([row(), row("v")], "application/json; charset=utf-8", 2),
        ({"events": [row(), row("v"), row("w")]}, "application/json", 3),
        ({"feature_group": "g", "data": [row()]}, "application/json", 1),
        (b'{"user_id": "u", "amount": 1}\n\n{"user_id": "v", "amount": 2}\n', "application/x-ndjson", 2),
        ([], "application/json", 0),
    ],
)
def test_each_form_is_stored(world, api, body, kind, count):
    world.define("g", SUMS)
    status, answer = api.push(body, kind=kind)
    assert (status, answer) == (202, {**NOTHING, "accepted": count, "position": count or None})
    stored = log_reading.read(PROJECT, 0, 10)
    assert [r.position for r in stored] == list(range(1, count + 1))
    assert {r.address for r in stored} <= {"g" if isinstance(body, dict) and "feature_group" in body else None}


def test_good_and_bad_rows_beside_each_other(world, api):
    world.define("g", SUMS)
    rows = [
        row(event_id="a"),
        row(event_id="a"),
        row(None),
        row(timestamp="x"),
        {"nobody": 1},
        row(seconds=-100),
        row(seconds=-400),
        7,
    ]
    status, answer = api.push(rows)
    assert status == 202
    assert [(bad["index"], bad["code"]) for bad in answer["rejected"]] == [
        (2, "invalid_entity"),
        (3, "bad_timestamp"),
        (6, "future_timestamp"),
        (7, "not_an_object"),
    ]
    assert all(bad["detail"] for bad in answer["rejected"])
    assert {name: answer[name] for name in ("accepted", "duplicates", "held", "unrouted", "position")} == {
        "accepted": 3,
        "duplicates": 1,
        "held": 1,
        "unrouted": 1,
        "position": 3,
    }
    refused = {letter.code for letter in DeadLetter.objects.filter(project=PROJECT, position=None)}
    assert refused == {"invalid_entity", "bad_timestamp", "future_timestamp", "not_an_object"}


def test_a_line_that_is_no_json_is_kept_as_it_came(world, api):
    status, answer = api.push(b'{"a": 1}\n{"a": NaN}\n{"b": "\xff"}', kind="application/x-ndjson")
    assert status == 202
    assert [(bad["index"], bad["code"]) for bad in answer["rejected"]] == [(1, "non_finite"), (2, "invalid_utf8")]
    assert {bytes(letter.payload) for letter in DeadLetter.objects.filter(position=None)} == {b'{"a": NaN}', b'{"b": "\xff"}'}


UNREADABLE = [
    (b"", "application/json", (400, "invalid_json")),
    (b"{", "application/json", (400, "invalid_json")),
    (b'{"a": 1, "a": 2}', "application/json", (400, "duplicate_key")),
    (b"[NaN]", "application/json", (400, "non_finite")),
    (b"[" * 40 + b"]" * 40, "application/json", (400, "too_deep")),
    (b"7", "application/json", (422, "not_an_object")),
    (b'{"data": [], "feature_group": 7}', "application/json", (422, "unknown_group")),
    (b"{}", "text/plain", (415, "unsupported_media_type")),
    (b"{}", "application/xml", (415, "unsupported_media_type")),
    (b"[" + b"{}," * 10_000 + b"{}]", "application/json", (413, "too_large")),
    (b" " * (16 * 1024 * 1024 + 1), "application/json", (413, "too_large")),
]


def test_what_cannot_be_read_is_refused_whole(world, api):
    for body, kind, expected in UNREADABLE:
        status, answer = api.push(body, kind=kind)
        assert (status, answer["code"]) == expected, body[:40]
    assert (log.head(PROJECT).position, DeadLetter.objects.count()) == (0, 0)


def test_wait_is_a_number_of_seconds(world, api):
    for wait in ("-1", "31", "x", "nan", "inf", ""):
        status, answer = api.push(row(), f"?wait={wait}")
        assert (status, answer["code"]) == (422, "invalid_wait"), wait


def test_a_key_without_the_scope_may_not_push(world, api):
    assert Api("features:read").push(row())[0] == 403


class TestIdempotencyKey:
    def test_a_repeated_push_adds_nothing_and_its_refusals_are_kept_once(self, world, api):
        world.define("g", SUMS)
        body = [row(), row(None), row("v")]
        first = api.push(body, Idempotency_Key="k1")[1]
        again = api.push(body, Idempotency_Key="k1")[1]
        assert (first["accepted"], first["position"]) == (2, 2)
        assert (again["accepted"], again["duplicates"], again["position"]) == (0, 2, None)
        assert again["rejected"] == first["rejected"]
        assert DeadLetter.objects.count() == 1
        assert api.push(body, Idempotency_Key="k2")[1]["accepted"] == 2

    def test_another_body_under_it_is_refused(self, world, api):
        api.push([row()], Idempotency_Key="k")
        status, answer = api.push([row("w")], Idempotency_Key="k")
        assert (status, answer["code"]) == (422, "idempotency_key_reused")
        assert log.head(PROJECT).position == 1

    def test_it_has_a_length(self, world, api):
        assert [api.push(row(), Idempotency_Key=key)[0] for key in ("", "x" * 256, "x" * 255)] == [422, 422, 202]

    def test_pushes_at_once_store_it_once(self, world, api):
        body, answers = [row(), row("v")], []

        def push():
            answers.append(api.push(body, Idempotency_Key="k")[1])
            connections.close_all()

        threads = [threading.Thread(target=push) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted((a["accepted"], a["duplicates"]) for a in answers) == [(0, 2), (0, 2), (0, 2), (2, 0)]
        assert log.head(PROJECT).position == 2


class TestWait:
    @pytest.fixture
    def applying(self, world):
        """An applier beside the test, as in production."""
        stop = threading.Event()

        def run():
            while not stop.is_set():
                if not world.applier.step():
                    stop.wait(0.01)
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        yield
        stop.set()
        thread.join()

    def test_it_answers_when_the_rows_show(self, world, api, applying):
        world.define("g", SUMS)
        status, answer = api.push([row(amount=2.0), row(amount=3.0), row(seconds=-60)], "?wait=20")
        assert (status, answer["applied"], answer["held"]) == (202, True, 1)
        assert world.read("g", "u", world.clock)[2] == {"total": 5.0, "n": 2}

    def test_a_tombstone_shows_when_it_is_applied(self, world, api, applying):
        world.define("g", SUMS)
        api.push([row(event_id="a"), row(event_id="b", amount=4.0)], "?wait=20")
        assert api.push({"event_id": "a", "deleted": True}, "?wait=20")[1]["applied"] is True
        assert world.read("g", "u", world.clock)[2] == {"total": 4.0, "n": 1}

    def test_a_correction_shows_also_where_the_old_row_was(self, world, api, applying):
        world.define("g", SUMS)
        world.define("h", "SELECT shop_id, SUM(price) AS total FROM input_data GROUP BY shop_id", entity="shop_id")
        api.push(row(event_id="a"), "?wait=20")
        moved = {"event_id": "a", "revision": 1, "shop_id": "s", "price": 5.0, "timestamp": ago(5)}
        assert api.push(moved, "?wait=20")[1]["applied"] is True
        assert world.read("g", "u", world.clock)[0] == "NOT_FOUND"
        assert world.read("h", "s", world.clock)[2] == {"total": 5.0}


def test_without_an_applier_the_wait_ends_and_says_so(world, api):
    world.define("g", SUMS)
    assert api.push(row(), "?wait=0.05")[1]["applied"] is False
    assert api.push({"nobody": 1}, "?wait=0.05")[1]["applied"] is True, "nothing to wait for"


def test_a_definition_counts_from_the_moment_its_answer_is_sent(world, api):
    assert api.push(row())[1]["unrouted"] == 1
    world.define("g", SUMS)
    assert api.push(row())[1]["unrouted"] == 0
    services.delete(PROJECT, "g", "test")
    assert api.push({"feature_group": "g", "data": [row()]})[1]["rejected"][0]["code"] == "unknown_group"
