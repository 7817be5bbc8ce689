"""Contract row "REST": POST features, GET values with optional start_time and end_time, Swagger UI at /docs, ReDoc at /redoc."""

from __future__ import annotations

import time

import pytest

from tests.contract import promise
from tests.oracle import SECOND, from_iso, iso
from tests.servers.http import Client
from tests.servers.stack import Stack, wait_for


def body(name: str) -> dict[str, object]:
    return {
        "name": name,
        "description": "Sessions of a user",
        "type": "numerical",
        "entity_id": "user_id",
        "transformation": {"sql_query": promise.SQL, "aggregation_window": "1d"},
    }


def test_the_contracts_body_makes_a_feature_without_a_key_on_this_machine(stack: Stack, tag: str) -> None:
    local = stack.client(key=False)
    answer = local.send("POST", "/api/v1/features/", body(f"rest_{tag}"))
    assert answer.status == 201
    assert (answer["name"], answer["version"], answer["status"]) == (f"rest_{tag}", 1, "active")
    again = local.send("POST", "/api/v1/features/", body(f"rest_{tag}"))
    assert (again.status, again["version"]) == (200, 1)


def test_values_are_answered_now_and_as_a_history(stack: Stack, tag: str) -> None:
    local, now = stack.client(key=False), time.time_ns() // 1000
    name, user = f"values_{tag}", f"user_123-{tag}"
    assert local.send("POST", "/api/v1/features/", body(name)).status == 201
    times = [now - hours * 3600 * SECOND for hours in (3, 2, 1)]
    rows = [{"user_id": user, "session_duration": 300, "page_views": i + 1, "timestamp": iso(t)} for i, t in enumerate(times)]
    assert local.push(rows)["applied"] is True
    answer = local.get(f"/api/v1/features/{name}/values/{user}")
    assert answer["entity"] == {"user_id": user}
    assert answer["window"]["size"] == "1d"
    assert (answer["values"]["total_page_views"]["value"], answer["values"]["total_page_views"]["status"]) == (6, "PRESENT")
    assert from_iso(answer["values"]["total_page_views"]["event_time"]) == times[-1]
    seen = local.get(f"/api/v1/features/{name}/values/{user}", start_time=iso(times[0]), end_time=iso(times[1]))["history"]
    assert [(from_iso(row["event_time"]), row["values"]["total_page_views"]) for row in seen] == [(times[0], 1), (times[1], 3)]
    from_second = local.get(f"/api/v1/features/{name}/values/{user}", start_time=iso(times[1]))["history"]
    assert [row["values"]["total_page_views"] for row in from_second] == [3, 6]
    until_first = local.get(f"/api/v1/features/{name}/values/{user}", end_time=iso(times[0]))["history"]
    assert [row["values"]["total_page_views"] for row in until_first] == [1]


def test_an_unknown_entity_is_answered_and_an_unknown_feature_is_404(client: Client, tag: str) -> None:
    assert client.send("POST", "/api/v1/features/", body(f"known_{tag}")).status == 201
    cells = wait_for(lambda: _cells(client, f"known_{tag}", "NOT_FOUND"))  # STALE until the new group has read the log
    assert cells, client.values(f"known_{tag}", "nobody").body
    assert client.values(f"unknown_{tag}", "nobody").status == 404


def _cells(client: Client, name: str, status: str) -> list[object]:
    answer = client.values(name, "nobody")
    assert answer.status == 200
    cells = list(answer["values"].values())
    return cells if all(cell["status"] == status and cell["value"] is None for cell in cells) else []


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_documentation_is_served_from_our_own_files(stack: Stack, slash: str) -> None:
    local = stack.client(key=False)
    for path in ("/docs", "/redoc"):
        page = local.get(path + slash)
        assert page.status == 200, path
        assert "http://" not in page.body.replace(stack.url, "")
        assert "https://" not in page.body
    schema = local.send("GET", "/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert any("/values/" in path for path in schema["paths"])
