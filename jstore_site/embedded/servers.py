"""The two embedded servers of a home: which of them are wanted, on which ports, started and found again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import psutil

from jstore_site.conf.environment import local_secrets, read_json, write_json
from jstore_site.embedded import process
from jstore_site.embedded.account import as_server_user, let_pass
from jstore_site.embedded.home import Home
from jstore_site.embedded.ports import becomes_free, free_port
from jstore_site.embedded.postgres import Postgres
from jstore_site.embedded.valkey import Valkey

Server = Postgres | Valkey

VARIABLES = {"postgres": "POSTGRES_URI", "valkey": "REDIS_URI"}


def wanted(environment: Mapping[str, str]) -> list[str]:
    """Servers that the environment does not name."""
    return [name for name, variable in VARIABLES.items() if not environment.get(variable)]


def find(home: Home, name: str) -> psutil.Process | None:
    """The running server of this home."""
    if name != "postgres":
        return process.find(home, name)
    return _postgres(home, 0).process()


def ensure(home: Home, name: str) -> subprocess.Popen[bytes] | None:
    """Start a server unless it runs; -> what was started. Its port stays the same while that is free."""
    if find(home, name) is not None:
        return None
    known = read_json(home.servers)
    port = int(known.get(f"{name}_port") or 0)
    if not port or not becomes_free(port, 2):
        port = free_port()
    server = _server(home, name, port)
    server.initialise()
    options: dict[str, Any] = {}
    if isinstance(server, Postgres):
        let_pass(server.data)
        _clear_backends(server)
        # PostgreSQL would take any living process of ours with that pid for itself, and refuse to start.
        (server.data / "postmaster.pid").unlink(missing_ok=True)
        options = as_server_user()
    else:
        process.kill(process.left_behind(home, name))
    started = process.spawn(home, name, server.command(), dict(os.environ), **options)
    write_json(home.servers, {**known, f"{name}_port": port, f"{name}_uri" if name == "postgres" else "redis_uri": server.uri})
    return started


def addresses(home: Home) -> dict[str, Any]:
    """Where the embedded servers of this home are, for the processes that read it when they start."""
    return {name: uri for name, uri in read_json(home.servers).items() if name.endswith("_uri")}


def wait(home: Home, name: str) -> None:
    """Until the server answers; raises TimeoutError."""
    _server(home, name, int(read_json(home.servers)[f"{name}_port"])).wait(60)


def stop(home: Home, name: str) -> bool:
    """End a server in its orderly way; -> whether one ran."""
    found = find(home, name)
    if found is None:
        return False
    found.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)  # SIGINT: PostgreSQL's fast shutdown
    if not process.wait_gone(found, 20):
        process.kill([found])
    return True


def _server(home: Home, name: str, port: int) -> Server:
    if name == "postgres":
        return _postgres(home, port)
    return Valkey(home.path / "valkey", port, local_secrets(home.path)["server_password"])


def _postgres(home: Home, port: int) -> Postgres:
    return Postgres(home.path / "postgres", port, local_secrets(home.path)["server_password"])


def _clear_backends(server: Postgres) -> None:
    """Backends notice by themselves that their postmaster was killed; one deep in a query does not in time."""
    deadline = time.monotonic() + 1
    while left := server.orphans():
        if time.monotonic() > deadline:
            process.kill(left)
        time.sleep(0.02)
