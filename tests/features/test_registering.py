"""What a definition becomes: the first version, a known one, the next one, or nothing."""

import pytest

from backends.online import published
from core.errors import Invalid, NotFound, Unavailable
from core.since import Since
from core.spec import Layout
from features import publishing, selectors, services
from features.models import AuditEntry, Group, Version
from tests.features.world import SQL, definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]


def register(*args, **more):
    return services.register("default", definition(*args, **more), "ana")


def test_the_first_version_is_active_at_once_and_known_everywhere():
    done = register()
    assert (done.version, done.created) == (1, True)
    spec = published.published("default").groups["user_metrics"]
    assert spec == done.group == selectors.group_spec("default", "user_metrics")
    assert spec.active == 1
    version = spec.version()
    assert version.status == "active"
    assert version.outputs == ("avg_session_duration", "total_page_views")
    assert set(version.input_columns) == {"session_duration", "page_views"}
    assert version.path == "tiles"
    assert version.window == "1d"
    assert spec.layout_of(version).outputs == ("DOUBLE", None)
    assert len(version.code) == 10
    assert version.code.isalnum()


def test_the_same_definition_is_the_same_version_and_its_words_move():
    register()
    done = register(description="Better words", owner="bia", tags=["web"], title="User metrics")
    assert (done.version, done.created) == (1, False)
    assert done.group.description == "Better words"
    group = Group.objects.get()
    assert (group.title, group.owner, group.tags) == ("User metrics", "bia", ["web"])
    assert Version.objects.count() == 1
    assert published.published("default").groups["user_metrics"].description == "Better words"


def test_spelling_of_sql_makes_no_version():
    register()
    done = register(sql=SQL.replace("SELECT", "select").replace(", ", ",\n   "))
    assert (done.version, done.created) == (1, False)


def test_words_that_are_not_named_stay():
    register(owner="ana", tags=["web"], title="User metrics")
    body = definition()
    del body["description"]
    services.register("default", body, "ana")
    group = Group.objects.get()
    assert (group.title, group.owner, group.tags, group.description) == ("User metrics", "ana", ["web"], "How users behave")


def test_a_title_gives_the_name():
    done = register("Customer Métrics")
    assert (done.group.name, done.group.title) == ("customer_metrics", "Customer Métrics")


def test_a_changed_definition_is_the_next_version_and_a_draft():
    register()
    done = register(sql=SQL.replace("SUM", "MAX"))
    assert (done.version, done.created) == (2, True)
    assert done.group.active == 1
    assert done.group.versions[2].status == "draft"
    assert done.group.next_version == 3
    again = register()
    assert (again.version, again.created) == (1, False)


@pytest.mark.parametrize(
    "change",
    [
        {"window": "7d"},
        {"window": None},
        {"ttl": 60},
        {"defaults": {"total_page_views": 0}},
        {"columns": {"page_views": "BIGINT"}},
    ],
)
def test_each_computing_part_makes_a_version(change):
    register()
    assert register(**change).version == 2


def test_without_transformation_the_group_is_one_column():
    done = register("favourite_colour", sql=None)
    version = done.group.version()
    assert (version.path, version.outputs, version.input_columns) == ("row", ("favourite_colour",), ("favourite_colour",))
    assert done.group.layout_of(version) == Layout((None,), (None,))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (definition(sql="SELECT user_id FROM"), "sql_syntax"),
        (definition(sql="SELECT * FROM other_table"), "sql_not_allowed"),
        (definition(sql="SELECT country, COUNT(*) AS n FROM input_data GROUP BY country"), "sql_not_grouped_by_entity"),
        (definition(window="9d9"), "unknown_window"),
        (definition(name="9 lives"), "invalid_name"),
        (definition(entity_id="at"), "invalid_name"),
        (definition(defaults={"nothing": 1}), "unknown_feature"),
        (definition(defaults={"avg_session_duration": "a"}), "type_mismatch"),
        (definition(columns={"page_views": "NUMBER"}), "invalid_type"),
        ([], "not_an_object"),
        (None, "not_an_object"),
    ],
)
def test_a_wrong_definition_leaves_nothing_behind(body, code):
    with pytest.raises(Invalid) as caught:
        services.register("default", body, "ana")
    assert caught.value.code == code
    assert not Group.objects.exists()
    assert not Version.objects.exists()
    assert not AuditEntry.objects.exists()
    assert published.published("default").groups == {}


def test_wrong_sql_is_refused_with_its_place():
    with pytest.raises(Invalid) as caught:
        register(sql="SELECT user_id,\n  SUM(amount) AS total\nFROM other_table GROUP BY user_id")
    assert (caught.value.line, caught.value.column) == (3, 6)


def test_a_group_keeps_its_entity():
    register()
    with pytest.raises(Invalid, match="group_conflict"):
        register(sql=SQL.replace("user_id", "item_id"), entity_id="item_id")
    assert Version.objects.count() == 1


def test_a_deleted_group_is_known_as_deleted_and_its_codes_are_to_be_dropped():
    code = register().group.version().code
    register(sql=SQL.replace("SUM", "MAX"))
    codes = set(Version.objects.values_list("code", flat=True))
    assert code in codes
    services.delete("default", "user_metrics", "bia")
    assert published.published("default").groups["user_metrics"].deleted
    assert published.dropped("default") == codes
    assert selectors.group_specs("default") == []
    assert selectors.live_group("default", "user_metrics") is None
    with pytest.raises(NotFound):
        services.delete("default", "user_metrics", "bia")


