"""The registry's tests run twice, on PostgreSQL and on MongoDB's wire, with the same migrations and the same assertions."""

import secrets
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from features.models import ApiKey, AuditEntry, Group, Version
from features.publishing import republish

MODELS = (Version, Group, ApiKey, AuditEntry)


@pytest.fixture(params=["postgresql", "mongodb"])
def registry(request: pytest.FixtureRequest, redis: object) -> str:
    """An empty registry on one of its databases, and an empty Redis. -> the database's name. Goes with the mark django_db."""
    if request.param == "mongodb":
        request.getfixturevalue("mongodb_registry")
    assert connections[Group.objects.db].vendor == request.param
    republish()
    return str(request.param)


@pytest.fixture(scope="session")
def mongodb_alias(request: pytest.FixtureRequest, django_db_blocker: object) -> Iterator[dict[str, object]]:
    """The settings of an alias whose tables are migrated, in a database of its own."""
    server = request.getfixturevalue("mongodb")
    given = {"ENGINE": "django_mongodb_backend", "HOST": server.uri, "NAME": f"registry_{secrets.token_hex(4)}"}
    alias = connections.configure_settings({"default": settings.DATABASES["default"], "registry": given})["registry"]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        settings.DATABASES["registry"] = alias
        call_command("migrate", database="registry", interactive=False, verbosity=0)
        connections["registry"].close()
        del settings.DATABASES["registry"]
    return alias


@pytest.fixture
def mongodb_registry(mongodb_alias: dict[str, object]) -> Iterator[None]:
    """Routes the registry's models to MongoDB for one test and empties them after it."""
    settings.DATABASES["registry"] = mongodb_alias
    yield
    for model in MODELS:
        model.objects.using("registry").all().delete()
    connections["registry"].close()
    del connections["registry"]
    del settings.DATABASES["registry"]
