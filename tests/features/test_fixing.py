"""Types of open columns become known once, whoever sees the first value."""

import pytest

from backends.online import published
from core.errors import Invalid, NotFound
from features import selectors, services
from tests.features.world import SQL, definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]


def register(*args, **more):
    return services.register("default", definition(*args, **more), "ana").group


def test_a_type_becomes_known_and_a_layout_is_added():
    register()
    spec = services.fix_types("default", "user_metrics", 0, {"page_views": "BIGINT"})
    assert spec.layout == 1
    assert spec.columns == {"session_duration": None, "page_views": "BIGINT"}
    version = spec.version()
    assert spec.layout_of(version, 0).outputs == ("DOUBLE", None)
    assert spec.layout_of(version).outputs == ("DOUBLE", "BIGINT")
    assert dict(zip(version.input_columns, spec.layout_of(version).columns, strict=True))["page_views"] == "BIGINT"
    assert published.published("default").groups["user_metrics"] == spec == selectors.group_spec("default", "user_metrics")


def test_all_versions_get_the_new_layout():
    register()
    register(sql=SQL.replace("SUM", "MAX"))
    spec = services.fix_types("default", "user_metrics", 0, {"page_views": "DOUBLE", "session_duration": "DOUBLE"})
    assert [len(v.layouts) for v in spec.versions.values()] == [2, 2]
    assert [spec.layout_of(v).outputs[1] for v in spec.versions.values()] == ["DOUBLE", "DOUBLE"]
    assert [v.layouts[0].outputs[1] for v in spec.versions.values()] == [None, None]


def test_a_later_version_repeats_its_first_layout_below():
    register()
    services.fix_types("default", "user_metrics", 0, {"page_views": "BIGINT"})
    spec = register(sql=SQL.replace("SUM", "MAX"))
    assert spec.layout == 1
    assert spec.versions[2].layouts[0] == spec.versions[2].layouts[1]
    assert spec.versions[2].layouts[1].outputs == ("DOUBLE", "BIGINT")


def test_who_comes_second_gets_what_the_first_fixed():
    register()
    first = services.fix_types("default", "user_metrics", 0, {"page_views": "BIGINT"})
    assert services.fix_types("default", "user_metrics", 0, {"page_views": "STRING"}) == first
    assert services.fix_types("default", "user_metrics", 1, {"page_views": "STRING", "unknown": "DOUBLE"}) == first


def test_types_under_which_the_sql_does_not_check_are_refused():
    before = register()
    with pytest.raises(Invalid, match="sql_types"):
        services.fix_types("default", "user_metrics", 0, {"page_views": "STRING"})
    assert selectors.group_spec("default", "user_metrics") == before


def test_there_must_be_such_a_group():
    with pytest.raises(NotFound):
        services.fix_types("default", "nothing", 0, {"a": "DOUBLE"})


def test_declared_types_are_known_at_once():
    spec = register(columns={"page_views": "BIGINT", "timestamp": "EPOCH_MS", "user_id": "STRING"})
    assert (spec.columns["page_views"], spec.time_kind, spec.layout) == ("BIGINT", "EPOCH_MS", 0)
    assert spec.layout_of(spec.version()).outputs == ("DOUBLE", "BIGINT")


def test_a_later_declaration_fixes_an_open_column_for_all_versions():
    register()
    spec = register(columns={"page_views": "DECIMAL(10,2)"})
    assert (spec.layout, spec.columns["page_views"]) == (1, "DECIMAL(10,2)")
    assert [len(v.layouts) for v in spec.versions.values()] == [2, 2]
    assert spec.versions[1].layouts[0].columns != spec.versions[1].layouts[1].columns


@pytest.mark.parametrize("columns", [{"page_views": "DOUBLE"}, {"timestamp": "EPOCH_S"}])
def test_a_declaration_against_a_fixed_type_is_a_conflict(columns):
    register(columns={"page_views": "BIGINT", "timestamp": "EPOCH_MS"})
    with pytest.raises(Invalid, match="type_conflict"):
        register(sql=SQL.replace("SUM", "MAX"), columns=columns)
    assert list(selectors.group_spec("default", "user_metrics").versions) == [1]


def test_a_new_version_brings_its_columns_and_leaves_the_others_alone():
    before = register(columns={"page_views": "BIGINT"})
    spec = register(sql="SELECT user_id, MAX(amount) AS high FROM input_data GROUP BY user_id")
    assert spec.columns == {"session_duration": None, "page_views": "BIGINT", "amount": None}
    assert spec.versions[1] == before.versions[1]
    assert spec.time_kind == "TIMESTAMP"


def test_a_new_life_begins_with_open_types():
    register(columns={"page_views": "BIGINT"})
    services.delete("default", "user_metrics", "ana")
    spec = register()
    assert (spec.columns["page_views"], spec.layout, dict(spec.declared)) == (None, 0, {})
