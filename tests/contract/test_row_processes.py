"""Contract row "processes": docker-compose brings the promised services on 127.0.0.1, and `backend-test` runs the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml by name."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def published(service: dict[str, Any]) -> dict[str, str]:
    """{host port: host address} of a service's published ports."""
    ports = {}
    for port in service.get("ports", []):
        address, host, _inside = str(port).split(":") if str(port).count(":") == 2 else ("0.0.0.0", *str(port).split(":")[:2])
        ports[host] = address
    return ports


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("postgres", {"5432"}),
        ("redis", {"6379"}),
        ("mongodb", {"27017"}),
        ("kafka", {"9092"}),
        ("web", {"8000", "3000"}),
        ("prometheus", {"9090"}),
        ("worker", set()),
        ("beat", set()),
        ("consumer", set()),
        ("applier", set()),
    ],
)
def test_a_service_is_there_with_its_ports_on_this_machine_only(services: dict[str, Any], name: str, ports: set[str]) -> None:
    assert name in services
    found = published(services[name])
    assert ports <= set(found)
    assert set(found.values()) <= {"127.0.0.1"}


def test_spark_is_among_them(services: dict[str, Any]) -> None:
    assert any(name.startswith("spark") for name in services)


def test_kafka_is_kraft_and_tells_the_host_localhost_9092(services: dict[str, Any]) -> None:
    text = str(services["kafka"].get("environment"))
    assert "broker,controller" in text
    assert "localhost:9092" in text
    assert "zookeeper" not in " ".join(services)


def test_backend_test_runs_pytest_and_is_not_started_by_up(services: dict[str, Any]) -> None:
    service = services["backend-test"]
    assert service.get("profiles"), "a profile keeps it out of `docker-compose up -d`"
    assert "pytest" in str(service.get("command") or service.get("entrypoint"))


def test_every_server_has_a_health_check(services: dict[str, Any]) -> None:
    for name in ("postgres", "redis", "mongodb", "kafka", "web"):
        assert services[name].get("healthcheck"), name
