"""The home page: is everything up, what is there, what ran last, what was refused, and what to do next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from features.catalogue import live_groups
from features.models import ApiKey
from features.pages import PROJECT, may_edit, page
from monitoring.health import ready
from monitoring.overview import overview
from processing import dead_letters
from processing.letter_filter import Filter
from processing.models import Run

LAST = 6
NAMES = {
    "postgres": ("PostgreSQL", _("event log, offline tables"), "database"),
    "redis": ("Redis", _("online store"), "zap"),
    "mongodb": ("MongoDB", _("registry"), "boxes"),
    "kafka": ("Kafka", _("events of the topic"), "activity"),
    "accounts": (_("Accounts"), _("consumed = stored + duplicates + refused"), "circle-check"),
    "clock": (_("Clock"), _("of this host and of the stores"), "clock"),
    "applier": (_("Applier"), _("keeps values current"), "activity"),
}


def health() -> list[dict[str, Any]]:
    """One line for each store and process. An applier that does not keep up is behind; a store that does not answer is down."""
    return [
        {
            "name": NAMES[name][0] if name in NAMES else name,
            "purpose": NAMES[name][1] if name in NAMES else "",
            "icon": NAMES[name][2] if name in NAMES else "server",
            "state": "up" if check["ok"] else "behind" if name in ("applier", "kafka", "clock") else "down",
            "detail": check["detail"],
        }
        for name, check in ready().items()
    ]


def letters_by_code() -> list[dict[str, Any]]:
    """Dead letters by code, the most first, each with its share of the largest."""
    counts = sorted(dead_letters.counts(Filter(PROJECT)).items(), key=lambda pair: (-pair[1], pair[0]))
    most = counts[0][1] if counts else 1
    return [{"code": code, "count": count, "share": count / most} for code, count in counts[:LAST]]


@page
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The page; it takes its own middle again every few seconds."""
    numbers = overview(PROJECT)
    letters = letters_by_code()
    groups = sorted(live_groups(PROJECT), key=lambda group: group.updated_at, reverse=True)
    steps = [numbers.groups > 0, numbers.events > 0, ApiKey.objects.filter(project=PROJECT, revoked_at=None).exists()]
    context = {
        "section": "home",
        "health": health(),
        "numbers": numbers,
        "runs": list(Run.objects.filter(project=PROJECT).order_by("-created_at")[:LAST]),
        "letters": letters,
        "groups": groups[:LAST],
        "steps": steps,
        "started": all(steps[:2]),
        "host": request.build_absolute_uri("/"),
        "may_edit": may_edit(request),
    }
    return render(request, "monitoring/home.html", context)
