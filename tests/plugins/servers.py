"""One PostgreSQL and one Valkey for the whole run, on free ports and in a temporary folder, before Django's settings are read.

Named by `-p` in pyproject.toml. Several runs at once do not meet. Their addresses are in POSTGRES_URI and REDIS_URI.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from jstore_site.embedded.account import let_pass, server_user
from jstore_site.embedded.ports import free_port
from jstore_site.embedded.postgres import FAST, Postgres
from jstore_site.embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
# A developer's own stack is not the tests'.
_VARIABLES = ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS", "JSTORE_SECRET_KEY", "JSTORE_KEY_PEPPER")


class Servers:
    """What the run stands on, under a guard that outlives it for as long as ending them takes."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="jstore-tests-")).resolve()
        self.home.chmod(0o711)
        let_pass(self.home)
        password = secrets.token_urlsafe(16)
        self.postgres = Postgres(self.home / "postgres", free_port(), password, {**FAST, "max_connections": "200"})
        self.valkey = Valkey(self.home / "valkey", free_port(), password, {"appendonly": "no"})
        self.guard: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start both; raises with the end of the server's log where one does not come up."""
        self.postgres.initialise()
        self.valkey.initialise()
        account = server_user()
        plan = [
            ("valkey", self.valkey.command(), int(signal.SIGTERM), None),
            ("postgres", self.postgres.command(), int(signal.SIGINT), account and account.pw_uid),  # SIGINT: fast shutdown
        ]
        command = [sys.executable, "-m", "tests.plugins.guard", str(self.home)]
        self.guard = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True)
        assert self.guard.stdin is not None
        self.guard.stdin.write(json.dumps(plan) + "\n")
        self.guard.stdin.flush()
        for name, server in (("valkey", self.valkey), ("postgres", self.postgres)):
            try:
                server.wait(60)
            except TimeoutError as error:
                log = self.home / f"{name}.log"
                tail = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
                raise pytest.UsageError(f"the tests' {name} did not start: {error}\n{tail}") from error

    def tell(self) -> None:
        """Put the addresses, and secrets of the run's own, where settings look for them."""
        for name in _VARIABLES:
            os.environ.pop(name, None)
        os.environ["POSTGRES_URI"] = self.postgres.uri
        os.environ["REDIS_URI"] = self.valkey.uri
        os.environ["JSTORE_HOME"] = str(self.home / "home")
        os.environ["JSTORE_SECRET_KEY"] = secrets.token_urlsafe(48)
        os.environ["JSTORE_KEY_PEPPER"] = secrets.token_urlsafe(48)

    def end(self) -> None:
        """Let the guard end them and remove the folder."""
        if self.guard is not None and self.guard.stdin is not None:
            self.guard.stdin.close()
            self.guard.wait(30)


_running: list[Servers] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Around every other plugin's: pytest-django reads the settings in its own."""
    if not (early_config.known_args_namespace.help or early_config.known_args_namespace.version):
        servers = Servers()
        _running.append(servers)
        servers.start()
        servers.tell()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """After the last test and the last fixture."""
    while _running:
        _running.pop().end()
