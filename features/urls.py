"""Paths of the registry's pages."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from features import views, views_keys
from features.pages import with_slash

pages: list[URLPattern | URLResolver] = [
    path("features/", views.features, name="list"),
    path("new-feature/", views.new, name="new"),
    path("features/<slug:name>/", views.feature, name="detail"),
    path("features/<slug:name>/delete/", views.delete, name="delete"),
    path("find/", views.palette, name="palette"),
    path("keys/", views_keys.keys, name="keys"),
    path("keys/new/", views_keys.make_key, name="make_key"),
    path("keys/<slug:public_id>/revoke/", views_keys.revoke_key, name="revoke_key"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((pages, "features"))),
    # The last of the whole site: what nothing else answers. A path of the API is never asked again.
    re_path(r"^(?P<path>(?!api/)[^/].*[^/])$", with_slash),
]
