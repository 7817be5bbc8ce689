"""Contract row "SQL": one SELECT over `input_data`, in Spark's dialect, grouped by the entity key."""

from __future__ import annotations

import pytest

from tests.contract import promise
from tests.servers.http import Client


def test_the_example_gives_its_columns_in_order_and_its_values(client: Client, tag: str) -> None:
    answer = client.define(f"sql_{tag}", promise.SQL)
    assert answer.status == 201
    assert [feature["name"] for feature in answer["features"]] == ["avg_session_duration", "total_page_views"]
    rows = [{"user_id": f"u-{tag}", "session_duration": d, "page_views": p} for d, p in ((10, 1), (20, 2), (60, 4))]
    assert client.push(rows)["applied"] is True
    assert client.value(f"sql_{tag}", f"u-{tag}", "avg_session_duration") == 30
    assert client.value(f"sql_{tag}", f"u-{tag}", "total_page_views") == 7


def test_spark_words_are_understood(client: Client, tag: str) -> None:
    sql = (
        f"SELECT user_id, COUNT_IF(page_views > 1) AS many, NVL(MAX(kind_{tag}), 'none') AS kind, SUM(page_views) FILTER"
        " (WHERE session_duration >= 20) AS long_views FROM input_data WHERE page_views IS NOT NULL GROUP BY user_id"
    )
    answer = client.define(f"spark_{tag}", sql)
    assert answer.status == 201, answer.body
    rows = [{"user_id": "s", "session_duration": d, "page_views": p, f"kind_{tag}": None} for d, p in ((10, 1), (20, 2), (60, 4))]
    assert client.push([*rows, {**rows[0], "user_id": "t", f"kind_{tag}": "x"}])["applied"] is True
    for user, want in (("s", [2, "none", 6]), ("t", [0, "x", None])):
        assert [client.value(f"spark_{tag}", user, name) for name in ("many", "kind", "long_views")] == want


@pytest.mark.parametrize(
    ("sql", "code", "place"),
    [
        ("SELECT user_id FROM", "sql_syntax", None),
        ("SELECT user_id, SUM(x) AS s FROM other_table GROUP BY user_id", "sql_not_allowed", (1, 34)),
        ("DROP TABLE input_data", "sql_not_allowed", (1, 1)),
        ("SELECT country, COUNT(*) AS n FROM input_data GROUP BY country", "sql_not_grouped_by_entity", None),
    ],
)
def test_anything_else_is_refused_with_its_place_and_nothing_is_stored(
    client: Client, tag: str, sql: str, code: str, place: tuple[int, int] | None
) -> None:
    answer = client.define(f"bad_{tag}", sql)
    assert (answer.status, answer["code"]) == (422, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    (error,) = answer["errors"]
    assert error["detail"]
    if place is not None:
        assert (error["line"], error["column"]) == place
    assert client.get(f"/api/v1/features/bad_{tag}").status == 404
