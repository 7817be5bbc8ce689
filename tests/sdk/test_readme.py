"""The README's example, run as it is printed but for the addresses and the key."""

import contextlib
import io
import re
from typing import Any

import j_feature_store
import pytest

from tests.sdk.conftest import SDK
from tests.servers.stack import Stack, wait_for

BLOCKS = re.findall(r"```python\n(.*?)```", (SDK / "README.md").read_text("utf-8"), re.DOTALL)


def adapted(source: str, stack: Stack, kafka: str | None, name: str) -> str:
    """The example with this stack's host, port, use_ssl, api_key and Kafka settings, and a name that no other test uses."""
    changes: dict[str, str] = {
        r'host="[^"]*"': 'host="127.0.0.1"',
        r"port=\d+": f"port={stack.port}",
        r"use_ssl=True": "use_ssl=False",
        r'api_key="[^"]*"': f'api_key="{stack.run["api_key"]}"',
        r"user_metrics": name,
        # plain events go to every group of their columns, and a group covers the log before it: an entity of one's own
        r"user_123": f"user_of_{name}",
    }
    if kafka:
        changes[r'bootstrap_servers="[^"]*"'] = f'bootstrap_servers="{kafka}"'
        changes[r'security_protocol="[^"]*"'] = 'security_protocol="PLAINTEXT"'
        changes[r'(sasl_\w+)="[^"]*"'] = r"\1=None"
    else:
        changes[r"client\.configure_kafka\(.*?\n\)\n"] = ""
    for pattern, change in changes.items():
        source, times = re.subn(pattern, change, source, flags=re.DOTALL)
        assert times, f"the example no longer has {pattern}"
    return source


def run(source: str) -> dict[str, Any]:
    printed: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "README.md", "exec"), printed)
    return printed


@pytest.mark.kafka
@pytest.mark.parametrize("way", ["http", "kafka"])
def test_the_example_runs(stack, tag, way):
    name = f"readme_{way}_{tag}"
    ran = run(adapted(BLOCKS[0], stack, stack.run["kafka_bootstrap_servers"] if way == "kafka" else None, name))
    assert [feature["name"] for feature in ran["feature"]["features"]] == ["avg_session_duration", "total_page_views"]
    client, history = ran["client"], ran["values"]["history"]
    row = {"event_time": "2025-02-27T12:00:00Z", "values": {"avg_session_duration": 300, "total_page_views": 10}}
    if way == "kafka":  # confirmed by the broker, in the log a little later
        asked = {"feature_name": name, "entity_id": f"user_of_{name}", "start_time": "2025-02-26T00:00:00Z"}
        wait_for(lambda: client.get_feature_values(**asked)["history"] == [row])
        history = client.get_feature_values(**asked)["history"]
    assert history == [row], "HTTP answers after the commit, and history is computed from the log"
    client.close()


@pytest.mark.kafka
def test_the_errors_example_prints_line_and_column(stack):
    printed = io.StringIO()
    client = j_feature_store.FeatureStoreClient("127.0.0.1", stack.port, api_key=stack.run["api_key"])
    with client, contextlib.redirect_stdout(printed):
        exec(compile(BLOCKS[1], "README.md", "exec"), {"client": client})
    assert printed.getvalue().startswith("sql_syntax 1 ")
