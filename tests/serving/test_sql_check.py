"""`POST /sql/check`: what SQL would become, before anything is stored."""

from __future__ import annotations

import json
import time
from statistics import quantiles
from typing import Any

import pytest
from django.test import Client

from backends.offline.pairs import known_pairs
from core.clock import format_time, now_us
from core.spec import GroupSpec
from features import selectors, services
from serving.sql_answer import answer
from tests.processing.world import PROJECT, World

SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
ASKED: dict[str, Any] = {"entity_id": "user_id", "sql_query": SQL}


def row(user: str, amount: Any, ago: float = 60.0, **more: Any) -> dict[str, Any]:
    return {"user_id": user, "amount": amount, "timestamp": format_time(now_us() - round(ago * 1e6)), **more}


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, None)


def post(body: Any, *scopes: str) -> Any:
    text, _ = services.create_key(PROJECT, "tests", list(scopes or ("features:read", "registry:write")))
    data = body if isinstance(body, str) else json.dumps(body)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    return client.post("/api/v1/sql/check", data, content_type="application/json")


def test_it_says_what_the_definition_would_be_and_stores_nothing(world):
    found = post({**ASKED, "columns": {"amount": "BIGINT"}, "windows": ["1h", "1d"]})
    assert found.status_code == 200
    document = found.json()
    reason = document.pop("path_reason")
    assert "SUM" in reason
    assert document == {
        "valid": True,
        "errors": [],
        "columns": [
            {"name": "total", "dtype": "BIGINT", "reads": ["amount"]},
            {"name": "n", "dtype": "BIGINT", "reads": []},
        ],
        "features": [
            {"name": "total_1h", "dtype": "BIGINT"},
            {"name": "total_1d", "dtype": "BIGINT"},
            {"name": "n_1h", "dtype": "BIGINT"},
            {"name": "n_1d", "dtype": "BIGINT"},
        ],
        "input_columns": [{"name": "amount", "dtype": "BIGINT"}],
        "lineage": {"total": ["amount"], "n": []},
        "path": "tiles",
        "faster": None,
        "warnings": [],
        "preview": None,
    }
    assert selectors.group_specs(PROJECT) == []
    assert known_pairs(PROJECT) == []


def test_what_registering_gives_is_what_the_check_said(world):
    for query in (
        SQL,
        "SELECT user_id, amount FROM input_data",
        "SELECT user_id, COLLECT_LIST(amount) AS l FROM input_data GROUP BY 1",
    ):
        body = {"name": "a", "entity_id": "user_id", "transformation": {"sql_query": query, "aggregation_window": "1d"}}
        said = answer(PROJECT, {**body, "columns": {"amount": "DOUBLE"}})
        made: GroupSpec = services.register(PROJECT, {**body, "columns": {"amount": "DOUBLE"}}, "tests").group
        version = made.versions[max(made.versions)]
        assert (said["path"], said["path_reason"]) == (version.path, version.path_reason)
        assert {f["name"]: f["dtype"] for f in said["features"]} == dict(
            zip(version.outputs, version.layouts[-1].outputs, strict=True)
        )


@pytest.mark.parametrize(
    ("query", "code", "line", "column", "words"),
    [
        ("SELECT user_id,\n SUMM(amount) AS s FROM input_data GROUP BY user_id", "sql_not_allowed", 2, 2, "did you mean SUM?"),
        ("SELECT user_id, amount FORM input_data", "sql_syntax", 1, 24, "did you mean FROM?"),
        ("SELECT SUM(amount) AS s FROM input_data", "sql_not_grouped_by_entity", 1, 8, "GROUP BY user_id"),
        (SQL + " LIMIT 3", "sql_not_separable", 1, 92, "MAX_BY"),
        ("x" * 40_000, "too_large", None, None, "32768"),
    ],
)
def test_a_wrong_sql_is_an_answer(world, query, code, line, column, words):
    found = post({**ASKED, "sql_query": query, "preview": True})
    assert found.status_code == 200
    document = found.json()
    assert (document["valid"], document["path"], document["columns"], document["preview"]) == (False, None, [], None)
    (error,) = document["errors"]
    assert (error["code"], error.get("line"), error.get("column")) == (code, line, column)
    assert error["pointer"] == "/transformation/sql_query"
    assert words in error["detail"]
    assert line is None or error["near"] in query


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ("[]", 422, "not_an_object", ""),
        ("{", 400, "invalid_json", ""),
        ('{"entity_id": "a", "entity_id": "b"}', 400, "duplicate_key", ""),
        ({"entity_id": "9"}, 422, "invalid_name", "/entity_id"),
        ({"aggregation_window": "8w"}, 422, "unknown_window", "/transformation/aggregation_window"),
        ({"tiemstamp_column": "t"}, 422, "unknown_field", "/tiemstamp_column"),
        ({"transformation": {"sql_query": SQL}}, 422, "unknown_field", "/sql_query"),
        ({"source": "elsewhere"}, 422, "unknown_source", "/source"),
        ({"preview": 1}, 422, "invalid", "/preview"),
        ({"preview": {"limit": 0}}, 422, "invalid_limit", "/preview/limit"),
        ({"preview": {"of": 1}}, 422, "unknown_field", "/preview/of"),
        ({"preview": {"entities": [1.5]}}, 422, "invalid_entity", "/preview/entities/0"),
        ({"preview": {"entities": [{"item_id": "1"}]}}, 422, "invalid_entity", "/preview/entities/0"),
    ],
)
def test_a_wrong_context_is_refused(world, change, status, code, pointer):
    found = post(change if isinstance(change, str) else {**ASKED, **change})
    assert found.status_code == status, found.json()
    assert found["Content-Type"] == "application/problem+json"
    assert (found.json()["code"], found.json()["errors"][0]["pointer"]) == (code, pointer)


