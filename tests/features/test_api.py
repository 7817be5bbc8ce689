"""REST of definitions: statuses, shapes, tags, pages."""

import json
from typing import Any

import pytest
from django.test import Client

from features import selectors, services
from features.models import Group
from tests.features.world import SQL, definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]
BASE = "/api/v1/features/"


class Api:
    """A caller with a key of all scopes."""

    def __init__(self) -> None:
        text, _ = services.create_key("default", "tests", ["features:read", "registry:write"])
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method, BASE + path, "" if body is None else data, content_type="application/json", headers=headers
        )

    def define(self, *args: Any, **more: Any) -> Any:
        return self.send("POST", "", definition(*args, **more))


@pytest.fixture
def api(registry: str) -> Api:
    return Api()


def test_it_registers_the_contracts_body(api):
    response = api.define()
    assert response.status_code == 201
    assert response["Location"] == "/api/v1/features/user_metrics/versions/1"
    answer = response.json()
    created, updated = answer.pop("created_at"), answer.pop("updated_at")
    assert created.endswith("Z")
    assert updated.endswith("Z")
    assert len(answer.pop("fingerprint")) == 64
    assert "SUM" in answer.pop("path_reason")
    assert answer == {
        "name": "user_metrics",
        "title": "user_metrics",
        "version": 1,
        "status": "active",
        "description": "How users behave",
        "type": "numerical",
        "entity_id": "user_id",
        "transformation": {"sql_query": SQL, "aggregation_window": "1d"},
        "windows": None,
        "gated_entities": None,
        "columns": {"session_duration": None, "page_views": None},
        "features": [{"name": "avg_session_duration", "dtype": "DOUBLE"}, {"name": "total_page_views", "dtype": None}],
        "input_columns": ["session_duration", "page_views"],
        "path": "tiles",
        "entity": ["user_id"],
        "source": "events",
        "timestamp_column": "timestamp",
        "ttl": None,
        "defaults": {},
        "owner": "",
        "tags": [],
        "active_version": 1,
        "lineage": {"avg_session_duration": ["session_duration"], "total_page_views": ["page_views"]},
    }


def test_it_answers_200_for_a_known_definition_and_201_draft_for_a_changed_one(api):
    first = api.define().json()
    again = api.define()
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert again.json()["created_at"] == first["created_at"]
    changed = api.define(sql=SQL.replace("SUM", "MAX"))
    assert (changed.status_code, changed.json()["version"], changed.json()["status"]) == (201, 2, "draft")
    back = api.define()
    assert (back.status_code, back.json()["version"], back.json()["status"]) == (200, 1, "active")


def test_without_transformation_it_says_null(api):
    answer = api.define("colour", sql=None, columns={"colour": "STRING"}).json()
    assert answer["transformation"] is None
    assert answer["path"] == "row"
    assert answer["features"] == [{"name": "colour", "dtype": "STRING"}]
    assert answer["columns"] == {"colour": "STRING"}


def test_composite_entities_are_given_as_text(api):
    sql = "SELECT user_id, item_id, COUNT(*) AS n FROM input_data GROUP BY user_id, item_id"
    for entity in ("user_id,item_id", ["user_id", "item_id"], "user_id, item_id"):
        answer = api.define("pairs", sql=sql, entity_id=entity).json()
        assert (answer["entity_id"], answer["entity"], answer["version"]) == ("user_id,item_id", ["user_id", "item_id"], 1)


