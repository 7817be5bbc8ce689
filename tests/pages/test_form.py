"""The "+" form, without scripts: what it stores, and how it shows what is wrong."""

import re

from features import selectors, services
from tests.features.world import SQL, definition
from tests.pages.reading import described
from tests.pages.shop import ago

GOOD = {
    "name": "User Metrics",
    "description": "How users behave",
    "type": "numerical",
    "entity_id": "user_id",
    "enable_sql": "on",
    "sql_query": SQL,
    "aggregation_window": "7d",
}


def test_the_form_makes_a_feature_group(site):
    answer = site.post("/new-feature/", GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/features/user_metrics/")
    document = described("user_metrics")
    assert (document["title"], document["status"]) == ("User Metrics", "active")
    assert document["transformation"] == {"sql_query": SQL, "aggregation_window": "7d"}
    assert "It covers every event already in the log" in site.get("/features/user_metrics/").content.decode()


def test_the_further_settings_reach_the_definition(site):
    more = {"owner": "growth", "tags": "a, b", "ttl": "60", "timestamp_column": "happened", "columns": "page_views BIGINT\n"}
    assert site.post("/new-feature/", {**GOOD, **more}).status_code == 302
    document = described("user_metrics")
    assert [document[name] for name in ("owner", "tags", "ttl", "timestamp_column")] == ["growth", ["a", "b"], 60, "happened"]
    assert document["columns"]["page_views"] == "BIGINT"


def test_with_the_switch_off_the_newest_row_is_kept(site):
    off = {name: text for name, text in GOOD.items() if name != "enable_sql"} | {"name": "last_city"}
    assert site.post("/new-feature/", off).status_code == 302
    assert described("last_city")["path"] == "row"


def test_a_wrong_sql_is_shown_with_line_and_column_and_nothing_is_stored(site):
    wrong = "SELECT user_id,\n  SUM(amount) AS total\nFROM elsewhere\nGROUP BY user_id"
    answer = site.post("/new-feature/", {**GOOD, "sql_query": wrong})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert 'data-line="3" data-column="6"' in html
    assert "Line 3, column 6" in html
    assert "FROM elsewhere" in html  # what was typed is still there
    assert selectors.describe("default", "user_metrics") is None


def test_every_other_error_stands_at_its_field(site):
    for changed, field in (
        ({"name": ""}, "id_name_error"),
        ({"name": "9 lives"}, "id_name_error"),
        ({"entity_id": "user id"}, "id_entity_id_error"),
        ({"columns": "amount"}, "id_columns_error"),
        ({"columns": "amount MONEY"}, "id_columns_error"),
        ({"ttl": "0"}, "id_ttl_error"),
        ({"timestamp_column": "a b"}, "id_timestamp_column_error"),
    ):
        answer = site.post("/new-feature/", {**GOOD, **changed})
        assert answer.status_code == 422, changed
        assert f'id="{field}"' in answer.content.decode(), changed
    answer = site.post("/new-feature/", {**GOOD, "sql_query": "  "})
    assert "Write the SQL, or switch the transformation off." in answer.content.decode()


def test_a_wrong_name_and_a_wrong_sql_are_shown_at_once(site):
    html = site.post("/new-feature/", {**GOOD, "name": "9 lives", "sql_query": "SELECT nothing"}).content.decode()
    assert 'id="id_name_error"' in html
    assert "data-line=" in html


def test_an_unknown_window_stands_at_the_window(site):
    html = site.post("/new-feature/", {**GOOD, "aggregation_window": "8w"}).content.decode()
    assert 'id="id_aggregation_window_error"' in html


def test_several_windows_are_ticked_and_come_back_ticked(site):
    several = {**GOOD, "aggregation_window": "", "windows": ["7d", "1h"]}
    assert site.post("/new-feature/", several).status_code == 302
    document = described("user_metrics")
    assert document["windows"] == document["transformation"]["windows"] == ["1h", "7d"]
    assert [feature["name"] for feature in document["features"]][:2] == ["avg_session_duration_1h", "avg_session_duration_7d"]
    html = site.get("/new-feature/?from=user_metrics").content.decode()
    assert re.findall(r'name="windows" value="(\w+)"[^>]*checked', html) == ["1h", "7d"]
    page = site.get("/features/user_metrics/").content.decode()
    assert "total_page_views_7d" in page
    assert page.count("moves every") == 2
    assert "1h, 7d" in site.get("/features/").content.decode()


def test_a_size_that_the_form_does_not_offer_stays_ticked_in_the_next_version(site):
    services.register("default", definition(window=None, windows=["90m", "1d"]), "test")
    html = site.get("/new-feature/?from=user_metrics").content.decode()
    assert re.findall(r'name="windows" value="(\w+)"[^>]*checked', html) == ["1d", "90m"]
    again = {**GOOD, "name": "user_metrics", "aggregation_window": "", "windows": ["1d", "90m"]}
    assert "Nothing to compute anew" in site.post("/new-feature/", again, follow=True).content.decode()


def test_what_is_wrong_with_windows_stands_at_the_windows(site):
    for changed in ({"windows": ["1h"]}, {"aggregation_window": "", "windows": ["1h", "8w"]}):
        answer = site.post("/new-feature/", {**GOOD, **changed})
        assert (answer.status_code, 'id="id_windows_error"' in answer.content.decode()) == (422, True), changed
    longest = {"aggregation_window": "", "windows": ["1h"], "sql_query": SQL.replace("total_page_views", "t" * 61)}
    assert 'id="id_windows_error"' in site.post("/new-feature/", {**GOOD, **longest}).content.decode()
    assert selectors.describe("default", "user_metrics") is None


def test_the_row_of_a_group_without_sql_may_have_several_windows(site):
    off = {name: text for name, text in GOOD.items() if name not in ("enable_sql", "sql_query", "aggregation_window")}
    assert site.post("/new-feature/", {**off, "name": "last_city", "windows": ["1h", "1d"]}).status_code == 302
    assert [feature["name"] for feature in described("last_city")["features"]] == ["last_city_1h", "last_city_1d"]


def test_a_changed_definition_becomes_a_draft_of_the_same_group(site):
    services.register("default", definition(owner="growth", tags=["a", "b"], columns={"page_views": "BIGINT"}), "test")
    html = site.get("/new-feature/?from=user_metrics").content.decode()
    for filled in ('value="user_metrics"', "total_page_views", 'value="growth"', 'value="a, b"', "page_views BIGINT"):
        assert filled in html, filled
    changed = {**GOOD, "name": "user_metrics", "aggregation_window": "1d", "columns": "page_views BIGINT"}
    answer = site.post("/new-feature/?from=user_metrics", {**changed, "sql_query": SQL.replace("AVG", "MAX")})
    assert answer.headers["Location"] == "/features/user_metrics/?version=2"
    assert described("user_metrics", 2)["status"] == "draft"
    same = site.post("/new-feature/?from=user_metrics", {**changed, "columns": "page_views BIGINT"}, follow=True)
    assert "Nothing to compute anew" in same.content.decode()


def test_the_sql_is_judged_while_it_is_typed(site):
    good = site.post("/new-feature/check/", GOOD).content.decode()
    assert "avg_session_duration" in good
    assert "page_views" in good
    several = site.post("/new-feature/check/", {**GOOD, "windows": ["1h", "7d"]}).content.decode()
    assert "avg_session_duration_7d" in several
    bad = site.post("/new-feature/check/", {**GOOD, "sql_query": "SELECT user_id, SUM(x AS s FROM input_data"}).content.decode()
    assert 'data-line="1"' in bad
    assert "sql_syntax" in bad
    assert site.post("/new-feature/check/", {**GOOD, "entity_id": ""}).content.decode().strip() == ""


def test_the_report_speaks_the_readers_language(site):
    typed = {
        **GOOD,
        "sql_query": "SELECT user_id, COLLECT_LIST(a) AS l FROM input_data GROUP BY 1 ORDER BY 1",
        "aggregation_window": "",
    }
    html = site.post("/new-feature/check/", typed, headers={"Accept-Language": "pt-br"}).content.decode()
    assert "Sem janela, todo evento" in html
    assert "Prévia com eventos reais" in html


def test_only_who_may_edit_is_told(reader):
    assert reader.post("/new-feature/check/", GOOD).status_code == 403


def test_a_feature_called_like_a_method_is_previewed(site, shop):
    shop.push([{"user_id": "u<1>", "items": 2.5, "keys": "<b>", "timestamp": ago(60)}])
    sql = "SELECT user_id, items, keys FROM input_data"
    html = site.post("/new-feature/check/", {**GOOD, "sql_query": sql, "preview": "1"}).content.decode()
    assert "u&lt;1&gt;" in html
    assert "&lt;b&gt;" in html
    assert "2.5" in html
