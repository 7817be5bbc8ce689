"""The page of dead letters: look, correct, replay, discard."""

import json

import pytest

from core.clock import now_us
from features.models import AuditEntry
from processing import dead_letters, letters_bulk
from processing.dead_letters import Letter
from processing.models import DeadLetter, Run
from tests.pages.shop import PROJECT, ago


def put(code, payload=b"x", seconds=0.0, **more):
    """A letter that came so long ago."""
    dead_letters.store([Letter(PROJECT, code, "why", "events", payload, now_us() - round(seconds * 1e6), **more)])
    return DeadLetter.objects.latest("id")


@pytest.fixture
def letters(shop):
    """Two groups, and two rows: a time that nobody can use, and an amount that one of the two leaves out."""
    shop.define("spend", columns={"amount": "DOUBLE"})
    shop.define("notes", "SELECT user_id, MAX(amount) AS word FROM input_data GROUP BY user_id", columns={"amount": "STRING"})
    shop.settle()
    shop.push([{"user_id": "u", "amount": 5, "timestamp": "yesterday"}, {"user_id": "u", "amount": "ten"}])
    shop.settle()
    return {letter.code: letter for letter in DeadLetter.objects.all()}


def test_no_letters_is_good_news(site):
    assert "No dead letters" in site.get("/dead-letters/").content.decode()


def test_the_list_shows_code_reason_and_group_and_can_be_filtered(letters, site):
    assert set(letters) == {"bad_timestamp", "type_mismatch"}
    html = site.get("/dead-letters/").content.decode()
    for said in ("bad_timestamp", "type_mismatch", "yesterday", "spend", "events"):
        assert said in html
    only = site.get("/dead-letters/", {"code": "type_mismatch"})
    assert [letter.code for letter in only.context["rows"]] == ["type_mismatch"]
    assert "No letter matches" in site.get("/dead-letters/", {"source": "elsewhere"}).content.decode()


def test_many_letters_come_in_pages(shop, site):
    shop.define("spend")
    shop.push([{"user_id": "u", "amount": n, "timestamp": "never"} for n in range(53)])
    first = site.get("/dead-letters/")
    assert len(first.context["rows"]) == 50
    rest = site.get("/dead-letters/", {"cursor": first.context["following"]})
    assert len(rest.context["rows"]) == 3
    assert rest.context["following"] is None


