"""Rows that no group takes: stored, counted, listed as no_route until a group takes them."""

from __future__ import annotations

import pytest

from core.clock import MICRO
from core.errors import Conflict, NotFound
from processing import dead_letters, no_route, replay
from processing.letter_filter import Filter
from tests.processing.world import PROJECT, World

NOON = 1_790_000_000 * MICRO
SQL = "SELECT user_id, COUNT(clicks) AS n FROM input_data GROUP BY user_id"


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, NOON)


def listed():
    return [(letter.code, bytes(letter.payload)) for letter in no_route.list_letters(Filter(PROJECT))[0]]


def test_a_row_that_no_group_takes_is_listed_with_its_stored_payload(world):
    outcome = world.push([{"user_id": "u", "clicks": 3}])
    assert (outcome.accepted, outcome.unrouted, outcome.rejected) == (1, 1, [])
    assert listed() == [("no_route", b'{"user_id":"u","clicks":3}')]


def test_it_goes_from_the_list_when_a_group_takes_it_and_the_group_has_it(world):
    world.push([{"user_id": "u", "clicks": 3}, {"nobody": 1}])
    world.define("g", SQL)
    assert listed() == [("no_route", b'{"nobody":1}')]
    world.settle()
    assert world.read("g", "u", NOON)[2] == {"n": 1}


def test_prune_deletes_the_records_of_taken_rows_alone(world):
    world.push([{"user_id": f"u{i}", "clicks": i} for i in range(5)] + [{"nobody": 1}])
    assert no_route.prune(PROJECT) == 0
    world.define("g", SQL)
    assert no_route.prune(PROJECT) == 5
    assert dead_letters.counts(Filter(PROJECT)) == {"no_route": 1}


def test_it_is_replayed_only_corrected_and_the_stored_row_stays(world):
    world.define("g", SQL)
    world.push([{"user": "u", "clicks": 3}])
    (letter,), _ = no_route.list_letters(Filter(PROJECT))
    with pytest.raises(Conflict, match="still_unfit"):
        replay.replay(PROJECT, letter.id, "me")
    assert replay.replay(PROJECT, letter.id, "me", {"user_id": "u", "clicks": 3})["accepted"] == 1
    with pytest.raises(NotFound):
        no_route.get(PROJECT, letter.id)
    world.settle()
    assert world.read("g", "u", NOON)[2] == {"n": 1}
