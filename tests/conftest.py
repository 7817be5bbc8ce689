"""Fixtures that every test may use."""

from collections.abc import Iterator

import hypothesis
import pytest
import redis as redis_client
from django.conf import settings

# How quickly inputs are drawn says how busy the machine is, and nothing about what is tested.
hypothesis.settings.register_profile(
    "jstore", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None, print_blob=True
)
hypothesis.settings.load_profile("jstore")

pytest_plugins = [f"tests.plugins.{name}" for name in ("acceptance", "browser", "fresh", "kafka", "mongodb", "stack")]


@pytest.fixture
def redis() -> Iterator["redis_client.Redis"]:
    """A client of the run's Valkey, emptied before the test."""
    with redis_client.Redis.from_url(settings.REDIS_URI) as client:
        client.flushall()
        yield client
