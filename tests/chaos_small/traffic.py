"""Events over HTTP and Kafka while processes die, and what of them was accepted."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests import oracle
from tests.servers.http import Client


@dataclass
class Traffic:
    """Two senders until `stop`. `accepted` = every row that was answered for, as the oracle's events by user."""

    client: Client
    bootstrap: str
    topic: str
    users: list[str]
    column: str
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    retries: int = 0

    def start(self) -> None:
        """Starts both senders."""
        self._going, self._lock = True, threading.Lock()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._by_http, self._by_kafka)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets each sender finish its batch, however often it has to try."""
        self._going = False
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a sender could not finish: the server takes nothing any more"

    def _rows(self, rng: random.Random, count: int) -> list[dict[str, Any]]:
        """Rows with exact values; some late, some on an hour's edge, some of this moment."""
        now, made = time.time_ns() // 1000, []
        for _ in range(count):
            us = now - int(rng.choice((0, rng.uniform(0, 3e9), rng.uniform(0, 2e11))))
            us = us // 3_600_000_000 * 3_600_000_000 if rng.random() < 0.1 else us
            row = {"user_id": rng.choice(self.users), "timestamp": oracle.iso(us), "us": us}
            made.append({**row, self.column: rng.randrange(1000), "kind": rng.choice("abc")})
        return made

    def _note(self, rows: list[dict[str, Any]]) -> None:
        with self._lock:
            for row in rows:
                self.accepted.setdefault(row["user_id"], []).append(row)

    def _by_http(self) -> None:
        rng = random.Random(1)
        while self._going:
            rows = [{**row, "event_id": uuid.uuid4().hex} for row in self._rows(rng, 5)]
            self._push(rows)
            if rng.random() < 0.2:
                self._push(rows)  # a client that did not see the answer sends it again
            self._note(rows)
            time.sleep(0.02)

    def _push(self, rows: list[dict[str, Any]]) -> None:
        sent = [{name: cell for name, cell in row.items() if name != "us"} for row in rows]
        while True:
            try:
                answer = self.client.push(sent, wait=None)
            except OSError:
                answer = None
            if answer is not None and answer.status == 202:
                self.refused += [str(one) for one in answer["rejected"]]
                return
            if answer is not None and answer.status < 500:
                self.refused.append(f"{answer.status} {answer.body}")
                return
            self.retries += 1
            time.sleep(0.1)

    def _by_kafka(self) -> None:
        rng = random.Random(2)
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        while self._going:
            rows = self._rows(rng, 5)
            sent = [producer.send(self.topic, _encode(row)) for row in rows]
            try:
                for future in sent:
                    future.get(30)
            except KafkaError as error:
                self.refused.append(repr(error))
            self._note(rows)
            time.sleep(0.02)
        producer.close()


def _encode(row: dict[str, Any]) -> bytes:
    return json.dumps({name: cell for name, cell in row.items() if name != "us"}).encode()
