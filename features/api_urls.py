"""Paths of definitions under /api/v1. The slash at the end is optional everywhere: a redirect would lose a POST's body."""

from django.urls import URLPattern, URLResolver, re_path

from features import api

_NAME = r"features/(?P<name>[^/]+)"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^features/?$", api.Definitions.as_view(), name="api_features"),
    re_path(rf"^{_NAME}/versions/?$", api.Versions.as_view(), name="api_versions"),
    re_path(rf"^{_NAME}/versions/(?P<version>[0-9]{{1,9}})/?$", api.OneVersion.as_view(), name="api_version"),
    re_path(rf"^{_NAME}/?$", api.Definition.as_view(), name="api_feature"),
]