def test_a_letter_shows_its_payload_and_where_it_came_from(letters, site):
    letter = letters["type_mismatch"]
    html = site.get(f"/dead-letters/{letter.id}/").content.decode()
    for said in ("&quot;amount&quot;: &quot;ten&quot;", "Left out by", "Log position", f"/dead-letters/{letter.id}/"):
        assert said in html
    fragment = site.get(f"/dead-letters/{letter.id}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "&quot;ten&quot;" in fragment


def test_a_row_that_no_group_takes_waits_for_one(shop, site):
    shop.push([{"session": "s1", "clicks": 4}])
    (letter,) = DeadLetter.objects.all()
    html = site.get(f"/dead-letters/{letter.id}/").content.decode()
    assert "no group reads it" in html
    assert "&quot;clicks&quot;: 4" in html
    shop.define("clicks", "SELECT session, SUM(clicks) AS n FROM input_data GROUP BY session", entity="session")
    assert site.get("/dead-letters/").context["rows"] == []


def test_a_corrected_letter_counts(letters, shop, site):
    letter = letters["bad_timestamp"]
    row = {**json.loads(bytes(letter.payload)), "timestamp": ago(2)}
    html = site.post(f"/dead-letters/{letter.id}/", {"payload": json.dumps(row)}, follow=True).content.decode()
    assert "The letter was accepted" in html
    assert not DeadLetter.objects.filter(id=letter.id).exists()
    shop.settle()
    assert shop.total("u") == 5.0


def test_a_refused_correction_stays_on_the_page(letters, site):
    letter = letters["bad_timestamp"]
    for text, code in (
        ('{"user_id": "u", "amount": 7, "timestamp": "tomorrow"}', "bad_timestamp"),
        ('{"user_id": ', "invalid_json"),
    ):
        answer = site.post(f"/dead-letters/{letter.id}/", {"payload": text})
        assert answer.status_code in (400, 422)
        assert answer.request["PATH_INFO"] == f"/dead-letters/{letter.id}/", "an address that can be opened again"
        assert site.get(answer.request["PATH_INFO"]).status_code == 200
        html = answer.content.decode()
        assert code in html.partition('role="alert"')[2][:400]
        assert "user_id" in html
    assert DeadLetter.objects.filter(id=letter.id).exists()


def test_a_quarantined_row_is_not_sent_again_as_it_is(letters, site):
    letter = letters["type_mismatch"]
    text = json.dumps(json.loads(bytes(letter.payload)), indent=2)
    answer = site.post(f"/dead-letters/{letter.id}/", {"payload": text})
    assert (answer.status_code, "still_unfit" in answer.content.decode()) == (409, True)


def test_replay_all_says_how_many_were_accepted_and_why_others_stay(letters, site):
    html = site.post("/dead-letters/replay/", {"code": "bad_timestamp"}, follow=True).content.decode()
    assert "0 letters were accepted. 1 was refused again. The first one:" in html


def test_the_list_is_narrowed_by_group_and_time(site):
    put("type_mismatch", group="spend", position=1)
    put("missing_entity", address="spend", seconds=7200)
    put("type_mismatch", group="notes", position=1, seconds=2 * 86_400)
    narrowed = {}
    for query in ("group=spend", "group=notes", "period=1h", "period=1d", "period=7d", "group=spend&period=1h"):
        context = site.get(f"/dead-letters/?{query}").context
        narrowed[query] = (len(context["rows"]), context["matching"], dict(context["counts"]))
    assert narrowed == {
        "group=spend": (2, 2, {"type_mismatch": 1, "missing_entity": 1}),
        "group=notes": (1, 1, {"type_mismatch": 1}),
        "period=1h": (1, 1, {"type_mismatch": 1}),
        "period=1d": (2, 2, {"type_mismatch": 1, "missing_entity": 1}),
        "period=7d": (3, 3, {"type_mismatch": 2, "missing_entity": 1}),
        "group=spend&period=1h": (1, 1, {"type_mismatch": 1}),
    }
    assert site.get("/dead-letters/?group=%00").status_code == 422


def test_bytes_that_are_no_text_are_shown_in_hexadecimal_and_can_be_had(site):
    letter = put("invalid_utf8", b'{"user_id": "\xff\x00"}')
    html = site.get(f"/dead-letters/{letter.id}/").content.decode()
    assert "000000  7b 22 75 73 65 72 5f 69 64 22 3a 20 22 ff 00 22" in html
    answer = site.get(f"/dead-letters/{letter.id}/payload/")
    assert (answer.content, answer["Content-Type"]) == (b'{"user_id": "\xff\x00"}', "application/octet-stream")
    assert answer["Content-Disposition"] == f'attachment; filename="dead-letter-{letter.id}"'


def test_what_is_no_strict_json_is_shown_as_it_came(site):
    for text in ('{"a": 1, "a": 2}', '{"a": 1', "NaN"):
        letter = put("invalid_json", text.encode())
        assert text.replace('"', "&quot;") in site.get(f"/dead-letters/{letter.id}/").content.decode()


def test_a_number_that_becomes_another_kind_of_number_is_a_correction(letters, shop, site):
    shop.define("exact", "SELECT user_id, MAX(n) AS n FROM input_data GROUP BY user_id", columns={"n": "BIGINT"})
    shop.settle()
    letter = put("invalid_entity", json.dumps({"user_id": 7.0, "n": 1, "timestamp": ago(2)}).encode())
    assert site.post(f"/dead-letters/{letter.id}/", {"payload": bytes(letter.payload).decode()}).status_code == 422
    site.post(f"/dead-letters/{letter.id}/", {"payload": bytes(letter.payload).decode().replace("7.0", "7")})
    assert not DeadLetter.objects.filter(id=letter.id).exists()


def test_all_of_a_filter_are_discarded_and_none_that_came_since_the_page_was_made(letters, site):
    old = put("invalid_json")
    sent = site.get("/dead-letters/?code=invalid_json").context["sent"]
    put("invalid_json")
    html = site.post("/dead-letters/discard/", sent, follow=True).content.decode()
    assert "1 letter is gone." in html
    left = DeadLetter.objects.filter(code="invalid_json")
    assert (left.count(), left.filter(id=old.id).exists(), DeadLetter.objects.count()) == (1, False, 3)
    entry = AuditEntry.objects.get(action="discard")
    assert (entry.actor, entry.detail["count"], entry.detail["filter"]["code"]) == ("user:ana", 1, "invalid_json")


def test_very_many_are_a_run_whose_page_follows(site, monkeypatch):
    monkeypatch.setattr(letters_bulk, "MOST_AT_ONCE", 2)
    for _ in range(3):
        put("invalid_json")
    answer = site.post("/dead-letters/discard/", {"code": "invalid_json"})
    run = Run.objects.get()
    assert (run.type, run.target, answer.headers["Location"]) == ("discard", "invalid_json", f"/runs/{run.id}/")


def test_discard_throws_one_letter_away(letters, site):
    site.post(f"/dead-letters/{letters['bad_timestamp'].id}/discard/")
    assert set(DeadLetter.objects.values_list("code", flat=True)) == {"type_mismatch"}
