"""Each call of the client, as it goes over the wire."""

from datetime import datetime, timedelta

import pytest
from j_feature_store import FeatureStoreClient

from tests.sdk.scripted import Reply

SQL = "SELECT user_id, AVG(session_duration) AS avg_session_duration FROM input_data GROUP BY user_id"


def test_create_feature_sends_the_contracts_body(client, script):
    script.says(Reply(201, {"name": "user_metrics", "version": 1}))
    answer = client.create_feature(
        name="user_metrics",
        description="Metrics of a user",
        type="numerical",
        entity_id="user_id",
        transformation={"sql_query": SQL, "aggregation_window": "1d"},
    )
    assert answer == {"name": "user_metrics", "version": 1}
    (seen,) = script.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/features/")
    assert seen.headers["authorization"] == "Bearer jst_test"
    assert seen.headers["content-type"] == "application/json"
    assert seen.json == {
        "name": "user_metrics",
        "description": "Metrics of a user",
        "type": "numerical",
        "entity_id": "user_id",
        "transformation": {"sql_query": SQL, "aggregation_window": "1d"},
    }


def test_create_feature_takes_the_optional_words(client, script):
    client.create_feature("clicks", "", "numerical", ["user_id", "item_id"], columns={"n": "BIGINT"}, tags=("a",))
    assert script.seen[0].json["entity_id"] == ["user_id", "item_id"]
    assert script.seen[0].json["columns"] == {"n": "BIGINT"}
    assert "transformation" not in script.seen[0].json
    client.create_feature("spending", "", "numerical", "user_id", {"sql_query": SQL}, windows=("1h", "7d"))
    assert (script.seen[1].json["windows"], script.seen[1].json["transformation"]) == (["1h", "7d"], {"sql_query": SQL})


@pytest.mark.parametrize("entity", ["u1", "a/b", "josé/ação 7", "100%", "a?b#c&d=e", "a+b", "%2F", " ", "//", "~", "a/", "..a"])
def test_an_entity_arrives_as_it_is(client, script, entity):
    client.get_feature_values("user_metrics", entity)
    (seen,) = script.seen
    assert seen.path.startswith("/api/v1/features/user_metrics/values/")
    assert seen.entity == entity


def test_an_integer_entity_is_its_digits(client, script):
    client.get_feature_values("user_metrics", 42)
    assert script.seen[0].entity == "42"


@pytest.mark.parametrize("entity", [".", ".."])
def test_a_dot_entity_goes_by_name(client, script, entity):
    script.says(Reply(body={"entity_id": "user_id"}), Reply(body={"values": {}}))
    client.get_feature_values("user_metrics", entity)
    assert script.seen[1].path == "/api/v1/features/user_metrics/values/"
    assert script.seen[1].query == {"user_id": entity}


def test_a_composite_entity_goes_by_name(client, script):
    client.get_feature_values("clicks@2:n", {"user_id": "u/1", "item_id": 7})
    assert script.seen[0].path == "/api/v1/features/clicks@2:n/values/"
    assert script.seen[0].query == {"user_id": "u/1", "item_id": "7"}


@pytest.mark.parametrize("entity", [1.5, True, None, b"u"])
def test_an_entity_of_another_kind_is_refused(client, script, entity):
    with pytest.raises(TypeError, match="must be text or an integer"):
        client.get_feature_values("user_metrics", entity)
    assert script.seen == []


@pytest.mark.parametrize("arguments", [("user_metrics", ""), ("", "u1"), ("user_metrics", {})])
def test_nothing_is_asked_for_an_empty_name(client, script, arguments):
    with pytest.raises(ValueError):
        client.get_feature_values(*arguments)
    assert script.seen == []


def test_values_at_a_time(client, script):
    client.get_feature_values("user_metrics", "u1", at=datetime(2025, 2, 27, 12), as_known=True)
    assert script.seen[0].query == {"at": "2025-02-27T12:00:00Z", "as_known": "true"}
    with pytest.raises(ValueError, match="leave out start_time"):
        client.get_feature_values("user_metrics", "u1", start_time="2025-02-26T00:00:00Z", at="2025-02-27T00:00:00Z")


