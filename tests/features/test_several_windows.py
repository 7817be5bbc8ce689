"""Several windows of one definition in the registry, on both databases, and over the REST API."""

import pytest

from backends.online import published
from core.errors import Invalid
from features import selectors, services
from features.models import Group, Version
from tests.features.test_api import Api
from tests.features.world import definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]
TOTALS = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
FEATURES = ("total_1h", "total_1d", "n_1h", "n_1d")


def register(windows=("1d", "1h"), sql=TOTALS, **more):
    return services.register("default", definition(sql=sql, window=None, windows=list(windows), **more), "ana")


def test_each_column_becomes_a_feature_in_each_window():
    done = register()
    spec = published.published("default").groups["user_metrics"]
    assert spec == done.group == selectors.group_spec("default", "user_metrics")
    version = spec.version()
    assert (version.window, version.windows, version.outputs) == (None, ("1h", "1d"), FEATURES)
    assert spec.layout_of(version).outputs == (None, None, "BIGINT", "BIGINT")
    assert [part.outputs for part in version.parts] == [("total", "n")] * 2
    row = Version.objects.get()
    assert (row.window, row.windows, row.all_windows, len(row.code)) == (None, ["1h", "1d"], ["1h", "1d"], 10)
    assert row.lineage["total_1d"] == row.lineage["total_1h"] == ["amount"]
    assert "total_1d" in Group.objects.get().search_text


def test_other_windows_are_another_version_and_another_order_is_none():
    register()
    assert (register(["1h", "24h"]).version, register(["1h", "24h"]).created) == (1, False)
    assert [register([window]).version for window in ("1h", "1d")] == [2, 3]
    assert services.register("default", definition(sql=TOTALS, window="1h"), "ana").version == 4
    assert register().version == 1


def test_defaults_name_the_features_and_each_window_has_its_own():
    version = register(columns={"amount": "DOUBLE"}, defaults={"total_1h": 0.5, "n_1d": 0}).group.version()
    assert [part.defaults for part in version.parts] == [{"total": 0.5}, {"n": 0}]
    for name, code in (("total", "unknown_feature"), ("total_7d", "unknown_feature"), ("n_1h", "type_mismatch")):
        with pytest.raises(Invalid) as caught:
            register(defaults={name: "x"}, name="other")
        assert (caught.value.code, caught.value.pointer) == (code, f"/defaults/{name}")
    assert not Group.objects.filter(name="other").exists()


def test_a_row_of_the_group_without_sql_in_several_windows():
    done = services.register("default", definition("city", sql=None, windows=["1h", "7d"]), "ana")
    assert (done.group.version().path, done.group.version().outputs) == ("row", ("city_1h", "city_7d"))


def test_types_that_become_known_count_in_every_window_of_every_version():
    register()
    services.register("default", definition(sql=TOTALS.replace("SUM", "MAX"), window="1d"), "ana")
    spec = services.fix_types("default", "user_metrics", 0, {"amount": "DOUBLE"})
    assert [spec.layout_of(v).outputs for v in spec.versions.values()] == [
        ("DOUBLE", "DOUBLE", "BIGINT", "BIGINT"),
        ("DOUBLE", "BIGINT"),
    ]
    assert [spec.layout_of(part).outputs for part in spec.versions[1].parts] == [("DOUBLE", "BIGINT")] * 2
    assert published.published("default").groups["user_metrics"] == spec


def test_types_that_a_later_version_declares_reach_every_window():
    register()
    spec = register(sql=TOTALS.replace("SUM", "MAX"), columns={"amount": "BIGINT"}).group
    assert [v.layouts[1].outputs for v in spec.versions.values()] == [("BIGINT", "BIGINT", "BIGINT", "BIGINT")] * 2


def test_the_codes_of_all_windows_are_dropped_with_the_group_and_after_its_return():
    code = register().group.version().code
    services.delete("default", "user_metrics", "ana")
    assert published.dropped("default") == {f"{code}_1h", f"{code}_1d"}
    published.forget_dropped("default", published.dropped("default"))
    register()
    services.republish("default")
    assert published.dropped("default") == {f"{code}_1h", f"{code}_1d"}


def test_the_api_takes_them_in_both_places_and_answers_them():
    api = Api()
    answer = api.send("POST", "", definition(sql=TOTALS, window=None, windows=["7d", "1h"])).json()
    assert (answer["windows"], answer["transformation"]) == (["1h", "7d"], {"sql_query": TOTALS, "windows": ["1h", "7d"]})
    assert answer["features"] == [
        {"name": "total_1h", "dtype": None},
        {"name": "total_7d", "dtype": None},
        {"name": "n_1h", "dtype": "BIGINT"},
        {"name": "n_7d", "dtype": "BIGINT"},
    ]
    assert answer["input_columns"] == ["amount"]
    inside = definition(sql=TOTALS, window=None)
    inside["transformation"]["windows"] = ["1h", "7d"]
    again = api.send("POST", "", inside)
    assert (again.status_code, again.json()["version"], again.json()["fingerprint"]) == (200, 1, answer["fingerprint"])
    fields = ("name", "entity_id", "transformation", "windows", "description", "type")
    assert api.send("POST", "", {name: answer[name] for name in fields}).status_code == 200, "what was answered can be sent"
    assert api.send("GET", "user_metrics").json()["windows"] == ["1h", "7d"]
    assert api.send("GET", "?search=total_7d").json()["count"] == 1


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"windows": ["1h", "8w"]}, "/windows/1", "unknown_window"),
        ({"windows": []}, "/windows", "invalid_windows"),
        ({"windows": ["1h", "60m"]}, "/windows/1", "invalid_windows"),
        ({"windows": ["1h"], "window": "1d"}, "/windows", "invalid_windows"),
        ({"windows": ["1h"], "sql": TOTALS.replace("AS n", "AS total_1h")}, "/windows", "invalid_name"),
        ({"windows": ["365d"], "sql": TOTALS.replace("AS n", f"AS {'n' * 60}")}, "/windows", "invalid_name"),
        (
            {"windows": ["1h"], "entity_id": "user_id,n_1h", "sql": TOTALS.replace("user_id", "user_id, n_1h")},
            "/windows",
            "invalid_name",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_nothing_is_stored(changes, pointer, code):
    answer = Api().send("POST", "", definition(**{"window": None, "sql": TOTALS, **changes}))
    found = answer.json()
    assert (answer.status_code, found["code"]) == (422, code)
    assert found["errors"][0]["pointer"] == pointer
    assert Group.objects.count() == Version.objects.count() == 0
