"""The faults themselves, done to real processes by their pids."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import redis

from jstore_site.embedded import process
from tests.chaos import groups
from tests.chaos.schedule import Fault
from tests.chaos.world import World
from tests.servers.http import NO_ANSWER, Answer, Client
from tests.servers.stack import wait_for

CUT_AT_MOST = 60_000


class Faults:
    """Does them. `done`: how often what; `cut`: bytes that Valkey's append-only files lost; `failed`: what could not be done."""

    def __init__(self, world: World, seed: str) -> None:
        self._world, self._draw = world, random.Random(f"{seed} cuts")
        self.done: Counter[str] = Counter()
        self.cut, self.failed = 0, list[str]()
        self._aside: list[threading.Thread] = []
        self._broker = threading.Lock()

    def do(self, fault: Fault) -> None:
        """One of them; what takes long goes on beside the others."""
        match fault.kind:
            case "kill":
                for target in fault.target.split("+"):
                    self._kill(target)
            case "stop":
                self._stop(fault.target, fault.seconds)
            case "cut":
                self._cut()
            case "flush":
                self._flush()
            case "crash":
                self._crash(signal.SIGKILL if fault.target == "kill" else signal.SIGQUIT)
            case "broker":
                self._beside(self._restart_broker)
            case "activate":
                self._beside(self._activate)
            case "rebuild":
                self._beside(self._rebuild)

    def end(self) -> None:
        """Waits for what goes on beside."""
        for thread in self._aside:
            thread.join(400)
            if thread.is_alive():
                self.failed.append(f"{thread.name} did not end")

    def _find(self, name: str) -> psutil.Process | None:
        if name in self._world.extra:
            one = self._world.extra[name].child
            return psutil.Process(one.pid) if one is not None and one.poll() is None else None
        return self._world.stack_process(name)

    def _running(self, name: str, fault: str) -> psutil.Process | None:
        found = wait_for(lambda: self._find(name), 15, 0.05)
        if found is None:
            self.failed.append(f"{fault} {name}: it was not running for 15 s")
        return found

    def _kill(self, target: str) -> None:
        if target in self._world.extra:
            one = self._world.extra[target]
            one.kill()
            one.start()
            self.done[f"kill {target}"] += 1
            return
        found = self._running(target.split()[0], "kill")
        if found is None:
            return
        below = found.children(recursive=True)
        if target == "web worker" and below:
            process.kill([self._draw.choice(below)])
        else:
            process.kill([found, *below])
        self.done[f"kill {target}"] += 1

    def _stop(self, target: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after that time, to a process that may have been killed by then."""
        found = self._running(target, "stop")
        if found is None:
            return

        def go_on() -> None:
            time.sleep(seconds)
            for one in stopped:
                if one.is_running():
                    one.resume()

        # a postmaster that stands still stops no backend; the backend that works for the consumer or the applier does
        stopped = [self._draw.choice(below)] if target == "postgres" and (below := found.children()) else [found]
        try:
            for one in stopped:
                one.suspend()
        except psutil.NoSuchProcess:
            return
        self.done[f"stop {target}"] += 1
        self._beside(go_on)

    def _cut(self) -> None:
        """kill -9, and the end of the newest append-only file is gone as after a power cut."""
        if wait_for(self._cut_now, 60, 0.2):
            self.done["cut"] += 1
        else:
            self.failed.append("cut: Valkey was not there for a minute")

    def _cut_now(self) -> bool:
        """Under the home's lock, so that the supervisor, which may be about to start a dead Valkey again, has to wait."""
        with self._world.home.lock(30):
            found = self._find("valkey")
            if found is None:
                return False
            process.kill([found])
            path = newest_part(self._world.home.path / "valkey" / "appendonlydir")
            size = path.stat().st_size
            less = min(size, self._draw.randrange(1, CUT_AT_MOST))
            with path.open("r+b") as file:
                file.truncate(size - less)
        self.cut += less
        return True

    def _flush(self) -> None:
        def flushed() -> bool:
            try:
                with self._world.redis() as client:
                    return bool(client.flushall())
            except redis.RedisError:
                return False

        if wait_for(flushed, 30):
            self.done["flush"] += 1
        else:
            self.failed.append("flush: Valkey did not answer for 30 s")

    def _crash(self, number: int) -> None:
        if (found := self._running("postgres", "crash")) is not None:
            found.send_signal(number)
            self.done["crash postgres" if number == signal.SIGKILL else "immediate stop of postgres"] += 1

    def _restart_broker(self) -> None:
        with self._broker:  # one death at a time: who starts it waits until it answers
            self._world.kafka.kill()
            self.done["kill broker"] += 1
            self._world.kafka.start(seconds=180)

    def _activate(self) -> None:
        """The second version of `hour` takes over while everything goes on."""
        client = Client(self._world.stack.url, self._world.run["api_key"])
        told = list[object]()

        def done(ask: Callable[[], Answer]) -> bool:
            try:
                answer = ask()
            except NO_ANSWER as error:
                told.append(repr(error))
                return False
            told.append((answer.status, answer.body))
            return answer.status in (200, 201, 202)

        def made() -> bool:
            return done(lambda: groups.define(client, "hour", groups.CHANGED))

        def asked() -> bool:
            return done(lambda: client.send("POST", "/api/v1/features/hour/versions/2/activate"))

        if wait_for(made, 120, 0.5) and wait_for(asked, 120, 0.5):
            self.done["activation"] += 1
        else:
            self.failed.append(f"the second version could not be activated: {told[-3:]}")

    def _rebuild(self) -> None:
        told = [""]

        def rebuilt() -> bool:
            """A store that dies under the command ends it; whoever asked for it asks again."""
            try:
                done = self._world.stack.command("manage.py", "rebuild_online", "day", "always")
            except subprocess.TimeoutExpired:
                return False
            told.append(done.stderr[-1000:])
            return done.returncode == 0

        if wait_for(rebuilt, 350, 1):
            self.done["rebuild"] += 1
        else:
            self.failed.append(f"rebuild_online could not end: {told[-1]}")

    def _beside(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._aside.append(thread)


def newest_part(folder: Path) -> Path:
    """The append-only file that Valkey writes now: the one with the largest number."""
    parts = sorted(folder.glob("*.incr.aof"), key=lambda path: int(re.findall(r"\.(\d+)\.incr", path.name)[0]))
    return parts[-1]
