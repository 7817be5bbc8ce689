"""The home page."""

from monitoring import overview
from tests.pages.test_letters import SQL


def test_an_empty_store_says_what_to_do_next(site):
    html = site.get("/").content.decode()
    for said in ("What to do next", "Define a feature", "api/v1/events/", "PostgreSQL", "Redis"):
        assert said in html


def test_the_numbers_are_those_of_the_store(world, site):
    world.define("spend", SQL)
    world.define("uses", "SELECT card_id, COUNT(*) AS n, MAX(amount) AS high FROM input_data GROUP BY card_id", entity="card_id")
    world.push([{"user_id": f"u{n % 7}", "card_id": f"c{n % 3}", "amount": n} for n in range(40)])
    world.push([{"user_id": "u", "amount": 1, "timestamp": "never"}])
    world.settle()
    answer = site.get("/")
    assert answer.context["numbers"] == overview.Overview(groups=2, features=3, events=40, entities=10, estimated=False)
    assert [letter["code"] for letter in answer.context["letters"]] == ["bad_timestamp"]
    assert [line["state"] for line in answer.context["health"]] == ["up", "up", "up"]
    assert "What to do next" not in answer.content.decode()


def test_a_large_number_of_entities_is_an_estimate(world, site, monkeypatch):
    monkeypatch.setattr(overview, "COUNTED", 5)
    world.define("spend", SQL)
    world.push([{"user_id": f"u{n}", "amount": 1} for n in range(400)])
    world.settle()
    html = site.get("/").content.decode()
    assert "≈ 80" in html


def test_an_applier_that_stands_still_shows(world, site):
    world.clock -= 60 * 1_000_000  # the cursors say when they last equalled the log
    world.define("spend", SQL)
    world.settle()
    line = next(line for line in site.get("/").context["health"] if line["name"] == "Applier")
    assert line["state"] == "behind"
    assert "the applier is behind or not running" in line["detail"]
