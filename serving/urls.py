"""Paths of the fragments that show values."""

from django.urls import URLPattern, URLResolver, include, path

from serving import views

pages: list[URLPattern | URLResolver] = [
    path("features/<slug:name>/values/", views.values, name="values"),
    path("features/<slug:name>/history/", views.history, name="history"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((pages, "serving")))]
