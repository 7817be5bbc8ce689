"""The client against a whole running JStore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from j_feature_store import FeatureStoreClient, Invalid, NotFound, Unauthorized

pytestmark = pytest.mark.kafka  # the shared stack comes with the broker

NOW = datetime.now(UTC).replace(microsecond=0)
SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"


@pytest.fixture
def group(store, tag):
    """A group of this test's own."""
    name = f"sdk_{tag}"
    answer = store.create_feature(name, "Sums", "numerical", "user_id", {"sql_query": SQL.replace("amount", f"amount_{tag}")})
    assert (answer["name"], answer["version"], answer["status"]) == (name, 1, "active")
    return name


def row(tag: str, user: Any = "u1", amount: Any = 1.5, hours: float = 1, **more: Any) -> dict[str, Any]:
    return {"user_id": user, f"amount_{tag}": amount, "timestamp": NOW - timedelta(hours=hours), **more}


def test_events_sent_are_values_served(store, group, tag):
    sent = store.send_events("any-name", [row(tag), row(tag, amount=2, hours=2), row(tag, "u2", np.float32(0.25))], wait=30)
    assert (sent["accepted"], sent["duplicates"], sent["unrouted"], sent["rejected"], sent["applied"]) == (3, 0, 0, [], True)
    values = store.get_feature_values(group, "u1")["values"]
    assert {name: cell["value"] for name, cell in values.items()} == {"total": 3.5, "n": 2}
    online = store.get_online_features([f"{group}:total", group], {"user_id": ["u2", "nobody", "u1"]})
    assert online["metadata"]["feature_names"] == [f"{group}:total", f"{group}:total", f"{group}:n"]
    assert [result["values"] for result in online["results"]] == [[0.25, None, 3.5], [0.25, None, 3.5], [1, None, 2]]
    assert online["results"][0]["statuses"] == ["PRESENT", "NOT_FOUND", "PRESENT"]


@pytest.mark.parametrize("user", ["a/b", "josé/ação 7", "100%", "a?b#c", "a+b", "..", ".", "/", "a/"])
def test_any_text_is_an_entity(store, group, tag, user):
    store.send_events("feature-events", row(tag, user), wait=30)
    answer = store.get_feature_values(group, user)
    assert answer["entity"] == {"user_id": user}
    assert answer["values"]["n"]["value"] == 1


def test_a_composite_entity_is_a_mapping(store, tag):
    sql = f"SELECT user_id, item_id, COUNT(click_{tag}) AS clicks FROM input_data GROUP BY user_id, item_id"
    name = store.create_feature(f"clicks_{tag}", "", "numerical", ["user_id", "item_id"], {"sql_query": sql})["name"]
    store.send_events("feature-events", {"user_id": "u/1", "item_id": 7, f"click_{tag}": True}, wait=30)
    assert store.get_feature_values(name, {"user_id": "u/1", "item_id": "7"})["values"]["clicks"]["value"] == 1


def test_several_windows_of_one_definition(store, tag):
    name = store.create_feature(
        f"often_{tag}",
        "",
        "numerical",
        "user_id",
        {"sql_query": SQL.replace("amount", f"amount_{tag}")},
        windows=["7d", "5h", "1d"],
    )["name"]
    sent = store.send_events("any-name", [row(tag, hours=1), row(tag, hours=6), row(tag, hours=48)], wait=30)
    assert sent["applied"]
    found = store.get_feature_values(name, "u1")
    assert {feature: cell["value"] for feature, cell in found["values"].items()} == {
        "total_5h": 1.5, "total_1d": 3.0, "total_7d": 4.5, "n_5h": 1, "n_1d": 2, "n_7d": 3,
    }  # fmt: skip
    assert list(found["windows"]) == ["5h", "1d", "7d"]
    past = store.get_feature_values(name, "u1", at=NOW - timedelta(hours=3))["values"]
    assert (past["n_5h"]["value"], past["n_1d"]["value"], past["n_7d"]["value"]) == (1, 1, 2)
    history = store.get_feature_values(f"{name}:n_7d", "u1", start_time=NOW - timedelta(days=3))["history"]
    assert [row["values"] for row in history] == [{"n_7d": 1}, {"n_7d": 2}, {"n_7d": 3}]


