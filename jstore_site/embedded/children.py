"""JStore's own processes: name and command. docker-compose.yml starts the same ones, and a test compares."""

import sys
from collections.abc import Mapping

PYTHON = sys.executable
APP = "jstore_site.wsgi:application"


def commands(port: int, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Process name -> command, in the order in which they are started."""
    table = {
        "web": [PYTHON, "-m", "granian", *web("127.0.0.1", port)],
        "applier": [PYTHON, "manage.py", "apply_events"],
        "worker": [PYTHON, "-m", "celery", *worker()],
        "beat": [PYTHON, "-m", "celery", *beat()],
    }
    if environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        table["consumer"] = [PYTHON, "manage.py", "consume_events"]
    return table


def web(host: str, port: int) -> list[str]:
    """Arguments of granian. A worker that dies is replaced by the main process."""
    return [
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", APP),
    ]


def worker() -> list[str]:
    """Arguments of Celery's worker; beat rings every two seconds, so INFO would be noise."""
    return ["-A", "jstore_site.celery", "worker", "--concurrency", "2", "--loglevel", "WARNING"]


def beat() -> list[str]:
    """Arguments of Celery's beat."""
    return ["-A", "jstore_site.celery", "beat", "--loglevel", "WARNING", "--pidfile="]
