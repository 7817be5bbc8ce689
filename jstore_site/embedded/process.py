"""Processes by identity. A pid alone may be somebody else's by now; ours carry JSTORE_PROCESS and JSTORE_HOME.

PostgreSQL overwrites its environment with its title, so it is known by the lock file in its data directory instead.
"""

import subprocess
import time
from collections.abc import Iterable, Mapping
from typing import Any

import psutil

from jstore_site.embedded.home import Home

# The shell writes its own pid and becomes the program, so there is no moment at which it runs unrecorded.
_RECORDED = 'echo $$ > "$0.new" && mv "$0.new" "$0" && exec "$@"'


def spawn(home: Home, name: str, command: list[str], environment: Mapping[str, str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process of its own session, known by its name in this home; output goes to its log."""
    marked = {**environment, "JSTORE_HOME": str(home.path), "JSTORE_PROCESS": name}
    recorded = command if "user" in options else ["/bin/sh", "-c", _RECORDED, str(home.pid_file(name)), *command]
    with home.rotated_log(name).open("ab") as log:
        return subprocess.Popen(
            recorded, env=marked, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
        )


def find(home: Home, name: str) -> psutil.Process | None:
    """The running process of this name, None when it is dead or its pid is another's."""
    try:
        process = psutil.Process(int(home.pid_file(name).read_text("utf-8")))
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if is_ours(process, home, name) else None


def is_ours(process: psutil.Process, home: Home, name: str) -> bool:
    """Whether a process was started by this stack under this name, and lives."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        environment: dict[str, str] = process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return (environment.get("JSTORE_PROCESS"), environment.get("JSTORE_HOME")) == (name, str(home.path))


def left_behind(home: Home, name: str) -> list[psutil.Process]:
    """Every process of this name: children that outlived a killed parent hold its port and would answer for it."""
    return [process for process in psutil.process_iter() if is_ours(process, home, name)]


def end(processes: Iterable[psutil.Process], seconds: float = 10) -> None:
    """Ask processes to end, and end those that have not by then."""
    processes = list(processes)
    for process in processes:
        _send(process, psutil.Process.terminate)
    kill(_left(processes, seconds))


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes at once. psutil compares the start time before it sends a signal."""
    processes = list(processes)
    for process in processes:
        _send(process, psutil.Process.kill)
    _left(processes, 5)


def wait_gone(process: psutil.Process, seconds: float) -> bool:
    """Whether a process ends by itself in time."""
    return not _left([process], seconds)


def _left(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after that time. A zombie is gone: in a container nobody may ever reap it, which psutil waits for."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if not _gone(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _send(process: psutil.Process, signal: Any) -> None:
    try:
        signal(process)
    except psutil.NoSuchProcess:
        return
