"""The runs see what they are there to see: without the fence, or with the cursor elsewhere, they fail as they must."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.ledger import compare
from tests.chaos.run import Run
from tests.chaos.schedule import Fault, Numbers
from tests.chaos.verdict import answered
from tests.chaos.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]
NUMBERS = Numbers(messages=1500, rate=150, kills=0, stops=0, cuts=0, users=30)
# In the middle Redis loses what it had. Whoever keeps its cursor elsewhere believes that it is still there.
EMPTIED = [Fault(0.6, "flush")]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One whose appliers the tests bring."""
    with World(seconds={}) as world:
        world.end("supervisor", "applier")
        yield world


@contextmanager
def run(world: World, kind: str, folder: Path, appliers: int, faults: Sequence[Fault] = ()) -> Iterator[Run]:
    """A small run on appliers of a kind, which end with the context; Redis and their memory are empty before."""
    seed = secrets.token_hex(4)
    print(f"{kind}: seed {seed}")
    with world.redis() as client:
        client.flushall()
    names = [f"{kind}-{n}" for n in range(appliers)]
    for name in names:
        world.start(name, "-m", "tests.chaos.tampered", kind, str(folder), "apply_events")
    one = Run(world, seed, NUMBERS)
    try:
        one.drive(faults, patience=90)
        yield one
    finally:
        for name in names:
            world.extra.pop(name).kill()


def test_honest_appliers_pass_and_each_kind_of_mistake_would_be_seen(world: World, tmp_path: Path) -> None:
    with run(world, "honest", tmp_path, appliers=2, faults=EMPTIED) as one:
        outcome = one.reckon()
    assert outcome.good, outcome.table() + outcome.troubles()
    last = one.logged[-1]
    assert compare(world, one.sent, one.logged[:-1], one.kafka.sent).lost == [last.row["uid"]]
    twice = [*one.logged, replace(last, position=last.position + 1)]
    assert compare(world, one.sent, twice, one.kafka.sent).double == [f"{last.row['uid']} × 2"]
    changed = [*one.logged[:-1], replace(last, row={**last.row, "x": -1})]
    assert compare(world, one.sent, changed, one.kafka.sent).wrong
    letter = next(iter(one.sent.letters))
    del one.sent.letters[letter]
    assert len(compare(world, one.sent, one.logged, one.kafka.sent).wrong) == 1
    numbers = [answer for answer in one.answers if answer.group == "always" and answer.cells["n"][1] == "PRESENT"]
    wrong = [replace(answer, cells={**answer.cells, "n": (answer.cells["n"][0] + 1, "PRESENT")}) for answer in numbers]
    assert len(wrong) > 10
    seen = len(answered(wrong, one.heads, one.history))
    assert seen > 0.9 * len(wrong), "one more is right a little later where a row of x = NULL came"


def test_without_the_fence_events_count_double(world: World, tmp_path: Path) -> None:
    with run(world, "unfenced", tmp_path, appliers=2) as one:
        now, before = one.values()
    assert len([value for value in now if "STALE" not in value]) > 5, now[:5]
    assert before


def test_with_the_cursor_in_another_store_events_are_lost(world: World, tmp_path: Path) -> None:
    with run(world, "misplaced", tmp_path, appliers=1, faults=EMPTIED) as one:
        now, before = one.values()
    assert len([value for value in now if "STALE" not in value]) > 5, now[:5]
    assert before
