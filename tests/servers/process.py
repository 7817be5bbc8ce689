"""One server process of the tests: started, watched, stopped by its own pid, with its log kept.

Used by every server beside this file. A server that cannot start raises `ServerFailed` with the end of its log,
so a test that asked for it fails with the reason; nothing here ever skips a test.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServerFailed(RuntimeError):
    """A server did not start, or ended by itself; the message carries the end of its log."""


def answers(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as caller:
        caller.settimeout(0.5)
        return caller.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A child process in a group of its own, its output in one log file that survives restarts."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name, self.command, self.log, self.env = name, list(command), log, env
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the command; the caller waits for its readiness."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if self.env is None else dict(self.env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self.child is not None, f"{self.name} was not started"
        return self.child.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Polls ready() until it is true; ServerFailed when the child ends first or the time is over."""
        end = time.monotonic() + seconds
        while not ready():
            if self.child is None or self.child.poll() is not None:
                code = None if self.child is None else self.child.returncode
                raise ServerFailed(f"{self.name} ended with {code} while starting\n{self.tail()}")
            if time.monotonic() > end:
                self.kill()
                raise ServerFailed(f"{self.name} was not ready in {seconds} s\n{self.tail()}")
            time.sleep(0.1)

    def stop(self, seconds: float = 20) -> None:
        """SIGTERM, then SIGKILL to the group when it has not ended in time."""
        self._signal(signal.SIGTERM)
        try:
            self._wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, as a crash would take it."""
        self._signal(signal.SIGKILL)
        self._wait(20)

    def tail(self, lines: int = 40) -> str:
        """The end of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _signal(self, number: int) -> None:
        if self.child is not None and self.child.poll() is None:
            os.killpg(self.child.pid, number)

    def _wait(self, seconds: float) -> None:
        if self.child is not None:
            self.child.wait(seconds)
