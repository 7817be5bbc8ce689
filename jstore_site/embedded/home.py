"""JSTORE_HOME: the one folder that the embedded stack writes."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOG_LIMIT = 20 * 1024 * 1024


class Busy(RuntimeError):
    """Another `up` or `stop` is at work in the same home."""


@dataclass(frozen=True)
class Home:
    """Paths inside JSTORE_HOME."""

    path: Path

    def make(self) -> None:
        """The folders; only the PostgreSQL account may pass through the home, to its own folder."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.path / "logs", self.path / "pids", self.metrics):
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def run(self) -> Path:
        """What the stack tells its users: address, login, key, pids."""
        return self.path / "run.json"

    @property
    def servers(self) -> Path:
        """Addresses and ports of the embedded servers; settings read it."""
        return self.path / "servers.json"

    @property
    def stack(self) -> Path:
        """What the processes were started with, to see whether that has changed."""
        return self.path / "stack.json"

    @property
    def metrics(self) -> Path:
        """Where the processes share their Prometheus counters."""
        return self.path / "metrics"

    def pid_file(self, name: str) -> Path:
        """Written by the process itself before it becomes its program."""
        return self.path / "pids" / name

    def log(self, name: str) -> Path:
        """The process's output."""
        return self.path / "logs" / f"{name}.log"

    def rotated_log(self, name: str) -> Path:
        """The log to append to; a long one is first put aside, one old log is kept."""
        path = self.log(name)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path

    def clear_metrics(self) -> None:
        """Counters of processes that are all gone."""
        shutil.rmtree(self.metrics)
        self.metrics.mkdir(mode=0o700)

    @contextmanager
    def lock(self, seconds: float) -> Iterator[None]:
        """Hold the home; the kernel lets go when the holder dies, so nothing is ever left locked. Raises Busy."""
        deadline = time.monotonic() + seconds
        with (self.path / "lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise Busy(f"another start or stop is at work in {self.path}; try again when it has ended") from error
                    time.sleep(0.1)
            yield
