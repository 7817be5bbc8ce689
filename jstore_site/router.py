"""Which database a model lives in: the registry's on `registry` where that is configured, all else on `default`."""

from typing import Any

from django.conf import settings
from django.db.models import Model

REGISTRY_APPS = frozenset({"features"})


class RegistryRouter:
    """Routes the app `features` to the alias `registry`, so that its tables may be in MongoDB."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """Alias that answers reads of the model."""
        return self._alias(model._meta.app_label)

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Alias that takes writes of the model."""
        return self._alias(model._meta.app_label)

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        """Relations stay inside one database; across two nobody would enforce them."""
        return self._alias(first._meta.app_label) == self._alias(second._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """`migrate` makes each app's tables in its own database only."""
        return db == self._alias(app_label)

    @staticmethod
    def _alias(app_label: str) -> str:
        return "registry" if app_label in REGISTRY_APPS and "registry" in settings.DATABASES else "default"
