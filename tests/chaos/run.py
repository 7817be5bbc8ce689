"""One run: senders and readers, faults meanwhile, and the reckoning when everything has settled."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.chaos import history, ledger
from tests.chaos.faults import Faults
from tests.chaos.feeds import HttpFeed, KafkaFeed, start
from tests.chaos.groups import define_all
from tests.chaos.making import Maker
from tests.chaos.outcome import Outcome
from tests.chaos.reader import Answer, Heads, Reader, together
from tests.chaos.schedule import Fault, Numbers
from tests.chaos.verdict import answered, served
from tests.chaos.world import TOPIC, World
from tests.servers.stack import wait_for

HTTP, READERS = 2, 2
PUSHES = 0.04  # of all messages


class Run:
    """Who sends and who reads in a world. `settled`: seconds until nothing was left to do, None where it never was."""

    def __init__(self, world: World, seed: str, numbers: Numbers) -> None:
        self.world, self.seed, self.numbers = world, seed, numbers
        self.users = [f"u{n}" for n in range(numbers.users)]
        makers = [Maker(seed, f"k{n}", self.users, whole=True) for n in range(world.partitions)]
        self.kafka = KafkaFeed(world.kafka.bootstrap, TOPIC, makers)
        self.https = [HttpFeed(world.stack.client(), Maker(seed, f"h{n}", self.users, whole=False), f"h{n}") for n in range(HTTP)]
        self.readers = [Reader(world.stack.client(), self.users, f"{seed} {n}", 0.04) for n in range(READERS)]
        self.heads, self.faults = Heads(world.run["postgres_uri"]), Faults(world, seed)
        self.seconds, self.settled, self.unfinished = 0.0, None, list[str]()

    settled: float | None

    @property
    def answers(self) -> list[Answer]:
        """All that were not STALE."""
        return [answer for reader in self.readers for answer in reader.answers]

    def drive(self, faults: Sequence[Fault], patience: float = 300) -> None:
        """Defines the groups, sends everything, does the faults, and waits until the log and every group have it all."""
        define_all(self.world.stack.client())
        assert wait_for(self.world.settled, 120, 0.5), self.world.left()
        watching, began, lasts = together([*self.readers, self.heads]), time.monotonic(), self.numbers.seconds
        pushes = int(self.numbers.messages * PUSHES) // HTTP
        count = self.numbers.messages - HTTP * pushes
        sending = start((self.kafka.run, count, count / lasts), *((one.run, pushes, pushes / lasts) for one in self.https))
        for fault in faults:
            while (early := began + fault.at * lasts - time.monotonic()) > 0:
                time.sleep(early)
            self.faults.do(fault)
        for thread in sending:
            thread.join(max(600, lasts))
        self.faults.end()
        self.seconds = time.monotonic() - began
        _say(f"everything is sent after {self.seconds:.0f} s; waiting until it is there")
        if wait_for(self.world.settled, patience, 0.5):
            self.settled = time.monotonic() - began - self.seconds
        else:
            self.unfinished.append(self.world.left())
        self.unfinished += [f"a sender did not end: {thread}" for thread in sending if thread.is_alive()]
        time.sleep(1)  # the readers see the end, too
        self.heads.going = False
        for reader in self.readers:
            reader.going = False
        for thread in watching:
            thread.join(30)

    def values(self) -> tuple[list[str], list[str]]:
        """What is served at the end, and what was answered on the way, where it is not brute force over the log."""
        self.logged = history.read(self.world)
        self.history = history.History(self.logged)
        _say(f"{len(self.logged):,} rows in the log and {len(self.answers):,} answers to check")
        now = served(self.world.stack.client(), self.users, self.history)
        return now, answered(self.answers, self.heads, self.history)

    def reckon(self) -> Outcome:
        """Everything that was sent, stored, served and answered, against each other and against brute force."""
        now, before = self.values()
        self.sent = ledger.sent(self.world, self.kafka.codes, [one.taken for one in self.https])
        count = ledger.compare(self.world, self.sent, self.logged, self.kafka.sent)
        return Outcome(
            self.seed,
            self.kafka.sent + sum(len(one.taken) for one in self.https),
            self.seconds,
            self.settled,
            self.faults,
            count,
            len(self.logged),
            sum(self.sent.letters.values()),
            now,
            len(self.answers),
            before,
            sum((reader.statuses for reader in self.readers), Counter()),
            self.unfinished
            + self.faults.failed
            + self.kafka.failures
            + [one for feed in self.https for one in feed.wrong]
            + [one for reader in self.readers for one in reader.wrong],
        )


def _say(line: str) -> None:
    print(f"[{line}]", file=sys.stderr, flush=True)
