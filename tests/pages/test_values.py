"""The fragments of a group's page that show values: now, and over time."""

from tests.pages.shop import SQL, Shop, ago

DAY = 86_400


def spend(shop: Shop, *rows: tuple[str, float, float]) -> None:
    """A group and its events: (user, days ago, amount)."""
    shop.define("spend", SQL)
    shop.push([{"user_id": user, "amount": amount, "timestamp": ago(days * DAY)} for user, days, amount in rows])
    shop.settle()


def test_the_values_of_an_entity_are_those_of_the_api(shop, site):
    spend(shop, ("u", 2, 1234.5), ("u", 1, 0.25))
    html = site.get("/features/spend/values/", {"key.user_id": " u "}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in html
    for said in ("1,234.75", "Present", "user_id =", "/features/spend/history/?version=&amp;key.user_id=u"):
        assert said in html


def test_a_browser_without_scripts_gets_the_values_as_a_page(shop, site):
    spend(shop, ("u", 2, 5))
    html = site.get("/features/spend/values/", {"key.user_id": "u"}).content.decode()
    assert "<html" in html
    assert "Present" in html


def test_a_null_comes_with_its_reason(shop, site):
    spend(shop, ("u", 1, 5))
    html = site.get("/features/spend/values/", {"key.user_id": "nobody"}).content.decode()
    assert "Not found" in html
    assert "No event of this entity has reached the group." in html


def test_a_missing_key_and_an_unknown_group_are_said_so(shop, site):
    spend(shop, ("u", 1, 5))
    answer = site.get("/features/spend/values/", headers={"HX-Request": "true"})
    assert (answer.status_code, "missing_entity" in answer.content.decode()) == (422, True)
    answer = site.get("/features/other/values/", {"key.user_id": "u"}, headers={"HX-Request": "true"})
    assert answer.status_code == 404


def test_the_history_has_a_chart_and_the_rows_newest_first(shop, site):
    spend(shop, ("u", 3, 10), ("u", 2, 20), ("u", 1, 30))
    answer = site.get("/features/spend/history/", {"key.user_id": "u"})
    (chart,) = answer.context["charts"]
    assert (chart.low, chart.high, chart.last, len(chart.marks)) == (10.0, 60.0, 60.0, 3)
    assert [row[1] for row in answer.context["rows"]] == [[60.0], [30.0], [10.0]]
    assert "total between 10 and 60, last 60" in answer.content.decode()


def test_of_several_windows_each_has_its_edges_and_its_line(shop, site):
    shop.define("spend", SQL, windows=["1h", "7d"])
    shop.push([{"user_id": "u", "amount": 1.0, "timestamp": ago(DAY)}, {"user_id": "u", "amount": 2.0, "timestamp": ago(60)}])
    shop.settle()
    html = site.get("/features/spend/values/", {"key.user_id": "u"}).content.decode()
    for said in ('data-feature="total_1h"', 'data-feature="total_7d"', 'data-window="1h"', 'data-window="7d"'):
        assert said in html
    answer = site.get("/features/spend/history/", {"key.user_id": "u"})
    assert [(chart.name, chart.last) for chart in answer.context["charts"]] == [("total_1h", 2.0), ("total_7d", 3.0)]
    assert [row[1] for row in answer.context["rows"]] == [[2.0, 3.0], [1.0, 1.0]]


def test_the_range_narrows_the_history(shop, site):
    spend(shop, ("u", 100, 10), ("u", 20, 20), ("u", 0.5, 30))
    for chosen, count in (("1d", 1), ("7d", 1), ("30d", 2), ("all", 3), ("nonsense", 2)):
        assert site.get("/features/spend/history/", {"key.user_id": "u", "range": chosen}).context["count"] == count, chosen
    html = site.get("/features/spend/history/", {"key.user_id": "nobody"}).content.decode()
    assert "No event of this entity in this range." in html


def test_a_draft_is_not_read_before_it_is_built(shop, site):
    spend(shop, ("u", 1, 5))
    shop.define("spend", SQL.replace("SUM", "MAX"))
    answer = site.get("/features/spend/values/", {"key.user_id": "u", "version": "2"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "version_not_ready" in answer.content.decode()) == (409, True)
