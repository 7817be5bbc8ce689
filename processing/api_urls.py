"""Paths of events, dead letters, runs, backfills and activation, under /api/v1/."""

from django.urls import re_path

from processing.api import Events
from processing.api_backfills import Backfills
from processing.api_letters import DeadLetter, DeadLetters, DiscardMatching, ReplayMatching, ReplayOne
from processing.api_operations import Activate, RunDetail, RunMove, Runs

urlpatterns = [
    re_path(r"^events/?$", Events.as_view(), name="api-events"),
    re_path(r"^dead-letters/?$", DeadLetters.as_view(), name="api-dead-letters"),
    re_path(r"^dead-letters/replay/?$", ReplayMatching.as_view(), name="api-dead-letters-replay"),
    re_path(r"^dead-letters/discard/?$", DiscardMatching.as_view(), name="api-dead-letters-discard"),
    re_path(r"^dead-letters/(?P<letter_id>[0-9]{1,20})/?$", DeadLetter.as_view(), name="api-dead-letter"),
    re_path(r"^dead-letters/(?P<letter_id>[0-9]{1,20})/replay/?$", ReplayOne.as_view(), name="api-dead-letter-replay"),
    re_path(r"^backfills/?$", Backfills.as_view(), name="api-backfills"),
    re_path(r"^runs/?$", Runs.as_view(), name="api-runs"),
    re_path(r"^runs/(?P<run_id>[0-9a-fA-F-]{1,64})/?$", RunDetail.as_view(), name="api-run"),
    re_path(r"^runs/(?P<run_id>[0-9a-fA-F-]{1,64})/(?P<verb>pause|resume|cancel)/?$", RunMove.as_view(), name="api-run-move"),
    re_path(
        r"^features/(?P<name>[a-z][a-z0-9_]{0,62})/versions/(?P<version>[1-9][0-9]{0,8})/activate/?$",
        Activate.as_view(),
        name="api-activate",
    ),
]
