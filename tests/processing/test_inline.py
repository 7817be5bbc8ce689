"""Inline transformations: an envelope's SQL makes its group, equals it, or is refused; never a silent change."""

from __future__ import annotations

from backends.online import published
from core.errors import Unavailable
from features import selectors, services
from processing import inline
from processing.inline import resolve
from processing.judging import Refused
from tests.processing.conftest import Api
from tests.processing.world import PROJECT, SUMS, event


def envelope(sql=SUMS, group="g", *rows):
    return {"feature_group": group, "data": list(rows) or [event("u", -10, 1.0)], "transformation": sql}


def codes(answer):
    return [bad["code"] for bad in answer["rejected"]]


def test_an_unknown_group_is_made_of_it_and_has_the_rows(world, api):
    status, answer = api.push(envelope())
    assert (status, answer["accepted"], codes(answer)) == (202, 1, [])
    spec = selectors.group_spec(PROJECT, "g")
    assert (spec.entity, spec.active, spec.current.window) == (("user_id",), 1, None)
    world.settle()
    assert world.read("g", "u", world.clock)[2] == {"total": 1.0, "n": 1}


def test_several_keys_by_name_and_by_number(world, api):
    api.push(envelope("SELECT user_id, item_id, COUNT(*) AS n FROM input_data GROUP BY 1, item_id"))
    assert selectors.group_spec(PROJECT, "g").entity == ("user_id", "item_id")


def test_equal_sql_appends_however_it_is_written(world, api):
    api.push(envelope())
    same = "select user_id, sum(amount) as total,\n count(*) as n from input_data group by user_id -- again"
    assert api.push(envelope(same))[1]["accepted"] == 1
    assert list(selectors.group_spec(PROJECT, "g").versions) == [1]


def test_other_sql_is_refused_and_changes_nothing(world, api):
    api.push(envelope())
    other = "SELECT shop, COUNT(*) AS n FROM input_data GROUP BY shop"
    for sql in (SUMS.replace("SUM", "MAX"), "SELECT user_id", "SELECT", "", other):
        status, answer = api.push(envelope(sql))
        assert (status, answer["accepted"], codes(answer)) == (202, 0, ["transformation_mismatch"]), sql
    assert list(selectors.group_spec(PROJECT, "g").versions) == [1]


def test_a_deleted_name_does_not_come_back(world, api):
    api.push(envelope())
    services.delete(PROJECT, "g", "test")
    assert codes(api.push(envelope())[1]) == ["unknown_group"]
    assert selectors.group_spec(PROJECT, "g").deleted


def test_sql_that_cannot_be_a_group_is_the_rows_code(world, api):
    for sql, code in [
        ("SELECT user_id FROM", "sql_syntax"),
        ("SELECT user_id, SUM(amount) AS total FROM input_data", "sql_not_grouped_by_entity"),
        ("SELECT user_id, read_text('/etc/passwd') AS x FROM input_data GROUP BY user_id", "sql_not_allowed"),
        ("SELECT COUNT(*) AS n FROM input_data GROUP BY " + "1" * 5000, "sql_not_grouped_by_entity"),
    ]:
        status, answer = api.push(envelope(sql))
        assert (status, answer["accepted"], codes(answer)) == (202, 0, [code]), sql[:60]
    assert selectors.group_specs(PROJECT) == []


def test_without_the_right_to_register_or_where_it_is_turned_off_the_group_stays_unknown(world, api, settings):
    assert codes(Api("events:write").push(envelope())[1]) == ["unknown_group"]
    settings.JSTORE_INLINE_TRANSFORMATIONS = "refuse"
    assert codes(api.push(envelope())[1]) == ["unknown_group"]
    assert selectors.group_specs(PROJECT) == []
    services.register(
        PROJECT, {"name": "g", "entity_id": "user_id", "type": "numerical", "transformation": {"sql_query": SUMS}}, "t"
    )
    assert Api("events:write").push(envelope())[1]["accepted"] == 1, "equal SQL needs no right to register"


def test_a_title_names_the_group_that_it_makes(world, api):
    for _ in range(2):
        assert api.push(envelope(group="Customer Metrics"))[1]["accepted"] == 1
    assert list(selectors.group_spec(PROJECT, "customer_metrics").versions) == [1]
    assert codes(api.push(envelope(SUMS.replace("SUM", "MAX"), "Customer Metrics"))[1]) == ["transformation_mismatch"]


def test_the_sql_alone_names_no_group(world, api):
    body = {"data": [event("u", -1, 1.0)], "transformation": SUMS}
    assert codes(api.push(body)[1]) == ["unknown_group"]


def test_a_group_that_somebody_else_made_meanwhile_of_other_sql_is_a_mismatch(world):
    world.define("g", SUMS.replace("SUM", "MAX"))
    found = resolve(PROJECT, "g", SUMS, {}, True, "late")  # decided before the other's definition was known
    assert isinstance(found, Refused)
    assert found.code == "transformation_mismatch"
    assert published.published(PROJECT).groups["g"].active == 1


def test_a_registry_that_is_away_refuses_no_rows(world, api, monkeypatch):
    def away(*args):
        raise Unavailable("registry_down", "not now")

    monkeypatch.setattr(inline.services, "register", away)
    status, answer = api.push(envelope())
    assert (status, answer["code"]) == (503, "registry_down")
