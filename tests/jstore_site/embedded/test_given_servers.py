"""Servers that the environment names are used, and are left running: nothing is embedded then."""

import psycopg2
import pytest
import redis as redis_client
from django.conf import settings

from tests.servers.stack import Stack

GIVEN = {"postgres_uri": settings.POSTGRES_URI, "redis_uri": settings.REDIS_URI.removesuffix("/0") + "/5"}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    home = tmp_path_factory.mktemp("given") / "home"
    made = Stack(home, POSTGRES_URI=GIVEN["postgres_uri"], REDIS_URI=GIVEN["redis_uri"])
    try:
        made.up()
        yield made
    finally:
        made.stop()


def test_they_are_used_and_told(given):
    run = given.run
    assert {name: run[name] for name in GIVEN} == GIVEN
    assert not {"postgres", "valkey"} & set(run["pids"])
    assert not (given.home / "postgres").exists()
    assert given.client().get("/api/v1/features/").status == 200


def test_named_servers_turn_the_local_rule_off(given):
    assert given.client(key=False).get("/api/v1/features/").status == 401


def test_stopping_leaves_them_running(given):
    given.stop()
    psycopg2.connect(GIVEN["postgres_uri"]).close()
    assert redis_client.Redis.from_url(GIVEN["redis_uri"]).ping()
