"""The run's whole JStore, with Kafka: started when the first test asks for it, ended after the last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.http import Client
from tests.servers.kafka import Kafka
from tests.servers.prometheus import Prometheus
from tests.servers.stack import Stack


@pytest.fixture(scope="session")
def stack(kafka: Kafka) -> Iterator[Stack]:
    """Every process of JStore beside real servers. Tests share it, so each uses names of its own."""
    with tempfile.TemporaryDirectory(prefix="jstore-stack-") as folder:
        home = Path(folder).resolve() / "home"
        running = Stack(home, kafka.bootstrap)
        try:
            running.up()
            yield running
        finally:
            running.stop()


@pytest.fixture
def client(stack: Stack) -> Client:
    """A client with the key of the stack's run.json."""
    return stack.client()


@pytest.fixture(scope="session")
def prometheus(stack: Stack) -> Iterator[Prometheus]:
    """A real Prometheus that scrapes the stack each second."""
    with tempfile.TemporaryDirectory(prefix="jstore-prometheus-") as home:
        server = Prometheus(Path(home), f"127.0.0.1:{stack.port}")
        server.start()
        yield server
        server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that kill processes come last: what they may leave behind is no other test's trouble."""
    items.sort(key=lambda item: "chaos" in item.nodeid.split("::")[0])
