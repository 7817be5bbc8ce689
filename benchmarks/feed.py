"""Events of a live stream: whose they are, when they happened, and how they get into a topic."""

from __future__ import annotations

import itertools
import json
import random
import time
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from kafka import KafkaProducer

SPREAD = 300.0  # seconds of the past over which a topic filled in advance is spread


class Entities:
    """Draws users: uniformly, or by Zipf's law with the exponent 1.2."""

    def __init__(self, number: int, law: str, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._names = [f"user_{n}" for n in range(number)]
        self._weights = list(itertools.accumulate(1 / (n + 1) ** 1.2 for n in range(number))) if law == "zipf" else None

    def draw(self, count: int) -> list[str]:
        """So many users."""
        return self._random.choices(self._names, cum_weights=self._weights, k=count)

    def amount(self) -> float:
        """What one of them spends."""
        return round(self._random.uniform(1, 100), 2)


def fill(bootstrap: str, topic: str, rows: int, entities: Entities) -> float:
    """Put events into the topic, their times ascending through the last minutes up to now; -> seconds that it took."""
    started = time.monotonic()
    first = time.time() - SPREAD
    producer = _producer(bootstrap)
    try:
        for n, value in enumerate(_values(entities, rows, lambda n: first + SPREAD * n / rows)):
            producer.send(topic, value)
            if n % 100_000 == 99_999:
                producer.flush()
        producer.flush()
    finally:
        producer.close()
    return time.monotonic() - started


class Paced:
    """Sends at a steady rate whatever happens: an event's time is when it was due, so a stalled sender hides nothing."""

    def __init__(self, bootstrap: str, topic: str, rate: float, entities: Entities) -> None:
        self._topic, self._rate, self._entities = topic, rate, entities
        self._producer = _producer(bootstrap, linger_ms=2)
        self.due = array("d")
        """When each event was due, in seconds since 1970, in the order of sending."""

    def run(self, seconds: float) -> None:
        """Until that time is over; everything is in the topic then."""
        count = int(seconds * self._rate)
        started = time.time()
        try:
            for value in _values(self._entities, count, lambda n: started + n / self._rate):
                at = started + len(self.due) / self._rate
                while (early := at - time.time()) > 0:
                    time.sleep(early)
                self._producer.send(self._topic, value)
                self.due.append(at)
            self._producer.flush()
        finally:
            self._producer.close()


def _producer(bootstrap: str, linger_ms: int = 20) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=linger_ms, batch_size=128 * 1024)


def _values(entities: Entities, rows: int, when: Callable[[int], float]) -> Iterator[bytes]:
    done = 0
    while done < rows:
        for user in entities.draw(min(10_000, rows - done)):
            at = datetime.fromtimestamp(when(done), UTC).isoformat(timespec="microseconds")
            row = {"user_id": user, "amount": entities.amount(), "category": "books", "timestamp": at.replace("+00:00", "Z")}
            yield json.dumps(row).encode()
            done += 1
