"""Paths of this app."""

from django.urls import URLPattern, URLResolver, include, path

from monitoring import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("monitoring.probe_urls")),
    path("", views.home, name="home"),
]
