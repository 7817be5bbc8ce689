"""The page of dead letters: look at what was refused and why, correct it, replay it, discard it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from features.pages import PROJECT, act, editing, may_edit, page
from processing import dead_letters
from processing.dead_letters import KEPT_WHOLE

PER_PAGE = 50
EDITABLE = 64 * 1024
"""Larger payloads are shown cut and replayed as they are: a browser's text field is no place for them."""


def whole(text: str) -> int | None:
    """A query's number, None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@page
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """The letters, newest first, with what can be filtered by."""
    code, source = request.GET.get("code", ""), request.GET.get("source", "")
    rows, following = dead_letters.list_letters(PROJECT, code or None, source or None, PER_PAGE, whole(request.GET.get("cursor", "")))
    counts = dead_letters.counts(PROJECT)
    context = {
        "section": "dead_letters",
        "rows": rows,
        "following": following,
        "counts": sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])),
        "total": sum(counts.values()),
        "sources": sorted(set(dead_letters.matching(PROJECT).order_by().values_list("source", flat=True).distinct())),
        "code": code,
        "source": source,
        "may_edit": may_edit(request),
    }
    return render(request, "processing/letters.html", context)


@page
@require_GET
def letter(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Fragment (and, without htmx, a page): one letter with its payload and what can be done about it."""
    found = dead_letters.get(PROJECT, letter_id)
    text = dead_letters.payload_text(found)
    context = {
        "section": "dead_letters",
        "letter": found,
        "text": text[:EDITABLE],
        "cut": len(text) > EDITABLE,
        "replayable": found.payload_size <= KEPT_WHOLE,
        "may_edit": may_edit(request),
        "fragment": request.headers.get("HX-Request") == "true",
    }
    return render(request, "processing/letter.html" if context["fragment"] else "processing/letter_page.html", context)


@editing
@require_POST
def replay(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Sends one letter through the door again, corrected where the text was changed."""
    text = request.POST.get("payload")
    changed = text is not None and text.replace("\r\n", "\n") != dead_letters.payload_text(dead_letters.get(PROJECT, letter_id))
    payload = text.encode("utf-8") if changed and text is not None else None
    return act(
        request,
        lambda: dead_letters.replay(PROJECT, letter_id, payload),
        lambda _result: _("The letter was accepted and is in the log."),
        reverse("processing:dead_letters"),
    )


@editing
@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    """Replays every letter of a filter."""
    code, source = request.POST.get("code", ""), request.POST.get("source", "")
    back = urlencode({name: text for name, text in (("code", code), ("source", source)) if text})
    return act(
        request,
        lambda: dead_letters.replay_matching(PROJECT, code or None, source or None),
        words_of,
        f"{reverse('processing:dead_letters')}?{back}",
    )


def words_of(result: dict[str, int]) -> str:
    """How a replay of many went."""
    accepted, left = result.get("accepted", 0), result.get("rejected", 0)
    said = ngettext("%(count)s letter was accepted.", "%(count)s letters were accepted.", accepted) % {"count": accepted}
    return said if not left else f"{said} {ngettext('%(count)s was refused again.', '%(count)s were refused again.', left) % {'count': left}}"


@editing
@require_POST
def discard(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Throws one letter away."""
    return act(request, lambda: dead_letters.discard(PROJECT, letter_id), lambda _none: _("The letter is gone."), reverse("processing:dead_letters"))
