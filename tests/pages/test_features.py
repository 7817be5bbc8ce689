"""The list of features and a group's page, without scripts."""

from typing import Any

from features import services
from tests.features.world import SQL, definition


def names(answer: Any) -> list[str]:
    return [row.name for row in answer.context["rows"]]


def three_groups() -> None:
    services.register("default", definition("Ticket Médio", owner="growth", tags=["customer"]), "test")
    by_card = "SELECT card_id, COUNT(*) AS uses FROM input_data GROUP BY card_id"
    services.register("default", definition("Card Use", by_card, "1h", entity_id="card_id", owner="risk", tags=["fraud"]), "test")
    services.register("default", definition("merchant_kind", None, None, entity_id="merchant_id", type="categorical"), "test")


def test_an_empty_list_says_what_to_do(site):
    html = site.get("/features/").content.decode()
    assert "No features yet" in html
    assert 'href="/new-feature/"' in html


def test_the_list_shows_each_group_with_its_facts(site):
    three_groups()
    answer = site.get("/features/")
    assert names(answer) == ["card_use", "merchant_kind", "ticket_medio"]
    html = answer.content.decode()
    for said in ("Card Use", "card_id", "1h", "Tiles", "Active", "fraud", "Newest row"):
        assert said in html


def test_the_search_knows_no_case_and_no_accents_and_reads_the_features_too(site):
    three_groups()
    assert names(site.get("/features/", {"search": "ticket medio"})) == ["ticket_medio"]
    assert names(site.get("/features/", {"search": "USES"})) == ["card_use"]
    answer = site.get("/features/", {"search": "nothing like it"})
    assert names(answer) == []
    assert "No feature matches" in answer.content.decode()


def test_each_filter_narrows_the_list(site):
    three_groups()
    for asked, found in (
        ({"type": "categorical"}, ["merchant_kind"]),
        ({"entity": "card_id"}, ["card_use"]),
        ({"owner": "growth"}, ["ticket_medio"]),
        ({"tag": "fraud"}, ["card_use"]),
        ({"status": "active"}, ["card_use", "merchant_kind", "ticket_medio"]),
        ({"owner": "growth", "tag": "fraud"}, []),
    ):
        assert names(site.get("/features/", asked)) == found, asked


def test_a_waiting_draft_shows_in_the_list(site):
    services.register("default", definition(), "test")
    services.register("default", definition(sql=SQL.replace("AVG", "MAX")), "test")
    assert "v2 draft" in site.get("/features/").content.decode()


def test_the_page_of_a_group_shows_its_definition(site):
    services.register("default", definition(description="How users behave", owner="growth", defaults={}), "ana")
    html = site.get("/features/user_metrics/").content.decode()
    for said in (
        "How users behave",
        "growth",
        "avg_session_duration",
        "session_duration",
        '<span class="tok-function">AVG</span>',
        "moves every 15 min",
        'name="key.user_id"',
        "api/v1/features/user_metrics/values/1",
        "FeatureStoreClient",
        "/features/user_metrics/runs/",
    ):
        assert said in html, said


def test_a_draft_can_be_looked_at_and_is_marked_as_not_served(site):
    services.register("default", definition(), "ana")
    services.register("default", definition(sql=SQL.replace("AVG", "MAX")), "ana")
    html = site.get("/features/user_metrics/?version=2").content.decode()
    assert "which is not the one served" in html
    assert '<span class="tok-function">MAX</span>' in html
    assert "user_metrics@2/values/1" in html
    assert site.get("/features/user_metrics/?version=9").status_code == 404


def test_a_group_of_two_keys_asks_for_both(site):
    sql = "SELECT user_id, item_id, COUNT(*) AS views FROM input_data GROUP BY user_id, item_id"
    services.register("default", definition("pairs", sql, None, entity_id="user_id,item_id"), "ana")
    html = site.get("/features/pairs/").content.decode()
    assert 'name="key.user_id"' in html
    assert 'name="key.item_id"' in html
    assert "values/?user_id=1&amp;item_id=1" in html


def test_a_description_cannot_bring_markup_into_the_page(site):
    services.register("default", definition(description="<script>alert(1)</script>", tags=["<b>x</b>"]), "ana")
    html = site.get("/features/user_metrics/").content.decode() + site.get("/features/").content.decode()
    assert "<script>alert" not in html
    assert "<b>x</b>" not in html


def test_delete_takes_the_group_away(site):
    services.register("default", definition(), "ana")
    answer = site.post("/features/user_metrics/delete/", follow=True)
    assert "user_metrics is deleted." in answer.content.decode()
    assert site.get("/features/user_metrics/").status_code == 404
    again = site.post("/features/user_metrics/delete/", follow=True)
    assert "there is no feature group" in again.content.decode()


def test_the_palette_finds_pages_and_groups(site):
    three_groups()
    html = site.get("/find/", {"search": "card"}).content.decode()
    assert 'href="/features/card_use/"' in html
    assert 'href="/runs/"' in site.get("/find/").content.decode()
    assert "Nothing found" in site.get("/find/", {"search": "zzz"}).content.decode()
