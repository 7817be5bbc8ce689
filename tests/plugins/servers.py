"""One PostgreSQL and one Valkey for the whole run, on free ports and in a temporary folder, before Django's settings are read.

Named by `-p` in pyproject.toml. Several runs at once do not meet. Their addresses are in POSTGRES_URI and REDIS_URI.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from jstore_site.embedded.account import as_server_user, let_pass
from jstore_site.embedded.ports import free_port
from jstore_site.embedded.postgres import FAST, Postgres
from jstore_site.embedded.valkey import Valkey

_VARIABLES = ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS", "JSTORE_SECRET_KEY", "JSTORE_KEY_PEPPER")


class Servers:
    """What was started, so that exactly that is ended."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="jstore-tests-")).resolve()
        self.home.chmod(0o711)
        self.processes: list[tuple[subprocess.Popen[bytes], int]] = []

    def start(self) -> None:
        """Start both; raises with the end of the server's log where one does not come up."""
        password = secrets.token_urlsafe(16)
        postgres = Postgres(self.home / "postgres", free_port(), password, {**FAST, "max_connections": "200"})
        valkey = Valkey(self.home / "valkey", free_port(), password, {"appendonly": "no"})
        for name, server, stop, options in (
            ("valkey", valkey, signal.SIGTERM, {}),
            ("postgres", postgres, signal.SIGINT, as_server_user()),  # SIGINT: PostgreSQL's fast shutdown
        ):
            server.initialise()
            with (self.home / f"{name}.log").open("wb") as log:
                process = subprocess.Popen(server.command(), stdout=log, stderr=log, start_new_session=True, **options)
            self.processes.append((process, stop))
        for name, server in (("valkey", valkey), ("postgres", postgres)):
            try:
                server.wait(30)
            except TimeoutError as error:
                tail = (self.home / f"{name}.log").read_text("utf-8", "replace")[-2000:]
                raise pytest.UsageError(f"the tests' {name} did not start: {error}\n{tail}") from error
        for name in _VARIABLES:
            os.environ.pop(name, None)  # a developer's own stack is not the tests'
        os.environ["POSTGRES_URI"] = postgres.uri
        os.environ["REDIS_URI"] = valkey.uri
        os.environ["JSTORE_HOME"] = str(self.home / "home")
        os.environ["JSTORE_SECRET_KEY"] = secrets.token_urlsafe(48)
        os.environ["JSTORE_KEY_PEPPER"] = secrets.token_urlsafe(48)

    def end(self) -> None:
        """End what was started and remove the folder."""
        for process, stop in reversed(self.processes):
            process.send_signal(stop)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)


_running: list[Servers] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Around every other plugin's: pytest-django reads the settings in its own."""
    if not (early_config.known_args_namespace.help or early_config.known_args_namespace.version):
        servers = Servers()
        _running.append(servers)
        let_pass(servers.home)
        servers.start()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """After the last test and the last fixture."""
    while _running:
        _running.pop().end()
