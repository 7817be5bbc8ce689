"""The page of dead letters: look, correct, replay, discard."""

import json

import pytest

from processing.models import DeadLetter
from tests.pages.shop import ago


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


def test_discard_throws_one_letter_away(letters, site):
    site.post(f"/dead-letters/{letters['bad_timestamp'].id}/discard/")
    assert set(DeadLetter.objects.values_list("code", flat=True)) == {"type_mismatch"}
