"""Contract row "demo": `demo/generate_data.py` makes "Customer Metrics", sends events and shows the values."""

from __future__ import annotations

import pytest

from tests.servers.http import Client
from tests.servers.stack import Stack, wait_for


@pytest.fixture(scope="module")
def printed(stack: Stack) -> str:
    """What the demo prints, run a second time: it must be as good on a stack that has seen it."""
    for _ in range(2):
        done = stack.command("demo/generate_data.py")
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def test_it_makes_customer_metrics_with_its_two_features(client: Client, printed: str) -> None:
    answer = client.get("/api/v1/features/customer_metrics")
    assert answer.status == 200
    assert {"total_purchases", "average_ticket"} <= {feature["name"] for feature in answer["features"]}
    assert (answer["version"], answer["status"]) == (1, "active"), "a second run changes no definition"


def test_it_shows_values_and_dead_letters(client: Client, printed: str) -> None:
    for words in ("total_purchases", "average_ticket"):
        assert words in printed
    assert client.get("/api/v1/dead-letters/")["results"], "the demo sends a few malformed events"


def test_its_customers_have_values(client: Client, printed: str) -> None:
    letters = wait_for(lambda: client.get("/api/v1/features/")["count"] >= 3)
    assert letters, "the fraud and marketing examples stand beside it"
