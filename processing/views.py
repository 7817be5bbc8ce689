"""Pages of runs, and the button that activates a version. Dead letters stand in views_letters."""

from __future__ import annotations

import json
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from features.labels import label
from features.pages import PROJECT, act, editing, may_edit, page
from processing import activation
from processing import runs as running
from processing.models import Run

PER_PAGE = 50
OF_A_GROUP = 5
STATUSES = ("queued", "running", "paused", "succeeded", "failed", "cancelled")
OPEN = ("queued", "running", "paused")


@page
@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, newest first; the page asks again while one of those shown is open."""
    asked = {name: request.GET.get(name, "") for name in ("status", "type", "target")}
    everything = Run.objects.filter(project=PROJECT)
    found = everything.order_by("-created_at")
    for name, value in asked.items():
        if value:
            found = found.filter(**{name: value})
    paging = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    types = sorted(set(everything.order_by().values_list("type", flat=True).distinct()))
    context = {
        "section": "runs",
        "rows": list(paging),
        "paging": paging,
        "asked": asked,
        "filtered": any(asked.values()),
        "live": any(run.status in OPEN for run in paging),
        "statuses": [(status, label(status)) for status in STATUSES],
        "types": [(kind, label(kind)) for kind in types],
    }
    return render(request, "processing/runs.html", context)


@page
@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: where it stands, what it was asked, what it gave."""
    found = Run.objects.filter(project=PROJECT, id=run_id).first()
    if found is None:
        raise Http404(str(run_id))
    context = {
        "section": "runs",
        "run": found,
        "live": found.status in OPEN,
        "group": found.target.partition("@")[0],
        "may_edit": may_edit(request),
        "params": json.dumps(found.params, indent=2, ensure_ascii=False) if found.params else "",
        "result": json.dumps(found.result, indent=2, ensure_ascii=False) if found.result else "",
    }
    return render(request, "processing/run.html", context)


@editing
@require_POST
def move_run(request: HttpRequest, run_id: UUID, verb: str) -> HttpResponse:
    """Pauses, resumes or cancels a run."""
    return act(
        request,
        lambda: running.move(PROJECT, str(run_id), verb),
        lambda moved: _("The run is now: %(status)s.") % {"status": label(moved.status).lower()},
        reverse("processing:run", args=[run_id]),
    )


@page
@require_GET
def group_runs(request: HttpRequest, name: str) -> HttpResponse:
    """Fragment of a group's page: its last runs."""
    found = Run.objects.filter(project=PROJECT).filter(target=name) | Run.objects.filter(
        project=PROJECT, target__startswith=f"{name}@"
    )
    return render(request, "processing/group_runs.html", {"rows": list(found.order_by("-created_at")[:OF_A_GROUP])})


@editing
@require_POST
def activate(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Starts the activation of a version; the old one serves until the new one has caught up."""
    return act(
        request,
        lambda: activation.activate(PROJECT, name, version, f"user:{request.user.get_username()}"),
        lambda started: activated(started, name, version),
        reverse("features:detail", args=[name]),
    )


def activated(started: Run | None, name: str, version: int) -> str:
    """What became of the wish to activate a version."""
    names = {"name": name, "number": version}
    if started is None:
        return _("Version %(number)s of %(name)s is active already.") % names
    if started.status == "succeeded":
        return _("Version %(number)s of %(name)s is active.") % names
    return _("Version %(number)s of %(name)s is being activated; the other one serves until it has caught up.") % names
