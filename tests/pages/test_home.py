"""The home page."""

from core.clock import MICRO, now_us
from monitoring import health, overview
from tests.pages.shop import SQL


def test_an_empty_store_says_what_to_do_next(site):
    html = site.get("/").content.decode()
    for said in ("What to do next", "Define a feature", "api/v1/events/", "PostgreSQL", "Redis"):
        assert said in html


def test_the_numbers_are_those_of_the_store(shop, site):
    shop.define("spend", SQL)
    shop.define("uses", "SELECT card_id, COUNT(*) AS n, MAX(amount) AS high FROM input_data GROUP BY card_id", entity="card_id")
    shop.push([{"user_id": f"u{n % 7}", "card_id": f"c{n % 3}", "amount": n} for n in range(40)])
    shop.push([{"user_id": "u", "amount": 1, "timestamp": "never"}])
    shop.settle()
    answer = site.get("/")
    assert answer.context["numbers"] == overview.Overview(groups=2, features=3, events=40, entities=10, estimated=False)
    assert [letter["code"] for letter in answer.context["letters"]] == ["bad_timestamp"]
    assert [line["state"] for line in answer.context["health"]] == ["up"] * 5
    assert "What to do next" not in answer.content.decode()


def test_a_large_number_of_entities_is_an_estimate(shop, site, monkeypatch):
    monkeypatch.setattr(overview, "COUNTED", 5)
    shop.define("spend", SQL)
    shop.push([{"user_id": f"u{n}", "amount": 1} for n in range(400)])
    shop.settle()
    html = site.get("/").content.decode()
    assert "≈ 80" in html


def test_an_applier_that_stands_still_shows(shop, site, monkeypatch):
    shop.define("spend")
    shop.settle()
    monkeypatch.setattr(health, "now_us", lambda: now_us() + 60 * MICRO)  # the cursors say when they last equalled the log
    line = next(line for line in site.get("/").context["health"] if line["name"] == "Applier")
    assert line["state"] == "behind"
    assert "the applier is behind or not running" in line["detail"]
