"""Any window, path and reader against brute force: random streams of whole crowds under clocks that jump.

A failure prints the seed, the user's rows and the moves of the clock; JSTORE_TEST_SEED=… plays it again.
"""

from __future__ import annotations

import pytest

from tests.processing.world import World
from tests.windows import lives
from tests.windows.families import FAMILIES
from tests.windows.readers import compared


@pytest.mark.parametrize("family", FAMILIES)
def test_every_window_path_and_reader_equals_brute_force(fresh, monkeypatch, family):
    lives.play(World(monkeypatch, lives.START), family, "short", crowds=1)


def test_enough_was_compared():
    print(dict(compared))
    assert sum(compared.values()) > 50_000, compared
    assert min(compared[how] for how in ("online", "at", "as known", "history")) > 500, compared


@pytest.mark.long
@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_for_a_long_time(fresh, monkeypatch, family, part):
    lives.play(World(monkeypatch, lives.START), family, f"long {part}", crowds=3, people=50, steps=8)


@pytest.mark.long
def test_enough_was_compared_in_a_long_time():
    print(dict(compared))
    assert sum(compared.values()) > 1_000_000, compared
