"""Contract row "metrics": the two series by name, what the counter counts, and both PromQL queries on a real Prometheus."""

from __future__ import annotations

import pytest

from tests.contract import promise
from tests.plugins.kafka import Send
from tests.servers.http import Client
from tests.servers.prometheus import Prometheus
from tests.servers.stack import wait_for


def series(client: Client, name: str) -> dict[str, float]:
    """{labels text: value} of one series at /metrics."""
    lines = [line for line in client.get("/metrics").body.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return {line.rsplit(" ", 1)[0].removeprefix(name): float(line.rsplit(" ", 1)[1]) for line in lines}


def test_the_counter_counts_rows_times_groups_applied(client: Client, tag: str) -> None:
    column = f"m_{tag}"
    for i in range(2):
        name = f"metric{i}_{tag}"
        assert client.define(name, f"SELECT user_id, SUM({column}) AS s{i} FROM input_data GROUP BY user_id").status == 201
    before = sum(series(client, "feature_processor_processed_total").values())
    assert client.push([{"user_id": "m", column: i} for i in range(10)])["applied"] is True
    counted = wait_for(lambda: sum(series(client, "feature_processor_processed_total").values()) - before >= 20)
    assert counted, "10 rows, each applied to 2 groups, count 20"


def test_both_queries_return_data_from_a_real_prometheus(client: Client, prometheus: Prometheus, tag: str) -> None:
    assert client.define(f"prom_{tag}", promise.SQL).status == 201
    health = wait_for(lambda: [target for target in prometheus.targets() if target["health"] == "up"])
    assert health, prometheus.targets()
    for query in ("rate(feature_processor_processed_total[5m])", "avg_over_time(feature_processor_processing_time_seconds[5m])"):

        def above_zero(query: str = query) -> bool:
            client.push([{"user_id": "p", "session_duration": 1, "page_views": 1}])
            return any(float(one["value"][1]) > 0 for one in prometheus.query(query))

        assert wait_for(above_zero, every=0.5), f"{query} -> {prometheus.query(query)}"


def test_runs_are_counted_by_type_and_status(client: Client, tag: str) -> None:
    name = f"runs_{tag}"
    assert client.define(name, promise.SQL).status == 201
    assert client.define(name, promise.SQL.replace("SUM", "MAX")).status == 201
    answer = client.send("POST", f"/api/v1/features/{name}/versions/2/activate")
    assert answer.status == 202, answer.body
    assert wait_for(lambda: client.get(f"/api/v1/features/{name}")["version"] == 2)
    counted = wait_for(lambda: [labels for labels in series(client, "jstore_job_runs_total") if 'status="succeeded"' in labels])
    assert counted
    assert all("type=" in labels for labels in counted)


@pytest.mark.kafka
def test_the_other_series_stand_beside_them(client: Client, send: Send, tag: str) -> None:
    send(promise.TOPIC, b"[]")  # the topic is there from its first message on, and with it the lag
    client.push([{"user_id": 1.5, "session_duration": 1, "page_views": 1, "timestamp": f"never-{tag}"}], wait=None)
    wanted = (
        "feature_processor_batch_duration_seconds_bucket",
        "jstore_dead_letters_total",
        "jstore_kafka_consumer_lag",
    )
    for name in wanted:
        assert wait_for(lambda name=name: series(client, name)), name  # type: ignore[misc]
