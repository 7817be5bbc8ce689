"""The Django app `serving`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServingConfig(AppConfig):
    """Registers `serving` with Django."""

    name = "serving"
    verbose_name = _("Serving")
    default_auto_field = "django.db.models.BigAutoField"
