"""Dead letters: kept as received, listed newest first in pages, filtered, discarded."""

from __future__ import annotations

import base64
import hashlib

from core.clock import format_time
from processing import dead_letters
from processing.dead_letters import KEPT_OF_LARGER, KEPT_WHOLE, Letter
from processing.letter_filter import Filter
from processing.models import DeadLetter
from tests.processing.conftest import Api
from tests.processing.world import NOON, PROJECT


def put(n: int, code: str = "bad_timestamp", source: str = "events", project: str = PROJECT, **more) -> None:
    dead_letters.store([Letter(project, code, "why", source, {"n": n}, NOON + n, **more)])


def listed(api, query=""):
    answer = api.send("GET", f"/dead-letters/{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_letter_as_the_api_shows_it(world, api):
    put(1, address="g", partition=3, offset=9)
    (letter,) = listed(api)["results"]
    assert letter == {
        "id": letter["id"],
        "code": "bad_timestamp",
        "detail": "why",
        "source": "events",
        "group": "g",
        "position": None,
        "partition": 3,
        "offset": 9,
        "item": 0,
        "received_at": format_time(NOON + 1),
        "payload": '{"n":1}',
        "payload_base64": None,
        "payload_size": 7,
        "payload_sha256": hashlib.sha256(b'{"n":1}').hexdigest(),
        "replayable": True,
    }


def test_the_newest_first_in_pages_that_stay_true_while_more_come(world, api):
    for n in range(5):
        put(n)
    first = listed(api, "?limit=2")
    put(99)
    second = listed(api, f"?limit=2&cursor={first['next']}")
    third = listed(api, f"?limit=2&cursor={second['next']}")
    found = [letter["payload"] for page in (first, second, third) for letter in page["results"]]
    assert found == [f'{{"n":{n}}}' for n in (4, 3, 2, 1, 0)]
    assert third["next"] is None


def test_filters_and_foreign_projects(world, api):
    put(1, "bad_timestamp")
    put(2, "invalid_json")
    put(3, "invalid_json", "orders")
    put(4, project="another")
    payloads = [
        [letter["payload"] for letter in listed(api, query)["results"]] for query in ("", "?code=invalid_json", "?source=orders")
    ]
    assert payloads == [['{"n":3}', '{"n":2}', '{"n":1}'], ['{"n":3}', '{"n":2}'], ['{"n":3}']]
    assert listed(api, "?code=invalid_json&source=events")["results"][0]["payload"] == '{"n":2}'
    assert api.send("GET", "/dead-letters/?code=%00").status_code == 422
    assert dead_letters.counts(Filter(PROJECT)) == {"bad_timestamp": 1, "invalid_json": 2}


def test_pages_have_a_size_and_cursors_are_numbers(world, api):
    for query in (
        "limit=0",
        "limit=10001",
        "limit=x",
        "limit=-1",
        "limit=" + "9" * 5000,
        "cursor=x",
        "cursor=" + "9" * 30,
        "limit=１",
    ):
        answer = api.send("GET", f"/dead-letters/?{query}")
        assert answer.status_code == 422, query
    assert len(listed(api, "?limit=10000")["results"]) == 0


def test_discarding_one(world, api):
    put(1)
    put(2)
    (kept, gone) = DeadLetter.objects.order_by("id")
    assert api.send("DELETE", f"/dead-letters/{gone.id}").status_code == 204
    assert api.send("DELETE", f"/dead-letters/{gone.id}").status_code == 404
    assert [letter.id for letter in DeadLetter.objects.all()] == [kept.id]
    put(3, project="another")
    foreign = DeadLetter.objects.get(project="another")
    assert api.send("DELETE", f"/dead-letters/{foreign.id}").status_code == 404
    assert api.send("DELETE", "/dead-letters/" + "9" * 20).status_code == 404


def test_reading_needs_one_right_and_discarding_another(world, api):
    put(1)
    letter = DeadLetter.objects.get()
    reader = Api("features:read")
    assert reader.send("GET", "/dead-letters/").status_code == 200
    assert reader.send("DELETE", f"/dead-letters/{letter.id}").status_code == 403
    assert reader.send("POST", f"/dead-letters/{letter.id}/replay").status_code == 403
    assert reader.send("POST", "/dead-letters/replay", {}).status_code == 403


def test_a_payload_is_kept_whole_up_to_its_limit_and_beyond_by_its_hash(world):
    for size in (KEPT_WHOLE, KEPT_WHOLE + 1):
        data = b"x" * size
        dead_letters.store([Letter(PROJECT, "too_large", "", "events", data, NOON)])
        letter = DeadLetter.objects.latest("id")
        assert (letter.payload_size, letter.payload_sha256) == (size, hashlib.sha256(data).hexdigest())
        assert len(letter.payload) == (size if size <= KEPT_WHOLE else KEPT_OF_LARGER)


def test_bytes_that_are_no_text_are_shown_escaped(world, api):
    dead_letters.store([Letter(PROJECT, "invalid_utf8", "", "events", b'{"a": "\xff"}', NOON)])
    assert listed(api)["results"][0]["payload"] == '{"a": "\\xff"}'


def test_a_quarantine_record_is_written_once_and_a_refusal_each_time(world):
    for _ in range(2):
        put(1, group="g", position=7)
        put(2)
    assert DeadLetter.objects.filter(position=7).count() == 1
    assert DeadLetter.objects.filter(position=None).count() == 2


def test_texts_and_bytes_of_any_kind_and_size_are_kept_as_they_are(world):
    odd = 'a\tb\nc\\d\r\\N "é" 😀 \\x00'
    payloads = [odd.encode(), bytes(range(256)), b"", b"\\x41", b"x" * 5_000_000, b"y" * 5_000_000, b"z"]
    dead_letters.store(
        [Letter(PROJECT, "invalid_json", odd, "events", data, NOON, address=odd, topic_id=odd, partition=1) for data in payloads]
    )
    found = list(DeadLetter.objects.order_by("id"))
    assert [bytes(letter.payload) for letter in found] == payloads
    assert {(letter.detail, letter.address, letter.topic_id, letter.group, letter.position) for letter in found} == {
        (odd, odd, odd, "", None)
    }


def test_a_page_ends_where_its_payloads_are_enough(world, api, monkeypatch):
    monkeypatch.setattr(dead_letters, "_PAGE", 1000)
    for size in (600, 600, 300, 2000):
        dead_letters.store([Letter(PROJECT, "invalid_json", "", "events", b"x" * size, NOON)])
    pages, query = [], "?limit=10"
    while query:
        answer = listed(api, query)
        pages.append([len(letter["payload"]) for letter in answer["results"]])
        query = f"?limit=10&cursor={answer['next']}" if answer["next"] else ""
    assert pages == [[2000], [300, 600], [600]]


def test_one_letter_and_its_bytes(world, api):
    dead_letters.store([Letter(PROJECT, "invalid_utf8", "", "events", b"\xff\x00", NOON)])
    letter_id = DeadLetter.objects.get().id
    answer = api.send("GET", f"/dead-letters/{letter_id}")
    assert (answer.status_code, answer.json()["payload_base64"]) == (200, base64.b64encode(b"\xff\x00").decode())
    assert api.send("GET", f"/dead-letters/{letter_id + 1}").status_code == 404
