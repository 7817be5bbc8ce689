"""With JSTORE_ENGINE=spark the doorbell makes a Celery task run a Spark job that reads Kafka by offset: same results."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests import oracle
from tests.servers.kafka import Kafka
from tests.servers.stack import Stack, wait_for

pytestmark = [pytest.mark.spark, pytest.mark.kafka]
OUTPUTS = {"total": ("sum", "amount"), "n": ("count",), "high": ("max", "amount"), "mean": ("avg", "amount")}
TILES = (
    "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, MAX(amount) AS high, AVG(amount) AS mean"
    " FROM input_data GROUP BY user_id"
)
GROUPS = {
    "spark_all": (TILES, None),
    "spark_1d": (TILES, "1d"),
    "spark_re": (TILES.replace(" FROM", ", SIZE(COLLECT_LIST(kind)) AS kinds FROM"), "7d"),
}


@pytest.fixture(scope="module")
def spark_stack(kafka: Kafka):
    with tempfile.TemporaryDirectory(prefix="jstore-spark-") as folder:
        running = Stack(Path(folder).resolve() / "home", kafka.bootstrap, JSTORE_ENGINE="spark", KAFKA_TOPIC="spark-events")
        try:
            running.up()
            yield running
        finally:
            running.stop()


def test_kafka_and_http_rows_are_applied_by_a_spark_job_as_the_oracle_says(spark_stack, kafka):
    client = spark_stack.client()
    for name, (sql, window) in GROUPS.items():
        transformation = {"sql_query": sql} | ({"aggregation_window": window} if window else {})
        client.send(
            "POST",
            "/api/v1/features/",
            {"name": name, "description": "", "type": "numerical", "entity_id": "user_id", "transformation": transformation},
        )
    wait_for(lambda: all(_status(client, name) == "NOT_FOUND" for name in GROUPS), 60)
    now = int(time.time() * 1e6)
    events = [{"us": now - i * 3_600_000_000, "user_id": f"u{i % 5}", "amount": float(i), "kind": "ab"[i % 2]} for i in range(60)]
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for event in events[:50]:
        producer.send("spark-events", json.dumps({**event, "timestamp": oracle.iso(event["us"])}).encode())
    producer.send("spark-events", b"{nonsense")
    producer.close()
    client.send("POST", "/api/v1/events/", [{**event, "timestamp": oracle.iso(event["us"])} for event in events[50:]])
    wrong = wait_for(lambda: not _wrong(client, events), 180, every=2)
    assert wrong, (_wrong(client, events), spark_stack.logs("worker", "consumer", "applier"))
    worker = (spark_stack.home / "logs" / "worker.log").read_text()
    assert "spark_job" in worker
    assert _kafka_rows(worker) == 50, worker[-3000:]


def _status(client, name):
    return client.get(f"/api/v1/features/{name}/values/nobody")["values"]["total"]["status"]


def _wrong(client, events):
    found = []
    for name, (_, window) in GROUPS.items():
        for user in {e["user_id"] for e in events}:
            answer = client.get(f"/api/v1/features/{name}/values/{user}")
            mine = [e for e in events if e["user_id"] == user]
            want = oracle.value(mine, oracle.from_iso(answer["as_of"]), window, OUTPUTS)
            got = {feature: cell["value"] for feature, cell in answer["values"].items()}
            if want is None or any(not oracle.same(got[f], want[f], 1e4) for f in want):
                found.append((name, user, got, want))
    return found


def _kafka_rows(log: str) -> int:
    """How many rows Spark read from the broker, by the jobs' own account."""
    return sum(int(number) for number in re.findall(r"kafka_rows\W+(?:\x1b\[\d+m)*(\d+)", log))
