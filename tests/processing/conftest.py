"""One JStore in this process for each test of the pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from features import services
from processing import consume, poison
from processing.consume import Consumer
from processing.kafka_ingest import accept_kafka
from tests.processing.consuming import Accept, Ring, Start, source_of
from tests.processing.world import NOON, PROJECT, World
from tests.servers.kafka import Kafka


@pytest.fixture
def world(fresh: object, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty one, at noon."""
    return World(monkeypatch, NOON)


class Api:
    """The REST API with a key of every scope, through Django's test client."""

    def __init__(self, *scopes: str) -> None:
        text, _ = services.create_key(PROJECT, "tests", scopes or ("events:write", "features:read", "registry:write"))
        self._key, self._client = text, Client()

    def send(self, method: str, path: str, body: Any = None, kind: str = "application/json", **headers: str) -> Any:
        """-> Django's response; `body` as JSON, bytes as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {"Authorization": f"Bearer {self._key}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self._client.generic(method, f"/api/v1{path}", data, content_type=kind, headers=named)

    def push(self, body: Any, query: str = "", kind: str = "application/json", **headers: str) -> tuple[int, Any]:
        """POST /events/ -> (status, document)."""
        answer = self.send("POST", f"/events/{query}", body, kind, **headers)
        return answer.status_code, answer.json()


@pytest.fixture
def api(world: World) -> Api:
    """Speaks to the world's project; its clock is the real one."""
    world.clock = None
    return Api()


@pytest.fixture
def start(kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """start(accept, ring) -> a consumer of the test's topic into a project of the same name."""
    monkeypatch.setattr(consume, "LONGEST_WAIT_S", 0.3)
    monkeypatch.setattr(poison, "SECONDS", 0.5)
    sources = []

    def start(accept: Accept = accept_kafka, ring: Ring | None = None) -> Consumer:
        sources.append(source_of(kafka.bootstrap, topic))
        return Consumer(topic, sources[-1], accept, ring)

    yield start
    for source in sources:
        source.close()
