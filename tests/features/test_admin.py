"""The registry in Django's admin, on both databases."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from backends.online import grants, published
from core import api_keys
from features import services
from features.models import ApiKey, AuditEntry, Group, Version
from features.signals import activation_asked
from tests.features.world import SQL, definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]
BASE = "/admin/features/"


@pytest.fixture
def admin():
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    return client


@pytest.fixture
def group():
    services.register("default", definition(title="Métricas"), "ana")
    return Group.objects.get()


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


DEFINED = {
    "name": "Customer Metrics",
    "description": "",
    "type": "numerical",
    "entity_id": "user_id",
    "sql_query": SQL,
    "aggregation_window": "7d",
}


def test_every_model_has_its_list(admin, group):
    services.create_key("default", "ci", ["features:read"])
    for name in ("group", "version", "apikey", "auditentry"):
        assert admin.get(f"{BASE}{name}/").status_code == 200
    assert admin.get("/admin/").status_code == 200


def test_a_group_is_defined(admin):
    assert "sql_query" in text_of(admin.get(f"{BASE}group/add/"))
    response = admin.post(f"{BASE}group/add/", {**DEFINED, "tags": "a, b", "columns": '{"page_views": "BIGINT"}', "ttl": "7d"})
    assert response.status_code == 302
    group = Group.objects.get()
    assert (group.name, group.title, group.tags, group.active) == ("customer_metrics", "Customer Metrics", ["a", "b"], 1)
    assert group.columns["page_views"] == "BIGINT"
    assert published.published("default").groups["customer_metrics"].version().ttl == 7 * 86_400
    assert AuditEntry.objects.get().actor == "user:ana"


def test_a_wrong_definition_comes_back_with_its_place(admin):
    page = text_of(
        admin.post(f"{BASE}group/add/", {**DEFINED, "sql_query": "SELECT user_id FROM other GROUP BY user_id", "ttl": "soon"})
    )
    assert "ttl" in page
    page = text_of(
        admin.post(f"{BASE}group/add/", {**DEFINED, "sql_query": "SELECT user_id, SUM(a) AS b FROM other GROUP BY user_id"})
    )
    assert "line 1, column" in page
    assert not Group.objects.exists()


def test_words_are_editable_and_nothing_else_is(admin, group):
    url = f"{BASE}group/{group.pk}/change/"
    page = text_of(admin.get(url))
    assert set(re.findall(r'<(?:input|textarea|select)[^>]* name="(?!_|csrf)([a-z_]+)"', page)) >= {
        "title",
        "description",
        "type",
        "owner",
        "tag_list",
    }
    assert 'name="entity' not in page
    words = {"title": "Users", "description": "New", "type": "temporal", "owner": "bia", "tag_list": "x, y"}
    assert admin.post(url, {**words, "name": "other", "active": 9, "columns": "{}"}).status_code == 302
    group.refresh_from_db()
    assert (group.title, group.description, group.type, group.owner, group.tags) == (
        "Users",
        "New",
        "temporal",
        "bia",
        ["x", "y"],
    )
    assert (group.name, group.active) == ("user_metrics", 1)
    assert published.published("default").groups["user_metrics"].title == "Users"
    assert "invisible" in text_of(admin.post(url, {**words, "owner": "a\u200bb"}))


def test_search_is_free_of_case_and_accents(admin, group):
    assert "user_metrics" in text_of(admin.get(f"{BASE}group/?q=METRICAS"))
    assert "user_metrics" not in text_of(admin.get(f"{BASE}group/?q=nothing"))
    assert admin.get(f"{BASE}group/?q=%00").status_code == 200


def test_deleting_takes_the_values_too(admin, group):
    code = Version.objects.get().code
    url = f"{BASE}group/{group.pk}/delete/"
    assert "Métricas" in text_of(admin.get(url))
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert published.dropped("default") == {code}
    assert Group.objects.get().deleted_at is not None
    assert "user_metrics" not in text_of(admin.get(f"{BASE}group/"))


def test_several_windows_are_defined_and_shown(admin):
    sent = {"name": "spend", "type": "numerical", "entity_id": "user_id", "sql_query": SQL, "windows": "7d, 1h"}
    assert admin.post(f"{BASE}group/add/", sent).status_code == 302
    version = Version.objects.get()
    assert (version.windows, version.outputs[:2]) == (["1h", "7d"], ["avg_session_duration_1h", "avg_session_duration_7d"])
    assert "1h, 7d" in text_of(admin.get(f"{BASE}version/"))
    wrong = admin.post(f"{BASE}group/add/", {**sent, "name": "other", "windows": "1h, 8w"})
    assert "is no window" in text_of(wrong)
    assert Version.objects.count() == 1


def test_several_are_deleted_at_once(admin, group):
    services.register("default", definition("visits", sql=None), "ana")
    chosen = {"action": "delete_selected", "_selected_action": [str(one.pk) for one in Group.objects.all()]}
    assert admin.post(f"{BASE}group/", chosen).status_code == 200
    assert admin.post(f"{BASE}group/", {**chosen, "post": "yes"}).status_code == 302
    assert not Group.objects.filter(active__isnull=False).exists()


def test_versions_are_read_only_and_can_be_activated(admin, group):
    services.register("default", definition(sql=SQL.replace("SUM", "MAX")), "ana")
    draft = Version.objects.get(number=2)
    page = text_of(admin.get(f"{BASE}version/{draft.pk}/change/"))
    assert "MAX" in page
    assert "_save" not in page
    asked = []

    def receiver(sender, project, name, version, actor, **_more):
        asked.append((project, name, version, actor))
        return "run-1"

    activation_asked.connect(receiver)
    try:
        chosen = {"action": "activate", "_selected_action": [str(draft.pk)]}
        page = text_of(admin.post(f"{BASE}version/", chosen, follow=True))
    finally:
        activation_asked.disconnect(receiver)
    assert asked == [("default", "user_metrics", 2, "user:ana")]
    assert "run-1" in page


def test_a_key_is_shown_once(admin):
    response = admin.post(
        f"{BASE}apikey/add/",
        {"name": "ci", "project": "default", "scopes": ["events:write"], "expires_at_0": "", "expires_at_1": ""},
    )
    page = text_of(response)
    assert "no-store" in response["Cache-Control"]
    text = re.search(r"jst_\w{8}_[\w-]{49}", page)[0]
    key = ApiKey.objects.get()
    public_id, _ = api_keys.parse(text)
    assert (key.public_id, key.scopes) == (public_id, ["events:write"])
    assert grants.api_key(public_id) is not None
    for path in (f"apikey/{key.pk}/change/", "apikey/", f"apikey/{key.pk}/history/"):
        assert text not in text_of(admin.get(BASE + path))
    assert "_save" not in text_of(admin.get(f"{BASE}apikey/{key.pk}/change/"))


def test_keys_are_revoked(admin):
    _, key = services.create_key("default", "ci", ["events:write"])
    chosen = {"action": "revoke", "_selected_action": [str(key.pk)]}
    assert admin.post(f"{BASE}apikey/", chosen).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert grants.api_key(key.public_id) is None


def test_nothing_can_be_added_or_deleted_behind_the_services(admin, group):
    version = Version.objects.get()
    assert admin.get(f"{BASE}version/add/").status_code == 403
    assert admin.get(f"{BASE}version/{version.pk}/delete/").status_code == 403
    assert admin.get(f"{BASE}auditentry/add/").status_code == 403
    entry = AuditEntry.objects.get()
    admin.post(f"{BASE}auditentry/{entry.pk}/change/", {"actor": "nobody"})
    entry.refresh_from_db()
    assert entry.actor == "ana"
