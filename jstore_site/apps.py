"""The Django app of the site itself: its system checks, its templates."""

from django.apps import AppConfig
from django.core.checks import register

# Imported here so that a task sent from any Django process finds its broker.
from jstore_site.celery import app as celery_app
from jstore_site.checks import secrets_are_given

__all__ = ["SiteConfig", "celery_app"]


class SiteConfig(AppConfig):
    """Registers the site's own checks."""

    name = "jstore_site"

    def ready(self) -> None:
        register(secrets_are_given, "security")