def test_it_gives_one_definition_with_or_without_the_slash(api):
    api.define()
    for path in ("user_metrics", "user_metrics/", "user_metrics/versions/1", "user_metrics/versions/1/"):
        response = api.send("GET", path)
        assert response.status_code == 200, path
        assert response.json()["name"] == "user_metrics"
    assert api.client.post(BASE.rstrip("/"), json.dumps(definition()), content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "nothing/versions/",
        "user_metrics/versions/9",
        "user_metrics/versions/999999999",
        "a%00b",
        "%F0%9F%98%80",
        "a" * 300,
    ],
)
def test_unknown_names_are_404_problems(api, path):
    api.define()
    response = api.send("GET", path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail", "instance", "request_id", "errors"} <= response.json().keys()


def test_versions_are_listed_newest_first(api):
    api.define()
    api.define(sql=SQL.replace("SUM", "MAX"))
    answer = api.send("GET", "user_metrics/versions/").json()
    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert [(v["version"], v["status"]) for v in answer["results"]] == [(2, "draft"), (1, "active")]


def test_words_change_under_the_tag_that_was_read(api):
    api.define()
    tag = api.send("GET", "user_metrics")["ETag"]
    good = api.send("PATCH", "user_metrics", {"title": "Users", "tags": ["web", "core"]}, **{"If-Match": tag})
    assert good.status_code == 200
    assert (good.json()["title"], good.json()["tags"], good.json()["version"]) == ("Users", ["web", "core"], 1)
    assert good["ETag"] != tag
    stale = api.send("PATCH", "user_metrics", {"title": "Late"}, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_etag")
    assert Group.objects.get().title == "Users"
    assert api.send("PATCH", "user_metrics", {"title": "Any"}, **{"If-Match": "*"}).status_code == 200
    assert api.send("PATCH", "user_metrics", {"title": "None"}).status_code == 200


def test_types_that_become_known_do_not_make_the_tag_of_words_stale(api):
    api.define()
    tag = api.send("GET", "user_metrics")["ETag"]
    services.fix_types("default", "user_metrics", 0, {"page_views": "BIGINT"})
    assert api.send("GET", "user_metrics", **{"If-None-Match": tag}).status_code == 200
    assert api.send("PATCH", "user_metrics", {"owner": "ana"}, **{"If-Match": tag}).status_code == 200


def test_an_unchanged_definition_is_304(api):
    api.define()
    tag = api.send("GET", "user_metrics")["ETag"]
    response = api.send("GET", "user_metrics", **{"If-None-Match": f'"x", W/{tag}'})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    "body",
    [{"transformation": {}}, {"name": "x"}, {"title": ""}, {"title": 3}, {"tags": "web"}, [], None, "x", {"owner": "a\x1bb"}],
)
def test_only_words_can_be_patched(api, body):
    api.define()
    response = api.send("PATCH", "user_metrics", json.dumps(body))
    assert response.status_code == 422
    assert Group.objects.get().words_revision == 1


def test_delete_takes_it_away_and_post_brings_it_back_as_the_next_version(api):
    api.define()
    assert api.send("DELETE", "user_metrics").status_code == 204
    for method, path in (
        ("GET", "user_metrics"),
        ("DELETE", "user_metrics/"),
        ("PATCH", "user_metrics"),
        ("GET", "user_metrics/versions/"),
    ):
        assert api.send(method, path, {} if method == "PATCH" else None).status_code == 404
    assert api.send("GET").json()["count"] == 0
    back = api.define()
    assert (back.status_code, back.json()["version"], back.json()["status"]) == (201, 2, "active")
    assert api.send("GET", "user_metrics/versions/").json()["count"] == 1


def test_refused_sql_is_a_problem_with_line_and_column_and_leaves_nothing(api):
    response = api.define(sql="SELECT user_id,\n  SUM(a) AS b\nFROM other GROUP BY user_id")
    answer = response.json()
    assert (response.status_code, answer["code"]) == (422, "sql_not_allowed")
    assert (answer["errors"][0]["line"], answer["errors"][0]["column"]) == (3, 6)
    assert api.send("GET", "user_metrics").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b'{"a": 1, "a": 2}', 400, "duplicate_key"),
        (b'{"a": NaN}', 400, "non_finite"),
        (b'{"name": "a\\u0000"}', 400, "nul_character"),
        (b'{"name": "\\ud800"}', 400, "lone_surrogate"),
        (b'{"name": "\xff"}', 400, "invalid_utf8"),
        (b"[" * 40 + b"]" * 40, 400, "too_deep"),
        (b"[]", 422, "not_an_object"),
        (b"3", 422, "not_an_object"),
        (b"null", 422, "not_an_object"),
        (b'{"name": 3}', 422, "invalid_name"),
        (b'{"name": "a", "entity_id": {"a": 1}}', 422, "invalid_entity_id"),
        (b'{"name": "a", "entity_id": "u", "transformation": [1]}', 422, "not_an_object"),
        (b'{"name": "a", "entity_id": "u", "ttl": 1e300}', 422, "invalid_ttl"),
        (b'{"name": "a", "entity_id": "u", "defaults": {"a": 123456789012345678901234567890}}', 422, "invalid_default"),
    ],
)
def test_bodies_that_make_no_sense_are_told_apart(api, body, status, code):
    response = api.send("POST", "", body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Group.objects.exists()


def test_other_content_types_are_415(api):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = api.client.generic("POST", BASE, json.dumps(definition()), content_type=content_type)
        assert response.status_code == 415, content_type


def test_lists_page_by_number_and_are_filtered(api):
    api.define("customer_metrics", title="Métricas de Clientes", tags=["CRM", "core"], owner="Ana")
    api.define(
        "item_metrics", sql="SELECT item_id, COUNT(*) AS n FROM input_data GROUP BY item_id", entity_id="item_id", tags=["core"]
    )
    api.define("user_metrics")
    api.define(sql=SQL.replace("SUM", "MAX"))

    def names(query: str) -> list[str]:
        return [f"{one['name']}@{one['version']}" for one in api.send("GET", f"?{query}").json()["results"]]

    assert names("") == ["customer_metrics@1", "item_metrics@1", "user_metrics@1"]
    assert names("search=metricas+CLIENTES") == ["customer_metrics@1"]
    assert names("search=avg_session") == ["customer_metrics@1", "user_metrics@1"]
    assert names("search=100%25") == names("search=.*") == []
    assert names("tag=crm") == ["customer_metrics@1"]
    assert names("tag=core&owner=ana") == ["customer_metrics@1"]
    assert names("tag=co") == []
    assert names("entity=item_id") == ["item_metrics@1"]
    assert names("status=draft") == ["user_metrics@2"]
    assert names("status=active&entity=user_id") == ["customer_metrics@1", "user_metrics@1"]
    page = api.send("GET", "?page_size=2&page=2").json()
    assert (page["count"], page["next"], [one["name"] for one in page["results"]]) == (3, None, ["user_metrics"])
    assert "page_size=2" in page["previous"]
    assert api.send("GET", "?page=9").status_code == 404
    assert api.send("GET", "?page=x").status_code == 404
    assert api.send("GET", "?status=asleep").status_code == 422
    assert api.send("GET", "?search=%00").status_code == 422


def test_a_key_sees_its_own_project_only(api):
    api.define()
    text, _ = services.create_key("other", "tests", ["features:read", "registry:write"])
    other = Client(headers={"X-API-Key": text})
    assert other.get(f"{BASE}user_metrics").status_code == 404
    assert other.get(BASE).json()["count"] == 0
    other.post(BASE, json.dumps(definition()), content_type="application/json")
    assert selectors.projects() == ["default", "other"]
