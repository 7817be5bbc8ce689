"""Paths of the fragments that show values."""

from django.urls import URLPattern, URLResolver, include, path

from serving import views, views_sql

pages: list[URLPattern | URLResolver] = [
    path("features/<slug:name>/values/", views.values, name="values"),
    path("features/<slug:name>/history/", views.history, name="history"),
    path("new-feature/check/", views_sql.check, name="check"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((pages, "serving")))]
