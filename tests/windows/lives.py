"""Crowds of users that live at once in one JStore: a batch, a move of the clock, a look at every value; again and again."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

from backends.offline.pairs import BUCKETS
from processing.applier import Applier
from tests import oracle
from tests.processing.world import ALWAYS, World
from tests.windows import readers
from tests.windows.families import FAMILIES, Group, define
from tests.windows.ledger import Ledger, changes, wire
from tests.windows.streams import DAY, FUTURE, Stream, shape, step

START = 1_700_000_000 * oracle.SECOND


# A new one for each run, or the one that is to be played again.
SEED = int(os.environ.get("JSTORE_TEST_SEED") or random.SystemRandom().randrange(10**9))


class Crowd:
    """One crowd: its stream, what was accepted of it, and two appliers that take turns, each with its own memory."""

    def __init__(self, world: World, groups: Sequence[Group], rng: random.Random, name: str, people: int) -> None:
        self.world, self.groups, self.rng = world, groups, rng
        self.stream, self.ledger = Stream(rng, name, people), Ledger()
        self._second = Applier(world.store, range(BUCKETS), world.on, rhythm=ALWAYS)
        self.story: list[str] = []

    def live(self, steps: int, most: int = 5) -> None:
        """Some steps, each followed by every kind of reading. Raises Wrong with the story of the user it happened to."""
        try:
            for n in range(steps):
                self._step(most)
                if n == steps - 1 or self.rng.random() < 0.8:
                    self.settle()
                    self.look()
        except readers.Wrong as wrong:
            print("\n".join(self.story))
            print(shape(self.ledger.of(wrong.user)))
            raise

    def _step(self, most: int) -> None:
        rng = self.rng
        standing = self.ledger.by_entity(("user_id",)).get((rng.choice(self.stream.users),), [])
        self._move(step(rng, changes(standing, rng.choice(self.groups).window, self.world.clock)[:3], self.world.clock))
        rows = self.stream.batch(self.world.clock, most)
        for part in self._parts(rows):
            outcome = self.world.push([wire(row) for row in part])
            # a host whose clock was set back meets what it took before as the future
            ahead = [n for n, row in enumerate(part) if row.get("us", 0) > self.world.clock + FUTURE]
            assert [(n, code) for n, code, _ in outcome.rejected] == [(n, "future_timestamp") for n in ahead]
            self.ledger.take((row for n, row in enumerate(part) if n not in ahead), self.world.ingested)
            self.story.append(f"{oracle.iso(self.world.clock)}: {len(part)} rows to position {outcome.position}")
            if rng.random() < 0.4:
                rng.choice((self.world.applier, self._second)).step()
        refused = self.world.push([wire(self.stream.too_far(self.world.clock))])
        assert [code for _, code, _ in refused.rejected] == ["future_timestamp"]

    def _parts(self, rows: list[dict]) -> list[list[dict]]:
        cuts = sorted(self.rng.randint(0, len(rows)) for _ in range(self.rng.randint(0, 2)))
        return [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True) if a < b]

    def _move(self, clock: int) -> None:
        self.world.clock = clock
        self.story.append(f"{oracle.iso(clock)}: the clock")

    def settle(self) -> None:
        """Both appliers, each with what it remembers, until neither finds work."""
        order = [self.world.applier, self._second]
        self.rng.shuffle(order)
        while sum(applier.step() for applier in order):
            pass

    def look(self) -> None:
        """All groups at some clocks; some entities at past times and as histories."""
        rng, reading = self.rng, readers.Reading(self.ledger, self.world.clock, self.world.latest)
        for clock in readers.clocks_to_read(rng, self.groups, reading, self.stream.users):
            for group in self.groups:
                entities = {*self.ledger.by_entity(group.family.entity), (*group.family.entity[:-1], self.stream.users[0])}
                readers.check_online(group, sorted(entities), reading, clock)
        for group in rng.sample(list(self.groups), min(3, len(self.groups))):
            some = sorted(self.ledger.by_entity(group.family.entity)) or [(*group.family.entity[:-1], "nobody")]
            for entity in rng.sample(some, min(3, len(some))):
                for t in self._past(entity, group):
                    readers.check_at(group, entity, reading, t, as_known=rng.random() < 0.5)
            start = self.world.clock - rng.choice((DAY // 24, DAY, 30 * DAY, 500 * DAY))
            readers.check_history(group, rng.choice(some), reading, max(0, start), self.world.clock)

    def _past(self, entity: tuple[str, ...], group: Group) -> list[int]:
        events = self.ledger.by_entity(group.family.entity).get(entity, [])
        times = [e["us"] for e in events] + changes(events, group.window, 0) + [self.world.clock - self.rng.randint(0, 40 * DAY)]
        chosen = self.rng.sample(times, min(3, len(times)))
        return [max(0, min(self.world.clock, t + self.rng.choice((-1, 0, 1)))) for t in chosen]


def play(world: World, label: str, seed: str, crowds: int, *, people: int = 30, steps: int = 6) -> None:
    """Crowds one after the other in one world, over all groups of a family; after each a couple, for whom nobody else's record
    keeps the clock from going back."""
    print(f"JSTORE_TEST_SEED={SEED}")
    groups = define(world, label, FAMILIES[label])
    world.settle()
    rng = random.Random(f"{SEED} {label} {seed}")
    for n in range(crowds):
        Crowd(world, groups, rng, f"{label[:2]}{n}", people).live(steps)
        Crowd(world, groups, rng, f"{label[:2]}{n}+", 2).live(steps)
