"""The Django app of the site itself: its system checks, its templates."""

from django.apps import AppConfig
from django.core.checks import register

from jstore_site.checks import secrets_are_given


class SiteConfig(AppConfig):
    """Registers the site's own checks."""

    name = "jstore_site"

    def ready(self) -> None:
        register(secrets_are_given, "security")
