"""The two senders, which stop only when everything they owe was taken, whatever dies meanwhile."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.chaos.making import Maker, Message
from tests.servers.http import NO_ANSWER, Client


class KafkaFeed:
    """Messages to every partition in turn, numbered by their keys. `codes`: of those with refused rows, by number."""

    def __init__(self, bootstrap: str, topic: str, makers: Sequence[Maker]) -> None:
        self._bootstrap, self._topic, self._makers = bootstrap, topic, makers
        self.codes: dict[int, tuple[str | None, ...]] = {}
        self.sent = self.repeats = 0
        self.failures: list[str] = []

    def run(self, count: int, rate: float) -> None:
        """Sends so many at that rate and waits until the broker has them all."""
        producer = KafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            linger_ms=5,
            delivery_timeout_ms=300_000,
            max_block_ms=300_000,
            request_timeout_ms=5_000,
            reconnect_backoff_max_ms=1_000,
        )
        started = time.monotonic()
        try:
            for number in range(count):
                while (early := started + number / rate - time.monotonic()) > 0:
                    time.sleep(early)
                partition = number % len(self._makers)
                message = self._makers[partition].message()
                if message.refused:
                    self.codes[number] = message.codes
                producer.send(self._topic, message.value, key=b"%d" % number, partition=partition).add_errback(self._failed)
                self.sent += 1
                self.repeats += message.repeats
            producer.flush(timeout=300)
        except KafkaError as error:
            self.failures.append(repr(error))
        finally:
            producer.close(timeout=30)

    def _failed(self, error: BaseException) -> None:
        self.failures.append(repr(error))


class HttpFeed:
    """Pushes, one after the other, each until it is answered. `taken`: the messages that were, in their order."""

    def __init__(self, client: Client, maker: Maker, name: str) -> None:
        self._client, self._maker, self._name = client, maker, name
        self.taken: list[Message] = []
        self.wrong: list[str] = []
        self.tries: Counter[str] = Counter()

    def run(self, count: int, rate: float) -> None:
        """Sends so many; one in five again after its answer, as a client does that did not see it."""
        started = time.monotonic()
        for number in range(count):
            while (early := started + number / rate - time.monotonic()) > 0:
                time.sleep(early)
            message = self._maker.message()
            self._push(number, message)
            self.taken.append(message)
            if number % 5 == 0:
                self._push(number, message)

    def _push(self, number: int, message: Message) -> None:
        assert message.value is not None
        # a key of its own for each push, but for those whose event ids alone must be enough
        keyed = message.refused or number % 3 != 0 or b"event_id" not in message.value or message.value.count(b'"uid"') > 1
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": f"{self._name}-{number}"} if keyed else {})
        for attempt in itertools.count():
            try:
                answer = self._client.send("POST", "/api/v1/events/", message.value, headers, timeout=20)
            except NO_ANSWER as error:
                self.tries[type(error).__name__] += 1
            else:
                if answer.status == 202:
                    self._judge(message, answer.body)
                    return
                self.tries[str(answer.status)] += 1
                if answer.status != 503:
                    self.wrong.append(f"{message.value[:200]!r}: {answer.status} {answer.body}")
                    return
            time.sleep(min(1.0, 0.05 * 2**attempt))

    def _judge(self, message: Message, body: dict[str, Any]) -> None:
        told = {one["index"]: one["code"] for one in body["rejected"]}
        if told != {index: code for index, code in enumerate(message.codes) if code}:
            self.wrong.append(f"{message.value!r}: refused were {told}")


def start(*work: Any) -> list[threading.Thread]:
    """Each (function, *arguments) in a thread of its own."""
    threads = [threading.Thread(target=function, args=arguments, daemon=True) for function, *arguments in work]
    for thread in threads:
        thread.start()
    return threads
