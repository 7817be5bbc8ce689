"""`python -m jstore_site.embedded up [--port N] | stop | status | welcome`."""

import argparse
import os
import sys

from jstore_site.conf.environment import JSTORE_HOME, read_json
from jstore_site.embedded.home import Busy, Home
from jstore_site.embedded.stack import CannotStart, Stack
from jstore_site.embedded.supervisor import supervise


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 could not, 3 (status) not everything runs."""
    parser = argparse.ArgumentParser(prog="python -m jstore_site.embedded", description=__doc__)
    parser.add_argument("action", choices=["up", "stop", "status", "welcome", "supervise"])
    parser.add_argument("--port", type=int, default=None, help="the web port (default: the running one's, else 8000)")
    given = parser.parse_args(arguments)
    stack = Stack(Home(JSTORE_HOME), _environment(), say=_say)
    try:
        match given.action:
            case "up":
                run = stack.up(given.port)
                _say(f"JStore is at {run['url']}")
            case "stop":
                ran = stack.stop()
                _say("stopped" if ran else "nothing was running")
            case "supervise":
                supervise(stack)
            case "status":
                return _status(stack)
            case "welcome":
                _welcome(stack)
    except (CannotStart, Busy, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _status(stack: Stack) -> int:
    pids = stack.pids() if stack.home.path.exists() else {}
    for name, pid in pids.items():
        _say(f"{name:<11} {pid or 'not running'}")
    return 0 if pids and all(pids.values()) else 3


def _welcome(stack: Stack) -> None:
    run = read_json(stack.home.run)
    url = run["url"]
    _say(
        f"""
JStore runs on this machine: {url}/

  login      {run["username"]}, password {run["password"]}
  admin      {url}/admin/
  API key    in {stack.home.run}
  logs       in {stack.home.path / "logs"}

`make stop` ends it and keeps the data; `make demo` starts it again."""
    )


def _environment() -> dict[str, str]:
    """Ours, without the marks of a process of this or another stack."""
    return {name: value for name, value in os.environ.items() if name not in ("JSTORE_PROCESS", "PROMETHEUS_MULTIPROC_DIR")}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