def test_who_may_ask(world):
    assert (
        Client().post("/api/v1/sql/check", "{}", content_type="application/json", headers={"Origin": "http://a"}).status_code
        == 401
    )
    assert post(ASKED, "features:read").status_code == 403
    assert post(ASKED, "registry:write").status_code == 200
    assert post({**ASKED, "preview": True}, "registry:write").status_code == 403


def test_types_come_from_the_group_of_the_name_and_from_other_groups_of_the_source(world):
    world.define("sums", SQL, columns={"amount": "DECIMAL(10,2)"})
    assert answer(PROJECT, ASKED)["input_columns"] == [{"name": "amount", "dtype": "DECIMAL(10,2)"}]
    world.define("words", "SELECT user_id, MAX(amount) AS m FROM input_data GROUP BY user_id", columns={"amount": "STRING"})
    assert answer(PROJECT, ASKED)["input_columns"] == [{"name": "amount", "dtype": None}], "the groups do not agree"
    assert answer(PROJECT, {**ASKED, "name": "sums"})["input_columns"] == [{"name": "amount", "dtype": "DECIMAL(10,2)"}]
    wrong = answer(PROJECT, {**ASKED, "name": "words"})
    assert (wrong["valid"], wrong["errors"][0]["line"]) == (False, 1), "its next version could not sum texts"


def test_a_column_that_nobody_sends_is_warned_of(world):
    world.push([row("u1", 1.0, kind="a")])
    found = answer(PROJECT, {**ASKED, "sql_query": SQL.replace("amount", "amuont")})
    (warned,) = found["warnings"]
    assert (warned["code"], warned["line"], warned["column"]) == ("unseen_column", 1, 21)
    assert "did you mean amount?" in warned["detail"]
    assert answer(PROJECT, ASKED)["warnings"] == []


@pytest.mark.parametrize(
    ("query", "window", "codes"),
    [
        (
            "SELECT user_id, COLLECT_LIST(amount) AS l FROM input_data GROUP BY user_id",
            None,
            ["unbounded_window", "unbounded_list"],
        ),
        ("SELECT user_id, COLLECT_LIST(amount) AS l FROM input_data GROUP BY user_id", "1h", ["unbounded_list"]),
        ("SELECT user_id, COUNT(DISTINCT kind) AS d FROM input_data GROUP BY user_id", "1h", ["high_cardinality"]),
        ("SELECT user_id, SUM(amount) / SUM(n) AS q FROM input_data GROUP BY user_id", "1h", ["division_by_zero"]),
        ("SELECT user_id, SUM(amount) / 2 / NULLIF(SUM(n), 0) AS q FROM input_data GROUP BY user_id", "1h", []),
        ("SELECT user_id, COUNT(*) AS n FROM input_data WHERE kind = NULL GROUP BY user_id", None, ["null_comparison"]),
        ("SELECT user_id, SUM(amount) AS t FROM input_data WHERE t > 1 GROUP BY user_id", None, ["shadowed_output"]),
        ("SELECT user_id, SUM(amount) AS amount FROM input_data WHERE amount > 1 GROUP BY user_id", None, []),
        (SQL + " ORDER BY total", None, ["order_ignored"]),
    ],
)
def test_the_warnings(world, query, window, codes):
    found = answer(PROJECT, {**ASKED, "sql_query": query, "aggregation_window": window})
    assert [warned["code"] for warned in found["warnings"]] == codes


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            "SELECT user_id, COUNT(*) AS n FROM input_data WHERE timestamp > now() - INTERVAL 1 DAY GROUP BY user_id",
            "aggregation_window",
        ),
        ("SELECT user_id, COLLECT_LIST(amount) AS l FROM input_data GROUP BY user_id", "LAST"),
        ("SELECT DISTINCT user_id, 1 AS one FROM input_data GROUP BY user_id", "GROUP BY"),
        (
            "WITH t AS (SELECT user_id, SUM(amount) AS s FROM input_data GROUP BY 1) SELECT user_id, s FROM t",
            "aggregate once",
        ),
        (SQL, None),
        ("SELECT user_id, amount FROM input_data", None),
    ],
)
def test_what_would_be_faster(world, query, words):
    found = answer(PROJECT, {**ASKED, "sql_query": query})
    assert found["valid"], found["errors"]
    if words is None:
        assert found["faster"] is None
    else:
        assert found["path"] == "recompute"
        assert words in found["faster"]


def test_it_answers_within_a_moment(world):
    """Typical SQL at once; what is as large as a text may be, within a bound. Generous: the machine has other work."""
    world.push([row(f"u{n % 50}", 1.0, kind="a") for n in range(200)])
    took = []
    for n in range(40):
        start = time.perf_counter()
        answer(PROJECT, {**ASKED, "sql_query": SQL.replace("total", f"total_{n}")})
        took.append((time.perf_counter() - start) * 1000)
    large = "SELECT user_id, " + ", ".join(f"SUM(CASE WHEN kind = 'k{n}' THEN amount END) AS s{n}" for n in range(250))
    start = time.process_time()
    assert answer(PROJECT, {**ASKED, "sql_query": large + " FROM input_data GROUP BY user_id"})["valid"]
    whole = (time.process_time() - start) * 1000
    median, worst = quantiles(took, n=100)[49], max(took)
    print(f"typical: {median:.1f} ms, the slowest of {len(took)} {worst:.1f} ms; 250 outputs: {whole:.0f} ms")
    assert median < 40
    assert whole < 2000