def test_a_deleted_name_comes_back_with_the_next_number():
    old = register(owner="ana").group.version().code
    services.delete("default", "user_metrics", "ana")
    done = register()
    assert (done.version, done.created) == (2, True)
    assert list(done.group.versions) == [2]
    assert done.group.active == 2
    assert not done.group.deleted
    assert done.group.version().code != old
    assert Group.objects.get().owner == ""
    assert not published.published("default").groups["user_metrics"].deleted
    services.delete("default", "user_metrics", "ana")
    other = register(sql=SQL.replace("user_id", "item_id"), entity_id="item_id")
    assert (other.version, other.group.entity) == (3, ("item_id",))


def test_every_change_is_audited():
    register()
    register(sql=SQL.replace("SUM", "MAX"))
    services.set_active("default", "user_metrics", 2, "bia")
    services.set_active("default", "user_metrics", 2, "bia")
    services.update_words("default", "user_metrics", {"owner": "bia"}, "bia")
    services.delete("default", "user_metrics", "caio")
    entries = sorted(AuditEntry.objects.values_list("action", "actor", "object"))
    assert entries == [
        ("activate", "bia", "user_metrics"),
        ("delete", "caio", "user_metrics"),
        ("register", "ana", "user_metrics@1"),
        ("register", "ana", "user_metrics@2"),
        ("words", "bia", "user_metrics"),
    ]


def test_the_pointer_moves_and_moves_back():
    register()
    register(sql=SQL.replace("SUM", "MAX"))
    spec = services.set_active("default", "user_metrics", 2, "ana")
    assert (spec.active, spec.versions[1].status, spec.versions[2].status) == (2, "deprecated", "active")
    assert published.published("default").groups["user_metrics"] == spec
    spec = services.set_active("default", "user_metrics", 1, "ana")
    assert (spec.active, spec.versions[1].status, spec.versions[2].status) == (1, "active", "deprecated")
    with pytest.raises(NotFound):
        services.set_active("default", "user_metrics", 9, "ana")


def test_a_built_draft_is_backfilled_and_nothing_else_is():
    register()
    register(sql=SQL.replace("SUM", "MAX"))
    assert services.set_backfilled("default", "user_metrics", 2, "run").versions[2].status == "backfilled"
    assert services.set_backfilled("default", "user_metrics", 1, "run").versions[1].status == "active"


def test_projects_do_not_meet():
    register()
    services.register("other", definition(sql=SQL.replace("SUM", "MAX")), "ana")
    assert selectors.group_spec("other", "user_metrics").versions.keys() == {1}
    assert selectors.projects() == ["default", "other"]


def test_a_definition_stored_while_redis_is_down_is_published_later(monkeypatch):
    def down(*args: object) -> None:
        raise Unavailable("redis_down", "the tests say so")

    monkeypatch.setattr(published, "publish_group", down)
    assert register().created
    monkeypatch.undo()
    assert published.published("default").groups == {}
    assert selectors.stamp("default") == sum(selectors.revisions("default").values()) > 0
    assert publishing.ensure_published("default") == 1
    assert list(published.published("default").groups) == ["user_metrics"]
    assert publishing.ensure_published("default") == 0


def test_an_emptied_redis_is_filled_again(redis):
    register()
    register("visits", sql=None)
    redis.flushall()
    register("purchases", sql=None)
    assert sorted(published.published("default").groups) == ["purchases", "user_metrics", "visits"]
    redis.flushall()
    assert publishing.ensure_published("default") == 3
    assert sorted(published.published("default").groups) == ["purchases", "user_metrics", "visits"]


def test_a_half_made_group_is_not_there_and_the_same_definition_finishes_it(monkeypatch):
    """What a crash between the two tables leaves in a database without rollback."""
    register()
    group, version = Group.objects.get(), Version.objects.get()
    Group.objects.update(active=None, states={}, layouts={}, incarnation=0, revision=0)
    publishing.republish()
    assert selectors.live_group("default", "user_metrics") is None
    assert selectors.group_spec("default", "user_metrics") is None
    assert published.published("default").groups == {}
    done = register()
    assert done.version == 1
    assert Version.objects.get().pk == version.pk
    assert Group.objects.get().pk == group.pk
    assert published.published("default").groups["user_metrics"].active == 1


def test_a_default_beyond_64_bits_stays_the_double_that_was_sent():
    done = register(defaults={"avg_session_duration": 1e22})
    assert done.created
    again = register(defaults={"avg_session_duration": 1e22})
    assert not again.created
    for spec in (again.group, published.published("default").groups["user_metrics"]):
        value = spec.version().defaults["avg_session_duration"]
        assert (value, type(value)) == (1e22, float)


def test_forms_are_kept_with_the_version_and_shown_as_what_they_give():
    sql = "SELECT user_id, SUM(x) AS s, TIMESTAMPDIFF(HOUR, MAX(timestamp), now()) AS idle FROM input_data GROUP BY user_id"
    made = services.register("default", definition(sql=sql, defaults={"idle": -1}), "anna").group
    forms = (None, Since(1, 3_600_000_000))
    assert made.versions[1].forms == forms
    assert published.published("default").groups["user_metrics"].versions[1].forms == forms
    document = selectors.describe("default", "user_metrics")
    assert document is not None
    assert document["features"] == [{"name": "s", "dtype": None}, {"name": "idle", "dtype": "BIGINT"}]
    # another unit is another version, another spelling of the clock too: the text is what is compared
    other = services.register("default", definition(sql=sql.replace("HOUR", "DAY"), defaults={"idle": -1}), "anna")
    assert (other.version, other.group.versions[2].forms) == (2, (None, Since(1, 86_400_000_000)))
    with pytest.raises(Invalid, match="type_mismatch"):
        services.register("default", definition("late", sql=sql, defaults={"idle": "never"}), "anna")
