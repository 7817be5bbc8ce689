"""The registry may live in MongoDB; everything else stays in PostgreSQL."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from features.models import Group
from jstore_site.router import RegistryRouter


@pytest.fixture
def with_registry(settings):
    settings.DATABASES = {**settings.DATABASES, "registry": {"ENGINE": "django_mongodb_backend"}}


def test_without_mongodb_all_is_on_default():
    router = RegistryRouter()
    assert router.db_for_read(Group) == router.db_for_write(User) == "default"
    assert router.allow_migrate("default", "features")
    assert not router.allow_migrate("registry", "features")


def test_with_mongodb_the_registry_has_its_own(with_registry):
    router = RegistryRouter()
    assert router.db_for_read(Group) == router.db_for_write(Group) == "registry"
    assert router.allow_migrate("registry", "features")
    assert not router.allow_migrate("default", "features")


@pytest.mark.parametrize("app", ["auth", "sessions", "django_celery_beat", "processing", "monitoring"])
def test_with_mongodb_the_rest_stays(with_registry, app):
    router = RegistryRouter()
    assert router.db_for_write(Session) == "default"
    assert router.allow_migrate("default", app)
    assert not router.allow_migrate("registry", app)


def test_no_relation_crosses_databases(with_registry):
    router = RegistryRouter()
    assert not router.allow_relation(User(), Group())
    assert router.allow_relation(Group(), Group())
