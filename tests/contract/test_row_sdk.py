"""Contract row "Python SDK": the package `j_feature_store`, and exactly the promised calls, run as a user's script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import promise
from tests.servers.stack import ROOT, Stack

EXAMPLE = """
import sys, time
from datetime import datetime, timedelta, timezone
from j_feature_store import FeatureStoreClient

port, api_key, kafka, name = sys.argv[1:]
client = FeatureStoreClient(host="localhost", port=int(port), use_ssl=False, api_key=api_key)
feature = client.create_feature(
    name=name,
    description="User session metrics",
    type="numerical",
    entity_id="user_id",
    transformation={"sql_query": SQL, "aggregation_window": "1d"},
)
assert [f["name"] for f in feature["features"]] == ["avg_session_duration", "total_page_views"], feature
now = datetime.now(timezone.utc)
if kafka != "-":
    client.configure_kafka(
        bootstrap_servers=kafka,
        security_protocol="PLAINTEXT",
        sasl_mechanism=None,
        sasl_plain_username=None,
        sasl_plain_password=None,
    )
user = "user_" + name
client.send_events(
    topic="feature-events",
    events=[
        {"user_id": user, "session_duration": 300, "page_views": 10, "timestamp": (now - timedelta(hours=1)).isoformat()},
        {"user_id": user, "session_duration": 100, "page_views": 5, "timestamp": now.isoformat()},
    ],
)
for _ in range(120):
    values = client.get_feature_values(feature_name=name, entity_id=user)["values"]
    if values["total_page_views"]["value"] == 15:
        break
    time.sleep(0.25)
assert (values["total_page_views"]["value"], values["avg_session_duration"]["value"]) == (15, 200), values
history = client.get_feature_values(
    feature_name=name, entity_id=user, start_time=now - timedelta(days=1), end_time=now + timedelta(minutes=1)
)["history"]
assert [row["values"]["total_page_views"] for row in history] == [10, 15], history
print("done")
"""


def run_example(stack: Stack, folder: Path, kafka: str, name: str) -> None:
    script = folder / "example.py"
    script.write_text(f"SQL = {promise.SQL!r}\n{EXAMPLE}")
    command = [sys.executable, str(script), str(stack.port), stack.run["api_key"], kafka, name]
    environment = {"PYTHONPATH": str(ROOT / "sdk" / "python"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90)
    assert done.stdout.endswith("done\n"), done.stdout[-1000:] + done.stderr[-3000:]


def test_the_example_runs_over_http(stack: Stack, tmp_path: Path, tag: str) -> None:
    run_example(stack, tmp_path, "-", f"sdk_http_{tag}")


@pytest.mark.kafka
def test_the_example_runs_over_kafka(stack: Stack, tmp_path: Path, tag: str) -> None:
    run_example(stack, tmp_path, stack.run["kafka_bootstrap_servers"], f"sdk_kafka_{tag}")