def test_history_follows_the_pages(client, script):
    def page(number: int, following: str | None) -> Reply:
        rows = [{"event_time": f"2025-02-{number:02}T00:00:00Z", "values": {"n": number}}]
        return Reply(body={"feature_group": "user_metrics", "version": 1, "entity": {}, "history": rows, "next": following})

    script.says(page(1, "c1"), page(2, "c2"), page(3, None))
    answer = client.get_feature_values("user_metrics", "u1", start_time=datetime(2025, 2, 1), end_time="2025-02-27T23:59:59Z")
    assert [row["values"]["n"] for row in answer["history"]] == [1, 2, 3]
    assert answer["next"] is None
    assert script.seen[0].query == {"start_time": "2025-02-01T00:00:00Z", "end_time": "2025-02-27T23:59:59Z", "limit": "10000"}
    assert [seen.query.get("cursor") for seen in script.seen] == [None, "c1", "c2"]


def test_history_stops_at_the_limit(client, script):
    script.says(Reply(body={"history": [{"event_time": "…"}] * 5, "next": "c1"}))
    answer = client.get_feature_values("user_metrics", "u1", start_time="2025-02-01T00:00:00Z", limit=5)
    assert len(script.seen) == 1
    assert script.seen[0].query["limit"] == "5"
    assert answer["next"] == "c1"
    with pytest.raises(ValueError, match="at least 1"):
        client.get_feature_values("user_metrics", "u1", start_time="2025-02-01T00:00:00Z", limit=0)


def test_online_features(client, script):
    client.get_online_features("user_metrics", {"user_id": ["u1", 2]}, max_age=timedelta(minutes=5), on_stale="null")
    assert (script.seen[0].method, script.seen[0].path) == ("POST", "/api/v1/online-features")
    assert script.seen[0].json == {
        "features": ["user_metrics"],
        "entities": {"user_id": ["u1", "2"]},
        "max_age": 300.0,
        "on_stale": "null",
    }


def test_list_features_reads_every_page(client, script):
    script.says(
        Reply(body={"count": 3, "next": f"{script.url}/api/v1/features/?page=2", "results": [{"name": "a"}, {"name": "b"}]}),
        Reply(body={"count": 3, "next": None, "results": [{"name": "c"}]}),
    )
    assert [feature["name"] for feature in client.list_features(search="x")] == ["a", "b", "c"]
    assert [seen.query for seen in script.seen] == [{"search": "x", "page": "1"}, {"search": "x", "page": "2"}]


def test_dead_letters(client, script):
    script.says(Reply(body={"results": [{"id": "1"}], "next": None}))
    assert client.dead_letters(code="bad_timestamp") == [{"id": "1"}]
    assert script.seen[0].query == {"code": "bad_timestamp", "limit": "100"}


def test_a_netrc_does_not_replace_the_key(script, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("default login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setattr("j_feature_store.transport.is_loopback", lambda url: False)
    for key in (None, "jst_mine"):
        with FeatureStoreClient("127.0.0.1", script.port, api_key=key) as client:
            client.get_feature("x")
    assert [seen.headers.get("authorization") for seen in script.seen] == [None, "Bearer jst_mine"]


def test_a_proxy_of_the_environment_does_not_stand_before_loopback(client, script, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    client.get_feature("x")
    assert len(script.seen) == 1


def test_check_sql_asks_and_gives_wrong_sql_back_as_an_answer(client, script):
    script.says(Reply(200, {"valid": False, "errors": [{"code": "sql_syntax", "line": 1, "column": 8}]}))
    answer = client.check_sql(("user_id",), SQL, preview={"entities": ["u1"]}, aggregation_window="1d")
    assert answer["errors"][0]["line"] == 1
    (sent,) = script.seen
    assert (sent.method, sent.path) == ("POST", "/api/v1/sql/check")
    assert sent.json == {
        "entity_id": ["user_id"],
        "sql_query": SQL,
        "preview": {"entities": ["u1"]},
        "aggregation_window": "1d",
    }
