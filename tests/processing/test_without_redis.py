"""Rows are taken in while Redis is away: the log is the truth, and definitions are read from the registry."""

from __future__ import annotations

import pytest
import redis as redis_client

from backends.online import published
from backends.online.client import client
from core.errors import Unavailable
from features import services
from processing import api as api_module
from processing.definitions import known_groups
from tests.processing.world import PROJECT, SUMS, event


@pytest.fixture
def away(world, monkeypatch):
    """A group is defined; then Redis knows nothing and answers nothing about definitions."""
    world.define("g", SUMS)

    def published_(project):
        raise Unavailable("redis_down", "not now")

    monkeypatch.setattr(published, "published", published_)
    return world


def test_rows_are_judged_by_the_registry_s_definitions(away, api):
    status, answer = api.push([event("u", -5, 1.0), event(None, -5, 1.0), {"nobody": 1}])
    assert status == 202
    assert (answer["accepted"], answer["unrouted"], [bad["code"] for bad in answer["rejected"]]) == (2, 1, ["invalid_entity"])


def test_a_wait_ends_in_an_honest_no(away, api, monkeypatch):
    def wait(*args):
        raise redis_client.ConnectionError

    monkeypatch.setattr(api_module, "wait_applied", wait)
    status, answer = api.push([event("u", -5, 1.0)], "?wait=5")
    assert (status, answer["accepted"], answer["applied"]) == (202, 1, False)


def test_a_redis_that_was_emptied_is_not_believed_to_know_all(world, redis):
    world.define("g", SUMS)
    redis.flushall()
    assert list(known_groups(PROJECT)) == ["g"]


def test_what_came_meanwhile_shows_when_it_is_back(away, monkeypatch):
    away.push([event("u", -5, 1.0)])
    monkeypatch.undo()
    away.settle()
    assert away.read("g", "u", away.clock)[2]["n"] == 1


@pytest.fixture
def rolled_back(world, redis):
    """`first` is defined, then `second`; then Redis comes back from a power cut with what it held in between."""
    world.define("first", SUMS)
    kept = {key: redis.dump(key) for key in redis.keys(f"js:{{{PROJECT}}}:*")}
    world.define("second", SUMS)
    redis.delete(*redis.keys(f"js:{{{PROJECT}}}:*"))
    for key, value in kept.items():
        redis.restore(key, 0, value)
    client().connection_pool.disconnect()
    return world


def test_a_redis_that_came_back_without_its_last_definitions_is_not_believed_either(rolled_back, api):
    status, answer = api.push({"feature_group": "second", "data": [event("u", -5, 1.0)]})
    assert (status, answer["accepted"], answer["rejected"]) == (202, 1, [])
    assert sorted(published.published(PROJECT).groups) == ["first", "second"]


def test_where_no_connection_was_made_anew_nobody_asks_the_registry(world, monkeypatch):
    world.define("g", SUMS)
    while not published.confirmed(PROJECT):
        known_groups(PROJECT)
    monkeypatch.setattr(services, "ensure_published", lambda project: pytest.fail("asked"))
    assert list(known_groups(PROJECT)) == ["g"]


def test_a_registry_that_is_away_leaves_what_is_published(rolled_back, monkeypatch):
    def away(project):
        raise Unavailable("registry_down", "not now")

    monkeypatch.setattr(services, "ensure_published", away)
    assert list(known_groups(PROJECT)) == ["first"]
    monkeypatch.undo()
    assert sorted(known_groups(PROJECT)) == ["first", "second"]
