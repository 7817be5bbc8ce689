"""Paths for other machines; the slash at their end is optional."""

from django.urls import re_path

from monitoring import probes

urlpatterns = [
    re_path(r"^healthz/?$", probes.healthz, name="healthz"),
    re_path(r"^readyz/?$", probes.readyz, name="readyz"),
    re_path(r"^metrics/?$", probes.metrics_page, name="metrics"),
]
