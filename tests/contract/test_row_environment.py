"""Contract row "environment": four variables name the servers; unset = the embedded default."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.stack import OURS, ROOT, Stack

SHOW = """
import json
from django.conf import settings
default = settings.DATABASES["default"]
print(json.dumps({
    "postgres": [default["HOST"], str(default["PORT"]), default["NAME"], default["USER"]],
    "redis": settings.REDIS_URI,
    "kafka": settings.KAFKA_BOOTSTRAP_SERVERS,
    "registry": settings.DATABASES.get("registry", {}).get("ENGINE", "default"),
    "local": settings.JSTORE_ANONYMOUS_LOCAL,
}))
"""


def settings_under(home: Path, **environment: str) -> dict[str, object]:
    """What the settings say in a new process with these variables and no others of ours."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    child = {**kept, "DJANGO_SETTINGS_MODULE": "jstore_site.settings", "JSTORE_HOME": str(home), **environment}
    done = subprocess.run([sys.executable, "-c", SHOW], cwd=ROOT, env=child, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_each_variable_names_its_server(tmp_path: Path) -> None:
    seen = settings_under(
        tmp_path,
        KAFKA_BOOTSTRAP_SERVERS="kafka.example:9092",
        POSTGRES_URI="postgresql://someone:secret@pg.example:5544/features",
        REDIS_URI="redis://:secret@redis.example:6399/2",
        MONGODB_URI="mongodb://mongo.example:27017/registry",
        JSTORE_SECRET_KEY="s" * 60,
        JSTORE_KEY_PEPPER="p" * 60,
    )
    assert seen["postgres"] == ["pg.example", "5544", "features", "someone"]
    assert seen["redis"] == "redis://:secret@redis.example:6399/2"
    assert seen["kafka"] == "kafka.example:9092"
    assert seen["registry"] == "django_mongodb_backend"
    assert seen["local"] is False, "named servers are somebody's deployment: no key, no entry"


def test_unset_means_the_embedded_servers_of_this_home(stack: Stack) -> None:
    seen = settings_under(stack.home)
    uri = str(stack.run["postgres_uri"])
    host, port = uri.rsplit("@", 1)[1].split("/")[0].split(":")
    assert seen["postgres"][:2] == [host, port]  # type: ignore[index]
    assert seen["redis"] == stack.run["redis_uri"]
    assert (seen["kafka"], seen["registry"], seen["local"]) == ("", "default", True)


@pytest.mark.kafka
def test_the_stack_runs_on_embedded_stores_and_the_named_kafka(stack: Stack) -> None:
    assert stack.run["kafka_bootstrap_servers"] == stack.environment["KAFKA_BOOTSTRAP_SERVERS"]
    running = {"web", "applier", "worker", "beat", "consumer", "postgres", "valkey"}
    assert running <= set(stack.run["pids"])
    assert (stack.home / "run.json").stat().st_mode & 0o777 == 0o600
