"""Starts the run's servers as its own children and ends them when its standard input closes: also when the run is killed -9.

python -m tests.plugins.guard FOLDER    first line of input: [[name, command, signal, user or null], ..] as JSON
"""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path


def _stay(number: int, frame: object) -> None:
    """Only the end of the run ends the guard."""


def main(folder: Path) -> None:
    """Until the end of input; the folder goes with the servers."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stay)  # a handler, and not SIG_IGN, which the servers would inherit
    running = []
    for name, command, stop, user in json.loads(sys.stdin.readline()):
        options = {"user": user, "group": user, "extra_groups": [], "cwd": "/"} if user is not None else {}
        with (folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        running.append((child, stop))
    sys.stdin.read()
    for child, stop in reversed(running):
        child.send_signal(stop)
    for child, _ in running:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
