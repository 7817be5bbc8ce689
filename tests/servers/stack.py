"""A whole JStore for the tests: its own home, PostgreSQL, Valkey and every process, started by the code that `make demo` runs.

Kafka comes from outside, so it stands in the stack's run.json. The stack's own supervisor starts again what a test kills.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from jstore_site.embedded.ports import free_port
from tests.servers.http import Client
from tests.servers.process import ServerFailed

ROOT = Path(__file__).resolve().parents[2]
OURS = ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI", "KAFKA_", "JSTORE_", "PROMETHEUS_", "DJANGO_", "CELERY_")

Found = TypeVar("Found")


def wait_for(check: Callable[[], Found], seconds: float = 30, every: float = 0.2) -> Found:
    """Polls until check() is truthy or the time is over; -> its last result."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > end:
            return found
        time.sleep(every)


class Stack:
    """One running JStore. `run` is its run.json, read anew each time."""

    def __init__(self, home: Path, kafka: str | None = None, **environment: str) -> None:
        self.home, self.port = home, free_port()
        # Nothing of the test process's own servers and settings may reach it.
        kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
        self.environment = {**kept, "JSTORE_HOME": str(home), **environment}
        if kafka:
            self.environment["KAFKA_BOOTSTRAP_SERVERS"] = kafka

    @property
    def run(self) -> dict[str, Any]:
        """What run.json says now."""
        found: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return found

    @property
    def url(self) -> str:
        """Address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: bool = True) -> Client:
        """A client with the key of run.json, or without any."""
        return Client(self.url, self.run["api_key"] if key else None)

    def up(self) -> None:
        """Starts what is not running and waits until it is ready; ServerFailed with the reason and the logs' ends."""
        done = self._embedded("up", "--port", str(self.port))
        if done.returncode:
            raise ServerFailed(f"JStore did not start\n{done.stdout[-2000:]}{done.stderr[-4000:]}\n{self.logs()}")

    def stop(self) -> None:
        """Ends everything of this home."""
        self._embedded("stop")

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a Python command of the checkout beside the stack, e.g. command("manage.py", "create_api_key", "x")."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )

    def pid(self, name: str) -> int | None:
        """The pid of one process by run.json, None while it is not alive."""
        found = self.run["pids"].get(name)
        return found if found is not None and psutil.pid_exists(found) else None

    def kill(self, name: str) -> int:
        """kill -9 of one process with its children, found by its pid; -> that pid."""
        pid = wait_for(lambda: self.pid(name))
        if pid is None:
            raise ServerFailed(f"{name} is not running\n{self.logs(name)}")
        process = psutil.Process(pid)
        victims = [process, *process.children(recursive=True)]
        # PostgreSQL's backends see for themselves that their postmaster is gone, as after a real crash.
        for victim in victims[:1] if name == "postgres" else victims:
            victim.kill()
        psutil.wait_procs(victims[:1], timeout=10)
        return pid

    def wait_back(self, name: str, old_pid: int, seconds: float = 60) -> None:
        """Until the supervisor has started a killed process anew."""
        if not wait_for(lambda: self.pid(name) not in (None, old_pid), seconds):
            raise ServerFailed(f"{name} was not started again\n{self.logs('supervisor', name)}")

    def wait_ready(self, seconds: float = 60) -> None:
        """Until /readyz says that all stores are there."""
        ready = wait_for(lambda: self.client(key=False).try_get("/readyz") == 200, seconds)
        if not ready:
            raise ServerFailed(f"the stack is not ready again\n{self.logs()}")

    def logs(self, *names: str, lines: int = 25) -> str:
        """The ends of the processes' logs."""
        parts = []
        for path in sorted((self.home / "logs").glob("*.log")):
            if not names or path.stem in names:
                tail = "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
                parts.append(f"--- {path.name}\n{tail}")
        return "\n".join(parts)

    def _embedded(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.command("-m", "jstore_site.embedded", *words)
