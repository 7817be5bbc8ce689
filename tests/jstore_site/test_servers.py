"""The servers that the run itself stands on."""

import pytest
from django.db import connection


def test_it_runs_on_a_valkey_of_its_own(redis):
    redis.set("a", 1)
    assert redis.get("a") == b"1"


@pytest.mark.django_db
def test_it_runs_on_postgresql_18():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000
