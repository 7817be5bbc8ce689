"""Somebody who reads values all the time, and notes what was answered; and the heads of the log meanwhile."""

from __future__ import annotations

import random
import threading
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2

from tests import oracle
from tests.chaos.groups import GROUPS
from tests.chaos.world import PROJECT
from tests.servers.http import NO_ANSWER, Client

MOST = 20.0  # seconds: what is older is not PRESENT but STALE


@dataclass(frozen=True)
class Answer:
    """One that claims to be fresh. `began`, `ended`: the read's, in seconds since 1970; `cells`: value and status by feature.

    `times`: the time for which each feature is exact, in µs: that of its own window where the group has several.
    """

    group: str
    version: int
    user: str
    began: float
    ended: float
    cells: dict[str, tuple[Any, str]]
    times: dict[str, int]


class Reader:
    """`answers`: all that were not STALE; `statuses`: how often which; `wrong`: what should never be answered."""

    def __init__(self, client: Client, users: Sequence[str], seed: str, pause: float) -> None:
        self._client, self._users, self._draw, self._pause = client, users, random.Random(f"{seed} reads"), pause
        self.answers: list[Answer] = []
        self.statuses: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.going = True

    def run(self) -> None:
        """Until `going` is false."""
        names = list(GROUPS)
        while self.going:
            self.read(self._draw.choice(names), self._draw.choice(self._users))
            time.sleep(self._pause)

    def read(self, name: str, user: str) -> None:
        """Asks for the values of one entity once."""
        began = time.time()
        try:
            answer = self._client.send("GET", f"/api/v1/features/{name}/values/{user}", timeout=20)
        except NO_ANSWER as error:
            self.statuses[f"no answer ({type(error).__name__})"] += 1
            return
        if answer.status != 200:
            self.statuses[str(answer.status)] += 1
            if answer.status != 503:
                self.wrong.append(f"{name} {user}: {answer.status} {answer.body}")
            return
        read = of_body(name, user, began, answer.body)
        self.statuses.update(status for _, status in read.cells.values())
        if all(status != "STALE" for _, status in read.cells.values()):
            self.answers.append(read)


def of_body(name: str, user: str, began: float, body: dict[str, Any]) -> Answer:
    """What was answered, a moment ago."""
    cells = {feature: (cell["value"], cell["status"]) for feature, cell in body["values"].items()}
    ends = {feature: (body.get("windows") or {}).get(feature.rsplit("_", 1)[-1], {}).get("end") for feature in cells}
    times = {feature: oracle.from_iso(end or body["as_of"]) for feature, end in ends.items()}
    return Answer(name, body["version"], user, began, time.time(), cells, times)


class Heads:
    """The committed head of the log, a few times a second: between which positions an answer may stand."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._asked: list[float] = []
        self._told: list[float] = []
        self._positions: list[int] = []
        self.going = True

    def run(self) -> None:
        """Until `going` is false; a database that is away is asked again."""
        connection = None
        while self.going:
            try:
                connection = connection or psycopg2.connect(self._uri, connect_timeout=5)
                connection.autocommit = True
                asked = time.time()
                with connection.cursor() as c:
                    c.execute("SELECT coalesce(max(position), 0) FROM log_head WHERE project = %s", [PROJECT])
                    (position,) = c.fetchone() or (0,)
                self._asked.append(asked)
                self._told.append(time.time())
                self._positions.append(position)
            except psycopg2.Error:
                connection = None
            time.sleep(0.1)

    def between(self, answer: Answer) -> tuple[int, int | None]:
        """(a position that was committed 20 s before the read, one at which the log was not yet when it ended or None)."""
        first = bisect_left(self._told, answer.began - MOST)
        last = bisect_right(self._asked, answer.ended)
        low = self._positions[first - 1] if first else 0
        return low, self._positions[last] if last < len(self._positions) else None


def together(work: Sequence[Reader | Heads]) -> list[threading.Thread]:
    """Each in a thread of its own."""
    threads = [threading.Thread(target=one.run, daemon=True) for one in work]
    for thread in threads:
        thread.start()
    return threads
