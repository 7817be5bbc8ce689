"""The Django app `features`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeaturesConfig(AppConfig):
    """Registers `features` with Django."""

    name = "features"
    verbose_name = _("Features")
    default_auto_field = "django.db.models.BigAutoField"
