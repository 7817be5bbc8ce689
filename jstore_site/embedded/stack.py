"""Start, find again and end everything of one home. Only what is dead is started; only what is ours is ended."""

import hashlib
import http.client
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from jstore_site.conf.environment import BASE_DIR, local_secrets, read_json, write_json
from jstore_site.embedded import children, process, servers
from jstore_site.embedded.home import Home
from jstore_site.embedded.ports import is_free

DEFAULT_PORT = 8000
# What a change of the code is seen by.
CODE = ("core", "backends", "features", "processing", "serving", "monitoring", "jstore_site", "templates", "locale")

SUFFIXES = (".py", ".html", ".lua", ".sql", ".mo")

Say = Callable[[str], None]


class CannotStart(RuntimeError):
    """The stack did not come up; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """One home and the environment that its processes get."""

    home: Home
    environment: Mapping[str, str]
    say: Say = print

    def up(self, port: int | None, seconds: float = 120) -> dict[str, Any]:
        """Start what is not running; -> what run.json holds. Raises CannotStart, or Busy."""
        self.home.make()
        with self.home.lock(60):
            local_secrets(self.home.path)  # before any process reads settings: with servers of the user's, none would make them
            known = read_json(self.home.stack)
            runs_on = int(known["port"]) if known and self.find("web") else None
            port = port or runs_on or DEFAULT_PORT
            wanted = {"port": port, "fingerprint": self._fingerprint()}
            if port != runs_on:
                self._check_port(port)
            if known != wanted:
                self._end_processes()
            if not any(self.pids().values()):
                self.home.clear_metrics()
            if self._start_servers() or known != wanted or not self.home.run.exists():
                self._prepare()
            write_json(self.home.stack, wanted)  # after it: an interrupted start prepares again
            self.ensure_processes(port)
            self._ensure_supervisor()
        # The lock is free again: a process that dies while it starts is the supervisor's.
        self._wait_ready(port, seconds)
        return self.write_run(port)

    def stop(self) -> list[str]:
        """End everything of this home, the supervisor first; -> names of what ran."""
        if not self.home.path.exists():
            return []
        self.home.make()
        with self.home.lock(60):
            ran = [name for name, pid in self.pids().items() if pid]
            self._end_processes()
            for name in ("valkey", "postgres"):
                if servers.stop(self.home, name):
                    self.say(f"stopped {name}")
            self.home.run.unlink(missing_ok=True)
            return ran

    def pids(self) -> dict[str, int | None]:
        """Process name -> pid, None where it is wanted and not running."""
        port = int(read_json(self.home.stack).get("port") or DEFAULT_PORT)
        names = [*servers.wanted(self.environment), *children.commands(port, self.environment), "supervisor"]
        found = {name: self.find(name) for name in names}
        return {name: None if one is None else one.pid for name, one in found.items()}

    def find(self, name: str) -> psutil.Process | None:
        """A running process of this home by name."""
        return servers.find(self.home, name) if name in servers.VARIABLES else process.find(self.home, name)

    def ensure_processes(self, port: int) -> list[subprocess.Popen[bytes]]:
        """Start JStore's processes that are not running; -> the started ones."""
        started = []
        for name, command in children.commands(port, self.environment).items():
            if process.find(self.home, name) is None:
                process.kill(process.left_behind(self.home, name))
                started.append(self.spawn(name, command))
        return started

    def spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one process from the checkout, with the environment of this stack."""
        self.say(f"starting {name}")
        return process.spawn(self.home, name, command, self.child_environment(), cwd=str(BASE_DIR))

    def child_environment(self) -> dict[str, str]:
        """What every process of the stack gets."""
        return {
            **self.environment,
            "DJANGO_SETTINGS_MODULE": "jstore_site.settings",
            "JSTORE_HOME": str(self.home.path),
            "PROMETHEUS_MULTIPROC_DIR": str(self.home.metrics),
            "PYTHONUNBUFFERED": "1",
        }

    def write_run(self, port: int) -> dict[str, Any]:
        """Tell users what runs: run.json, readable by its owner only."""
        secrets = local_secrets(self.home.path)
        addresses = read_json(self.home.servers)
        run = {
            "url": f"http://127.0.0.1:{port}",
            "username": "demo",
            "password": secrets["demo_password"],
            "api_key": secrets.get("api_key", ""),
            "postgres_uri": self.environment.get("POSTGRES_URI") or addresses.get("postgres_uri"),
            "redis_uri": self.environment.get("REDIS_URI") or addresses.get("redis_uri"),
            "kafka_bootstrap_servers": self.environment.get("KAFKA_BOOTSTRAP_SERVERS") or None,
            "pids": {name: pid for name, pid in self.pids().items() if pid},
        }
        write_json(self.home.run, run)
        return run

    def ensure_servers(self, names: Iterable[str]) -> dict[str, subprocess.Popen[bytes]]:
        """Start the servers that are not running; -> the started ones.

        One that had to take another port ends JStore's processes: they know the old address, and start again with the new.
        """
        before = servers.addresses(self.home)
        started = {}
        for name in names:
            one = servers.ensure(self.home, name)
            if one is not None:
                self.say(f"starting {name}")
                started[name] = one
        if before and before != servers.addresses(self.home):
            for name in children.commands(0, self.environment):
                process.kill(process.left_behind(self.home, name))
        return started

    def _start_servers(self) -> bool:
        started = self.ensure_servers(servers.wanted(self.environment))
        for name in servers.wanted(self.environment):
            servers.wait(self.home, name)
        return bool(started)

    def _prepare(self) -> None:
        """Tables, the demo's login and key, and the published definitions."""
        self.say("preparing the databases")
        command = [children.PYTHON, "manage.py", "prepare_stack", "--demo"]
        done = subprocess.run(
            command,
            env=self.child_environment(),
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise CannotStart(f"the databases could not be prepared:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")

    def _ensure_supervisor(self) -> None:
        if process.find(self.home, "supervisor") is None:
            self.spawn("supervisor", [children.PYTHON, "-m", "jstore_site.embedded", "supervise"])

    def _end_processes(self) -> None:
        """The supervisor, then the others with their children. Servers stay."""
        names = ["supervisor", *reversed(children.commands(0, {"KAFKA_BOOTSTRAP_SERVERS": "any"}))]
        for group in (names[:1], names[1:]):
            running = [found for name in group if (found := process.find(self.home, name))]
            process.end(running)
            for name in group:
                process.kill(process.left_behind(self.home, name))
        for name in names:
            self.home.pid_file(name).unlink(missing_ok=True)

    def _check_port(self, port: int) -> None:
        if process.find(self.home, "web") is None:
            process.kill(process.left_behind(self.home, "web"))
        if not is_free(port):
            raise CannotStart(f"port {port} of 127.0.0.1 is taken. Choose another: make demo PORT={port + 1}")

    def _wait_ready(self, port: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not _is_ready(port):
            if time.monotonic() > deadline:
                log = self.home.log("web")
                tail = log.read_text("utf-8", "replace")[-3000:] if log.exists() else ""
                raise CannotStart(f"the web server is not ready after {seconds:.0f} s; the end of {log}:\n{tail}")
            time.sleep(0.1)

    def _fingerprint(self) -> str:
        """Changes with the code and with the variables that the processes read."""
        digest = hashlib.sha256()
        for name, value in sorted(self.environment.items()):
            if name.startswith(("JSTORE_", "KAFKA_", "GRANIAN_")) or name in ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI"):
                digest.update(f"{name}={value}\0".encode())
        found = [path for folder in CODE for path in (BASE_DIR / folder).rglob("*") if path.suffix in SUFFIXES]
        for path in sorted(found):
            digest.update(f"{path}:{path.stat().st_mtime_ns}\0".encode())
        return digest.hexdigest()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
