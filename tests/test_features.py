"""A feature from its definition to its served value, by the API alone: the short tour of the whole house in one process.

`docker-compose run --rm backend-test pytest tests/test_features.py -v` runs this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from backends.offline.pairs import BUCKETS
from backends.online.client import client as redis_client
from backends.online.store import OnlineStore
from core import api_keys
from core.clock import MICRO, format_time, now_us
from features import services
from processing.applier import Applier

SQL = (
    "SELECT user_id, AVG(session_duration) AS avg_session_duration, SUM(page_views) AS total_page_views"
    " FROM input_data GROUP BY user_id"
)
DEFINITION = {
    "name": "user_metrics",
    "description": "Aggregated metrics of a user",
    "type": "numerical",
    "entity_id": "user_id",
    "transformation": {"sql_query": SQL, "aggregation_window": "1d"},
}


class Api:
    """Django's test client with a key, and an applier that is stepped by hand."""

    def __init__(self) -> None:
        text, _ = services.create_key("default", "test", api_keys.SCOPES)
        self.client = Client(headers={"Authorization": f"Bearer {text}"})
        self.applier = Applier(OnlineStore(redis_client()), range(BUCKETS))

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/api/v1{path}", query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    def push(self, *rows: Mapping[str, Any]) -> Any:
        """Rows in, and applied."""
        answer = self.post("/events/", list(rows))
        assert answer.status_code == 202, answer.content
        while self.applier.step():
            pass
        return answer.json()

    def values(self, ref: str, entity: str, **query: str) -> dict[str, Any]:
        found = self.get(f"/features/{ref}/values/{entity}", **query)["values"]
        return {name: cell["value"] if cell["status"] == "PRESENT" else cell["status"] for name, cell in found.items()}


@pytest.fixture
def api(fresh: object) -> Api:
    return Api()


def session(user: str, hours_ago: float, duration: int, views: int, **more: Any) -> dict[str, Any]:
    time = format_time(now_us() - round(hours_ago * 3600) * MICRO)
    return {"user_id": user, "session_duration": duration, "page_views": views, "timestamp": time, **more}


def test_it_is_defined_once_and_active_at_once(api):
    first, again = api.post("/features/", DEFINITION), api.post("/features/", DEFINITION)
    assert (first.status_code, again.status_code) == (201, 200)
    for answer in (first.json(), again.json()):
        assert (answer["version"], answer["status"], answer["path"]) == (1, "active", "tiles")
        assert [feature["name"] for feature in answer["features"]] == ["avg_session_duration", "total_page_views"]


def test_events_become_values_and_late_ones_count(api):
    api.post("/features/", DEFINITION)
    assert api.push(session("u1", 1, 300, 10), session("u1", 2, 100, 4), session("u2", 1, 5, 1))["accepted"] == 3
    assert api.values("user_metrics", "u1") == {"avg_session_duration": 200.0, "total_page_views": 14.0}
    api.push(session("u1", 20, 50, 1))
    assert api.values("user_metrics", "u1") == {"avg_session_duration": 150.0, "total_page_views": 15.0}
    assert api.values("user_metrics", "u3") == dict.fromkeys(("avg_session_duration", "total_page_views"), "NOT_FOUND")


def test_the_window_ends_where_it_says(api):
    api.post("/features/", DEFINITION)
    api.push(session("u1", 30, 300, 10))
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": "EMPTY_WINDOW"}
    api.push(session("u1", 0, 300, 2))
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": 2.0}


def test_the_same_number_now_at_a_past_time_and_in_the_history(api):
    api.post("/features/", DEFINITION)
    rows = [session("u1", hours, 60, views) for hours, views in ((30, 1), (10, 2), (5, 3))]
    api.push(*rows)
    history = api.get("/features/user_metrics:total_page_views/values/u1", start_time="2020-01-01")["history"]
    assert [row["values"]["total_page_views"] for row in history] == [1.0, 3.0, 5.0]
    for row in history:
        assert api.values("user_metrics:total_page_views", "u1", at=row["event_time"]) == row["values"]
    assert api.values("user_metrics:total_page_views", "u1") == history[-1]["values"]


def test_an_event_counts_once_is_corrected_and_deleted(api):
    api.post("/features/", DEFINITION)
    row = session("u1", 1, 10, 5, event_id="e1")
    api.push(row)
    assert api.push(row)["duplicates"] == 1
    api.push({**row, "page_views": 7, "revision": 1})
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": 7.0}
    api.push({"event_id": "e1", "revision": 2, "deleted": True})
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": "NOT_FOUND"}


def test_a_feature_made_later_covers_what_came_before(api):
    assert api.push(session("u1", 3, 10, 5), session("u1", 2, 10, 6))["unrouted"] == 2
    api.post("/features/", DEFINITION)
    api.push()
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": 11.0}


def test_a_changed_definition_waits_until_it_is_activated(api):
    api.post("/features/", DEFINITION)
    api.push(session("u1", 1, 10, 5), session("u1", 2, 10, 9))
    changed = {**DEFINITION, "transformation": {"sql_query": SQL.replace("SUM", "MAX"), "aggregation_window": "1d"}}
    assert api.post("/features/", changed).json()["status"] == "draft"
    api.push()
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": 14.0}
    assert api.post("/features/user_metrics/versions/2/activate", {}).json()["status"] == "succeeded"
    assert api.values("user_metrics:total_page_views", "u1") == {"total_page_views": 9.0}
    assert api.values("user_metrics@1:total_page_views", "u1") == {"total_page_views": 14.0}


def test_wrong_sql_is_refused_with_its_place_and_nothing_is_stored(api):
    wrong = {
        **DEFINITION,
        "transformation": {"sql_query": "SELECT user_id,\n  SUMM(page_views) AS x\nFROM input_data GROUP BY user_id"},
    }
    answer = api.post("/features/", wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "sql_not_allowed")
    assert (answer.json()["errors"][0]["line"], answer.json()["errors"][0]["column"]) == (2, 3)
    assert api.get("/features/")["count"] == 0
