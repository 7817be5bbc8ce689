"""What a benchmark runs on: a JStore of its own with the settings of `make demo`, a Kafka broker, and the two processes measured.

The embedded stack starts everything; then its supervisor and its applier are ended, and the benchmark starts the applier and the
consumer itself, with the stack's environment and commands, so that it knows when they began and may run them under a profiler.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import psycopg2
import redis

from backends.online.keys import cursor_key
from core.record import Cursor
from core.spec import GroupSpec
from jstore_site.embedded import process
from jstore_site.embedded.home import Home
from tests.servers.kafka import Kafka
from tests.servers.process import Process
from tests.servers.stack import ROOT, Stack, wait_for

PROJECT = "default"
BUCKETS = 16


class Servers:
    """Everything that runs, as a context. `profiles`: a folder in which the measured processes leave cProfile's files."""

    def __init__(self, topic: str, appliers: int = 1, profiles: Path | None = None) -> None:
        self.topic, self.profiles, self._appliers = topic, profiles, appliers
        self._folder = tempfile.TemporaryDirectory(prefix="jstore-benchmark-")
        self.home = Path(self._folder.name).resolve()
        self.kafka, self.stack = Kafka(self.home / "kafka"), Stack(self.home / "stack")
        self.ours: dict[str, Process] = {}

    def __enter__(self) -> Servers:
        try:
            self.kafka.start()
            self.stack.up()
            home = Home(self.stack.home)
            for name in ("supervisor", "applier"):
                process.end(filter(None, [process.find(home, name)]))
            self.run = self.stack.run
            self.kafka.make_topic(self.topic)
            self._redis = redis.Redis.from_url(self.run["redis_uri"])
            self._postgres = psycopg2.connect(self.run["postgres_uri"])
            self._postgres.autocommit = True
            share = -(-BUCKETS // self._appliers)
            for first in range(0, BUCKETS, share):
                last = min(first + share, BUCKETS) - 1
                self._start(f"applier {first}-{last}", "apply_events", "--buckets", f"{first}-{last}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for one in self.ours.values():
            one.stop()  # SIGTERM: a profiler writes its file only at an orderly end
        self.stack.stop()
        self.kafka.stop()
        self._folder.cleanup()

    def start_consumer(self) -> None:
        """The consumer, of our topic."""
        self._start("consumer", "consume_events", "--topic", self.topic)

    def define(self, windows: Sequence[str], together: bool) -> None:
        """A group of three aggregates for each window, or one group of all the windows, loaded and ready."""
        client = self.stack.client()
        sql = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, AVG(amount) AS mean FROM input_data GROUP BY user_id"
        made = [("spent", {"windows": list(windows)})] if together else [(f"spent_{w}", {"window": w}) for w in windows]
        for name, more in made:
            answer = client.define(name, sql, columns={"amount": "DOUBLE"}, **more)
            assert answer.status == 201, answer.body
        specs: Mapping[bytes, bytes] = self._redis.hgetall(f"js:{{{PROJECT}}}:specs")  # type: ignore[assignment]
        versions = [version for text in specs.values() for version in GroupSpec.loads(text).versions.values()]
        codes = [part.code for version in versions for part in version.parts]
        assert len(codes) == len(windows)
        self._places = [cursor_key(PROJECT, bucket, code) for code in codes for bucket in range(BUCKETS)]
        if not wait_for(lambda: self.applied() is not None, 60):
            raise RuntimeError(f"the groups were not loaded in 60 s\n{self.stack.logs(lines=8)}")

    def applied(self) -> int | None:
        """The position up to which every bucket of every version shows the log; None where one is not whole."""
        found: list[bytes | None] = self._redis.mget(self._places)  # type: ignore[assignment]
        cursors = [None if data is None else Cursor.unpack(data) for data in found]
        positions = [cursor.position for cursor in cursors if cursor is not None and cursor.whole]
        return min(positions) if len(positions) == len(cursors) else None

    def head(self) -> int:
        """The log's last position."""
        found = self.ask("SELECT position FROM log_head WHERE project = %s", PROJECT)
        return int(found[0][0]) if found else 0

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the stack's PostgreSQL."""
        with self._postgres.cursor() as c:
            c.execute(sql, values)
            return list(c.fetchall())

    def roots(self) -> dict[str, list[psutil.Process]]:
        """Role -> its processes, of which the children count with them."""
        pids = self.stack.run["pids"]
        found = {"consumer": [one for name, one in self.ours.items() if name == "consumer"]}
        found["applier"] = [one for name, one in self.ours.items() if name != "consumer"]
        roots = {role: [psutil.Process(one.pid) for one in some] for role, some in found.items()}
        for role, names in {
            "postgres": ["postgres"],
            "valkey": ["valkey"],
            "web, worker, beat": ["web", "worker", "beat"],
        }.items():
            roots[role] = [psutil.Process(pids[name]) for name in names]
        roots["broker"] = [psutil.Process(self.kafka.pid)]
        return roots

    def _start(self, name: str, *command: str) -> None:
        profiled: list[str] = []
        if self.profiles is not None:
            self.profiles.mkdir(parents=True, exist_ok=True)
            profiled = ["-m", "cProfile", "-o", str(self.profiles / f"{name.replace(' ', '-')}.prof")]
        environment = {
            **self.stack.environment,
            "DJANGO_SETTINGS_MODULE": "jstore_site.settings",
            "PROMETHEUS_MULTIPROC_DIR": str(self.stack.home / "metrics"),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "PYTHONUNBUFFERED": "1",
        }
        log = self.stack.home / "logs" / f"{name}.log"
        one = Process(name, [sys.executable, *profiled, str(ROOT / "manage.py"), *command], log, environment)
        one.start()
        self.ours[name] = one
