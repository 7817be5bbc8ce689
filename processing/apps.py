"""The Django app `processing`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProcessingConfig(AppConfig):
    """Registers `processing` with Django."""

    name = "processing"
    verbose_name = _("Processing")
    default_auto_field = "django.db.models.BigAutoField"
