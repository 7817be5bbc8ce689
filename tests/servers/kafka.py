"""A real Apache Kafka broker for the tests: one KRaft node on loopback, from the archives of pom.xml.

Starting takes about 10 s on two cores (format 2 s, broker 8 s), so one serves the whole session. `stop`, `kill` and `start`
work again and again on the same data and ports. `extra` server properties leave room for secured listeners.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from jstore_site.embedded.ports import free_port
from tests.servers.process import Process, ServerFailed, answers

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / "target" / "kafka-libs"
JAVA = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]


def jars(profile: str, folder: Path) -> Path:
    """Fills the folder by Maven from pom.xml when it is missing; ServerFailed with Maven's words when it cannot."""
    if folder.exists() and any(folder.glob("*.jar")):
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerFailed("Maven is needed to fetch the archives of pom.xml and is not on the PATH")
    command = [maven, "-B", "-q", f"-P{profile}", "dependency:copy-dependencies"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise ServerFailed(f"{' '.join(command)} failed\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return folder


class Kafka:
    """One broker; `bootstrap` is its address for clients."""

    def __init__(self, home: Path, extra: Mapping[str, str] | None = None) -> None:
        self.home, self.extra = home, dict(extra or {})
        self.scram: dict[str, str] = {}  # mechanism -> password of the user "jstore"
        self.port, self.controller_port = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.properties = home / "server.properties"
        classpath = f"{jars('kafka', JARS)}/*"
        self._java = [shutil.which("java") or "java", *JAVA, f"-Dkafka.logs.dir={home}", "-cp", classpath]
        self._process = Process("Kafka", [*self._java, "kafka.Kafka", str(self.properties)], home / "kafka.log")

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._process.pid

    def start(self, seconds: float = 60) -> None:
        """Formats the data folder the first time, starts the broker and waits until a client is answered."""
        if not self.properties.exists():
            self._format()
        self._process.start()
        self._process.wait_until(self._ready, seconds)

    def stop(self) -> None:
        """An orderly stop; the data stays."""
        self._process.stop()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def cut(self, topic: str, share: float) -> None:
        """Of a broker that was killed: takes the end of partition 0's log away, as a lost disk or an old backup would."""
        (segment,) = (self.home / "data" / f"{topic}-0").glob("*.log")
        with segment.open("r+b") as file:
            file.truncate(int(segment.stat().st_size * share))

    def admin(self) -> KafkaAdminClient:
        """A new admin client; the caller closes it."""
        return KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=10_000)

    def make_topic(self, name: str, partitions: int = 1, **configs: str) -> uuid.UUID:
        """Makes a topic, waits until it can be read, and gives its id."""
        admin = self.admin()
        try:
            admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
            admin.wait_for_topics([name], timeout_ms=15_000)
            return uuid.UUID(str(admin.describe_topics([name])[0]["topic_id"]))
        finally:
            admin.close()

    def delete_topic(self, name: str) -> None:
        """Deletes a topic and waits until the broker no longer lists it."""
        admin = self.admin()
        try:
            admin.delete_topics([name])
            end = time.monotonic() + 15
            while name in admin.list_topics():
                if time.monotonic() > end:
                    raise ServerFailed(f"topic {name} is still listed 15 s after its deletion")
                time.sleep(0.05)
        finally:
            admin.close()

    def _ready(self) -> bool:
        if not answers(self.port):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=1_000)
        except KafkaError:
            return False
        try:
            admin.list_topics()
            return True
        except KafkaError:
            return False
        finally:
            admin.close()

    def _format(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.home / "data"),
            "auto.create.topics.enable": "true",
            "num.partitions": "2",
            # One node cannot keep three copies, and a test should not wait 3 s for members that never come.
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.num.partitions": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # A killed broker is let in again when its old session has ended: 9 s by default.
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "500",
            # Compaction looks for work every 15 s by default.
            "log.cleaner.backoff.ms": "300",
            **self.extra,
        }
        self.properties.write_text("".join(f"{name}={text}\n" for name, text in settings.items()))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.properties)]
        for mechanism, password in self.scram.items():
            command += ["--add-scram", f"{mechanism}=[name=jstore,password={password}]"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            self.properties.unlink()
            raise ServerFailed(f"Kafka's storage could not be formatted\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
