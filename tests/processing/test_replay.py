"""Dead letters given back: corrected, all that may go by now, and never twice."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connections

from backends.offline import log, log_reading
from processing import dead_letters, replay
from processing.dead_letters import Letter
from processing.models import DeadLetter, SettledQuarantine
from tests.processing.world import NOON, PROJECT, SUMS, event

TEXTS = "SELECT user_id, COUNT(amount) AS n FROM input_data GROUP BY user_id"
TYPED = {"columns": {"amount": "DOUBLE"}}


def give_back(api, letter, body=None):
    answer = api.send("POST", f"/dead-letters/{letter.id}/replay", body)
    return answer.status_code, answer.json()


def refused(world, *rows, address="g"):
    world.push(list(rows), address)
    return list(DeadLetter.objects.order_by("id"))


def test_a_corrected_payload_goes_to_the_group_it_was_for_and_the_letter_goes(world, api):
    world.define("g", SUMS)
    world.define("h", SUMS)
    (letter,) = refused(world, event(None, -5, 1.0))
    status, answer = give_back(api, letter, {"payload": event("u", -5, 1.0)})
    assert (status, answer) == (200, {"accepted": 1, "duplicates": 0, "unrouted": 0, "position": 1})
    assert (DeadLetter.objects.count(), log_reading.read(PROJECT, 0, 9)[0].address) == (0, "g")
    world.settle()
    assert world.read("g", "u", world.clock)[2]["n"] == 1
    assert world.read("h", "u", world.clock)[0] == "NOT_FOUND"


def test_what_is_still_wrong_stays_with_its_reason(world, api):
    world.define("g", SUMS)
    (letter,) = refused(world, event(None, -5, 1.0))
    assert give_back(api, letter)[0] == 422
    status, answer = give_back(api, letter, {"payload": event(1.5, -5, 1.0)})
    assert (status, answer["code"]) == (422, "invalid_entity")
    assert give_back(api, letter, {"payload": "text"})[1]["code"] == "not_an_object"
    assert give_back(api, letter, [1])[0] == 422
    assert (DeadLetter.objects.count(), log.head(PROJECT).position) == (1, 0)


def test_it_goes_as_it_is_once_there_is_a_group_for_it(world, api):
    (letter,) = refused(world, event("u", -5, 1.0), address="later")
    assert give_back(api, letter)[1]["code"] == "unknown_group"
    world.define("later", SUMS)
    assert give_back(api, letter)[1]["accepted"] == 1
    assert give_back(api, letter)[0] == 404, "it is gone"


def test_its_event_id_makes_a_repeat_a_duplicate(world, api):
    (letter,) = refused(world, event("u", -5, 1.0, event_id="a"), address="later")
    world.define("later", SUMS)
    world.push([event("u", -5, 1.0, event_id="a")], "later")
    assert give_back(api, letter)[1] == {"accepted": 0, "duplicates": 1, "unrouted": 0, "position": None}
    assert DeadLetter.objects.count() == 0


def test_bytes_that_cannot_be_read_go_only_corrected(world, api):
    for data, code in ((b'{"a": ', "unreadable_payload"), (b"x" * (dead_letters.KEPT_WHOLE + 1), "payload_cut")):
        dead_letters.store([Letter(PROJECT, "invalid_json", "", "events", data, NOON)])
        letter = DeadLetter.objects.latest("id")
        status, answer = give_back(api, letter)
        assert (status, answer["code"]) == (409, code)
        assert give_back(api, letter, {"payload": [event("u", -1, 1.0), event("v", -1, 1.0)]})[1]["accepted"] == 2


def test_all_of_a_code_in_one_go(world, api):
    refused(world, event("u", -5, 1.0), event("v", -5, 1.0), address="later")
    refused(world, event("u", -5, 1.0, timestamp="x"), address=None)
    world.define("later", SUMS)
    answer = api.send("POST", "/dead-letters/replay", {"code": "unknown_group"}).json()
    assert answer == {"tried": 2, "replayed": 2, "remaining": []}
    answer = api.send("POST", "/dead-letters/replay", {}).json()
    assert (answer["tried"], answer["replayed"], [left["code"] for left in answer["remaining"]]) == (1, 0, ["bad_timestamp"])
    assert api.send("POST", "/dead-letters/replay", {"code": 7}).status_code == 422
    assert api.send("POST", "/dead-letters/replay", []).status_code == 422


def test_two_replays_at_once_store_it_once(world, api):
    (letter,) = refused(world, event("u", -5, 1.0), address="later")
    world.define("later", SUMS)
    together, results = threading.Barrier(4), []

    def go():
        together.wait()
        try:
            results.append(replay.replay(PROJECT, letter.id, "me")["accepted"])
        except Exception as error:
            results.append(type(error).__name__)
        connections.close_all()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(1) == 1, results
    assert set(results) - {1} <= {"Conflict", "NotFound"}
    assert log.head(PROJECT).position == 1


class TestQuarantined:
    def test_only_the_group_that_left_it_out_gets_the_corrected_row(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        world.define(
            "visits", "SELECT user_id, COUNT(*) AS n FROM input_data GROUP BY user_id"
        )  # would take the corrected one, too
        world.push([event("u", -5, "abc")])
        world.settle()
        (letter,) = DeadLetter.objects.all()
        assert (letter.code, letter.group, letter.position) == ("type_mismatch", "g", 1)
        status, answer = give_back(api, letter)
        assert (status, answer["code"]) == (409, "still_unfit")
        assert give_back(api, letter, {"payload": event("u", -5, 7.0)})[1]["accepted"] == 1
        world.settle()
        assert world.read("g", "u", world.clock)[2] == {"total": 7.0, "n": 1}
        assert world.read("h", "u", world.clock)[2] == {"n": 1}
        assert world.read("visits", "u", world.clock)[2] == {"n": 1}

    def test_a_load_writes_no_second_record_of_what_was_given_back_or_thrown_away(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        world.push([event("u", -5, "abc"), event("u", -5, "def")])
        world.settle()
        first, second = DeadLetter.objects.order_by("id")
        give_back(api, first, {"payload": event("u", -5, 7.0)})
        api.send("DELETE", f"/dead-letters/{second.id}")
        call_command("rebuild_online", "g")
        assert DeadLetter.objects.count() == 0
        assert world.read("g", "u", world.clock)[2] == {"total": 7.0, "n": 1}

    def test_a_record_that_came_back_in_the_moment_in_which_it_went_counts_once(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        world.push([event("u", -5, "abc")])
        world.settle()
        (letter,) = DeadLetter.objects.all()
        give_back(api, letter, {"payload": event("u", -5, 7.0)})
        SettledQuarantine.objects.all().delete()
        call_command("rebuild_online", "g")
        (again,) = DeadLetter.objects.all()
        answer = give_back(api, again, {"payload": event("u", -5, 7.0)})[1]
        assert (answer["accepted"], answer["duplicates"]) == (0, 1)

    def test_an_idempotency_key_like_a_letter_s_name_is_another_one(self, world, api):
        (letter,) = refused(world, event("u", -5, 1.0), address="later")
        world.define("later", SUMS)
        api.push([event("u", -5, 2.0)], Idempotency_Key=f"l:{letter.id}")
        assert give_back(api, letter)[1]["accepted"] == 1

    def test_a_time_that_was_ahead_fits_when_it_has_come(self, world, api):
        world.define("g", SUMS)
        world.define("h", SUMS.replace("COUNT(*)", "MAX(other)"), timestamp_column="seen_at", columns={"seen_at": "EPOCH_S"})
        world.clock = NOON
        world.push([event("u", 3600, 1.0, other=1, seen_at=NOON // 10**6)])
        (letter,) = DeadLetter.objects.all()
        assert (letter.code, letter.group) == ("future_timestamp", "g")
        world.clock = NOON + 7200 * 10**6
        assert give_back(api, letter)[1]["accepted"] == 1
        world.settle()
        assert world.read("g", "u", world.clock)[2]["n"] == 1

    def test_a_row_that_its_group_has_by_now_is_not_given_to_it_again(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        world.push([event("u", -5, "abc")])
        world.settle()
        (letter,) = DeadLetter.objects.all()
        from_scratch = SUMS.replace("SUM(amount)", "MAX(amount)")
        world.drop("g")
        world.define("g", from_scratch, columns={"amount": "STRING"})
        assert give_back(api, letter)[1]["accepted"] == 0
        world.settle()
        assert (DeadLetter.objects.count(), world.read("g", "u", world.clock)[2]["n"]) == (0, 1)

    def test_a_corrected_event_with_an_id_stays_that_event(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        seen = lambda: world.read("g", "u", world.clock)  # noqa: E731
        world.push([event("u", -5, "abc", event_id="a")])
        world.settle()
        (letter,) = DeadLetter.objects.all()
        assert give_back(api, letter, {"payload": event("u", -5, "no number")})[1]["code"] == "type_mismatch"
        assert give_back(api, letter, {"payload": event("u", -5, 2.0)})[1]["accepted"] == 1
        world.settle()
        assert seen()[2] == {"total": 2.0, "n": 1}
        assert world.push([event("u", -5, 9.0, event_id="a")]).duplicates == 1
        world.push([event("u", -5, 3.0, event_id="a", revision=1)])
        world.settle()
        assert seen()[2] == {"total": 3.0, "n": 1}
        world.push([{"event_id": "a", "deleted": True, "revision": 2}])
        world.settle()
        assert seen()[0] == "NOT_FOUND"

    @pytest.mark.parametrize("later", [{"deleted": True}, event("u", -5, 7.0, revision=1)])
    def test_correcting_what_was_deleted_or_revised_meanwhile_brings_nothing_back(self, world, api, later):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS, columns={"amount": "STRING"})
        world.push([event("u", -5, "abc", event_id="a")])
        world.settle()
        letter = DeadLetter.objects.order_by("id")[0]
        world.push([{**later, "event_id": "a"}])
        world.settle()
        before = world.read("g", "u", world.clock)
        assert give_back(api, letter, {"payload": event("u", -5, 2.0)})[1]["accepted"] == 0
        world.settle()
        assert world.read("g", "u", world.clock)[::2] == before[::2]

    def test_a_row_that_was_corrected_meanwhile_is_not_given_again(self, world, api):
        world.define("g", SUMS, **TYPED)
        world.define("h", TEXTS)
        world.push([event("u", -5, "abc", event_id="a")])
        world.settle()
        (letter,) = DeadLetter.objects.all()
        world.push([event("u", -5, 2.0, event_id="a", revision=1)])
        assert give_back(api, letter)[1] == {"accepted": 0, "duplicates": 0, "unrouted": 0, "position": None}
        world.settle()
        assert world.read("g", "u", world.clock)[2] == {"total": 2.0, "n": 1}