def test_history_and_past_values(store, group, tag):
    store.send_events("feature-events", [row(tag, amount=1, hours=hours) for hours in (3, 2, 1)], wait=30)
    history = store.get_feature_values(group, "u1", start_time=NOW - timedelta(hours=2), end_time=NOW)["history"]
    assert [(row["values"]["total"], row["values"]["n"]) for row in history] == [(2, 2), (3, 3)]
    limited = store.get_feature_values(group, "u1", start_time=NOW - timedelta(hours=9), limit=2)
    assert len(limited["history"]) == 2
    assert limited["next"]
    assert store.get_feature_values(group, "u1", at=NOW - timedelta(hours=2, minutes=30))["values"]["n"]["value"] == 1


def test_decimals_dates_and_tables(store, tag):
    sql = f"SELECT user_id, SUM(price_{tag}) AS spent, MAX(day_{tag}) AS last_day FROM input_data GROUP BY user_id"
    columns = {f"price_{tag}": "DECIMAL(18,3)", f"day_{tag}": "DATE"}
    name = store.create_feature(f"typed_{tag}", "", "temporal", "user_id", {"sql_query": sql}, columns=columns)["name"]
    table = pa.table(
        {
            "user_id": ["u1", "u1"],
            f"price_{tag}": [Decimal("0.100"), Decimal("123456789012345.678")],
            f"day_{tag}": [NOW.date(), NOW.date() - timedelta(days=1)],
            "timestamp": [NOW - timedelta(hours=1), NOW - timedelta(hours=2)],
        }
    )
    assert store.send_events("feature-events", table, wait=30)["rejected"] == []
    values = store.get_feature_values(name, "u1")["values"]
    assert values["spent"]["value"] == "123456789012345.778"
    assert values["last_day"]["value"] == NOW.date().isoformat()


def test_a_repeated_call_counts_once(store, group, tag):
    for accepted, duplicates in ((2, 0), (0, 2)):
        sent = store.send_events("feature-events", [row(tag), row(tag)], idempotency_key=f"job-{tag}", wait=30)
        assert (sent["accepted"], sent["duplicates"]) == (accepted, duplicates)
    assert store.get_feature_values(group, "u1")["values"]["n"]["value"] == 2


def test_refused_rows_are_told_and_found_again(store, group, tag):
    sent = store.send_events("feature-events", [row(tag), row(tag, timestamp=f"never-{tag}"), row(tag, None)])
    assert [(refusal["index"], refusal["code"]) for refusal in sent["rejected"]] == [(1, "bad_timestamp"), (2, "invalid_entity")]
    letters = store.dead_letters(code="bad_timestamp", limit=10)
    assert any(f"never-{tag}" in str(letter["payload"]) for letter in letters)


def test_definitions_are_listed_and_found(store, group):
    assert store.get_feature(group)["features"] == [{"name": "total", "dtype": None}, {"name": "n", "dtype": "BIGINT"}]
    assert group in {feature["name"] for feature in store.list_features()}
    with pytest.raises(NotFound):
        store.get_feature("no_such_group_at_all")


def test_the_same_definition_is_answered_again(store, group, tag):
    again = store.create_feature(group, "Sums", "numerical", "user_id", {"sql_query": SQL.replace("amount", f"amount_{tag}")})
    assert (again["version"], again["status"]) == (1, "active")


def test_refusals_are_typed(store, stack, tag):
    with pytest.raises(Invalid) as caught:
        store.create_feature(f"bad_{tag}", "", "numerical", "user_id", {"sql_query": "SELECT user_id,\n FROM other"})
    assert caught.value.errors[0]["line"] >= 1
    assert caught.value.request_id
    with FeatureStoreClient("127.0.0.1", stack.port, api_key="jst_00000000_" + "a" * 49) as stranger, pytest.raises(Unauthorized):
        stranger.list_features()
