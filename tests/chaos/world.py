"""The servers and processes of a chaos run: a stack as `make demo` makes it, a broker, and a second consumer and applier.

The stack's own supervisor starts again what is killed; the second ones are started again here. They overlap with the first on
purpose: two consumers of one group, and two appliers on some of the buckets.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import psycopg2
import redis
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from backends.online.keys import cursor_key
from core.record import Cursor
from core.spec import GroupSpec
from jstore_site.embedded import process, servers
from jstore_site.embedded.home import Home
from tests.servers.kafka import Kafka
from tests.servers.process import Process
from tests.servers.stack import ROOT, Stack

TOPIC, PROJECT, BUCKETS = "feature-events", "default", 16
SECONDS = {"consumer-2": ("manage.py", "consume_events"), "applier-2": ("manage.py", "apply_events", "--buckets", "0-3")}


class World:
    """Everything that runs, as a context. `seconds`: name -> command of processes beside the stack's own."""

    def __init__(self, partitions: int = 4, seconds: dict[str, tuple[str, ...]] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jstore-chaos-")
        home = Path(self._folder.name).resolve()
        self.partitions = partitions
        self.kafka = Kafka(home / "kafka")
        self.stack = Stack(home / "stack", self.kafka.bootstrap)
        self.home = Home(self.stack.home)
        self._seconds = SECONDS if seconds is None else seconds
        self.extra: dict[str, Process] = {}

    def __enter__(self) -> World:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # its clients tell of every connection that a dead broker drops
        try:
            self.kafka.start()
            self.topic_id = str(self.kafka.make_topic(TOPIC, self.partitions))
            self.stack.up()
            self.run = self.stack.run
            for name, command in self._seconds.items():
                self.start(name, *command)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for one in self.extra.values():
            one.kill()
        self.stack.stop()
        self.kafka.stop()
        self._folder.cleanup()

    def end(self, *names: str) -> None:
        """End processes of the stack for good: the supervisor first, else it starts them again."""
        for name in names:
            process.end(filter(None, [process.find(self.home, name)]))

    def start(self, name: str, *command: str) -> Process:
        """Start a process of Python beside the stack's own, with their environment; it is killed at the end."""
        one = self.extra[name] = Process(name, [sys.executable, *command], self.home.log(name), self._environment())
        one.start()
        return one

    def stack_process(self, name: str) -> psutil.Process | None:
        """A running process of the stack."""
        return servers.find(self.home, name) if name in servers.VARIABLES else process.find(self.home, name)

    def redis(self) -> redis.Redis:
        """A client of its Valkey."""
        return redis.Redis.from_url(self.run["redis_uri"], socket_timeout=5)

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of its PostgreSQL, by a connection of their own: others may have died."""
        connection = psycopg2.connect(self.run["postgres_uri"])
        try:
            with connection.cursor() as c:
                c.execute(sql, values)
                return list(c.fetchall())
        finally:
            connection.close()

    def settled(self) -> bool:
        """Whether the log has the whole topic, every version the whole log, and the topic of dead letters every letter."""
        try:
            return not self.unread() and self.lag() == 0 and not self.ask("SELECT 1 FROM letters_outgoing LIMIT 1")
        except (psycopg2.Error, redis.RedisError, KafkaError):
            return False

    def left(self) -> str:
        """What is left to do, and what the processes say of it."""
        return f"unread {self.unread()}, lag {self.lag()}\n{self.stack.logs('applier', 'applier-2', 'consumer', lines=12)}"

    def unread(self) -> dict[int, int]:
        """Partition -> how many records of it the log does not have; those that lack none are left out."""
        rows = self.ask("SELECT topic_partition, next_offset FROM log_source_offset WHERE topic_id = %s", self.topic_id)
        stored = dict(rows)
        left = {partition: end - max(0, stored.get(partition, 0)) for partition, end in self.ends().items()}
        return {partition: number for partition, number in left.items() if number}

    def ends(self, topic: str = TOPIC, partitions: int | None = None) -> dict[int, int]:
        """Partition -> the offset after its last record."""
        admin = self.kafka.admin()
        try:
            latest = {TopicPartition(topic, n): OffsetSpec.LATEST for n in range(partitions or self.partitions)}
            found = admin.list_partition_offsets(latest)
            return {tp.partition: one.offset for tp, one in found.items()}
        finally:
            admin.close()

    def lag(self) -> int | None:
        """Positions not yet applied by the bucket furthest behind; None where one is not whole."""
        ((head,),) = self.ask("SELECT coalesce(max(position), 0) FROM log_head WHERE project = %s", PROJECT)
        with self.redis() as client:
            specs: dict[bytes, bytes] = client.hgetall(f"js:{{{PROJECT}}}:specs")
            groups = [GroupSpec.loads(text) for text in specs.values()]
            versions = [v for g in groups if not g.deleted for v in g.versions.values() if v.status != "retired"]
            codes = [part.code for version in versions for part in version.parts]
            keys = [cursor_key(PROJECT, bucket, code) for code in codes for bucket in range(BUCKETS)]
            found: Sequence[bytes | None] = client.mget(keys) if keys else []
        cursors = [None if data is None else Cursor.unpack(data) for data in found]
        if not cursors or not all(cursor is not None and cursor.whole for cursor in cursors):
            return None
        return int(head) - min(cursor.position for cursor in cursors if cursor is not None)

    def _environment(self) -> dict[str, str]:
        return {
            **self.stack.environment,
            "DJANGO_SETTINGS_MODULE": "jstore_site.settings",
            "PROMETHEUS_MULTIPROC_DIR": str(self.home.metrics),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
