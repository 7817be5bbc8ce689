"""Restarts what dies: one small process a stack, so that kill -9 of any process heals by itself.

It takes the home's lock for each look, so it stands still while `up` or `stop` is at work; killed itself, it leaves
everything running, and the next `up` starts another that takes over.
"""

import logging
import os
import signal
import subprocess
import time
from types import FrameType

import psutil

from jstore_site.conf.environment import read_json
from jstore_site.embedded import children, process, servers
from jstore_site.embedded.home import Busy
from jstore_site.embedded.stack import Stack

LOOK_EVERY = 0.5
# A process that dies at once is tried again after this long, doubling up to the limit.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
STEADY_AFTER = 20.0

log = logging.getLogger("jstore.supervisor")


class Supervisor:
    """Looks at every process of the stack a few times a second."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.port = int(read_json(stack.home.stack)["port"])
        self.going = True
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.tries: dict[str, tuple[float, float]] = {}  # name -> (when last started, pause before the next)

    def run(self) -> None:
        """Until SIGTERM."""
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, self._leave)
        while self.going:
            try:
                with self.stack.home.lock(0):
                    self.look()
            except Busy:
                log.debug("the home is held")
            except (OSError, RuntimeError, psutil.Error):
                log.exception("a look failed; the next one may not")
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Start again what is dead; tell run.json."""
        self.started = {name: one for name, one in self.started.items() if one.poll() is None}  # poll reaps the dead
        dead = [name for name in servers.wanted(self.stack.environment) if self._is_dead(name)]
        self.started |= self.stack.ensure_servers(dead)
        for name, command in children.commands(self.port, self.stack.environment).items():
            if self._is_dead(name):
                process.kill(process.left_behind(self.stack.home, name))
                self.started[name] = self.stack.spawn(name, command)
        known = read_json(self.stack.home.run)
        # Absent while the first `up` is not done: it writes the file when all is ready.
        if known and known.get("pids") != {name: pid for name, pid in self.stack.pids().items() if pid}:
            self.stack.write_run(self.port)

    def _is_dead(self, name: str) -> bool:
        """Dead, and due to be started: what we started and lives counts from its first moment, before it can be found."""
        if name in self.started or self.stack.find(name) is not None or not self._may_start(name):
            return False
        log.warning("%s is dead; starting it again", name)
        return True

    def _may_start(self, name: str) -> bool:
        now = time.monotonic()
        last, pause = self.tries.get(name, (0.0, 0.0))
        if now - last < pause:
            return False
        longer = min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self.tries[name] = (now, FIRST_PAUSE if now - last > STEADY_AFTER else longer)
        return True

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.going = False


def supervise(stack: Stack) -> None:
    """The process `supervisor`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    log.info("supervising %s as %d", stack.home.path, os.getpid())
    Supervisor(stack).run()
