"""Paths of the pages of runs and dead letters."""

from django.urls import URLPattern, URLResolver, include, path

from processing import views, views_letters

pages: list[URLPattern | URLResolver] = [
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:run_id>/", views.run, name="run"),
    path("runs/<uuid:run_id>/pause/", views.move_run, {"verb": "pause"}, name="pause_run"),
    path("runs/<uuid:run_id>/resume/", views.move_run, {"verb": "resume"}, name="resume_run"),
    path("runs/<uuid:run_id>/cancel/", views.move_run, {"verb": "cancel"}, name="cancel_run"),
    path("features/<slug:name>/runs/", views.group_runs, name="group_runs"),
    path("features/<slug:name>/versions/<int:version>/activate/", views.activate, name="activate"),
    path("dead-letters/", views_letters.letters, name="dead_letters"),
    path("dead-letters/replay/", views_letters.all_of, {"verb": "replay"}, name="replay_all"),
    path("dead-letters/discard/", views_letters.all_of, {"verb": "discard"}, name="discard_all"),
    path("dead-letters/<int:letter_id>/", views_letters.letter, name="dead_letter"),
    path("dead-letters/<int:letter_id>/payload/", views_letters.payload, name="payload"),
    path("dead-letters/<int:letter_id>/discard/", views_letters.discard, name="discard"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((pages, "processing")))]
