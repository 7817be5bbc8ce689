"""The page of dead letters: look at what was refused and why, correct it, replay it, discard it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from core import strict_json
from core.errors import JStoreError
from features.pages import PROJECT, act, editing, is_fragment, may_edit, page
from processing import dead_letters, no_route
from processing.dead_letters import KEPT_WHOLE
from processing.models import DeadLetter
from processing.replay import Replayed, replay_matching
from processing.replay import replay as replay_letter

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
    rows, following = no_route.list_letters(PROJECT, code or None, source or None, PER_PAGE, whole(request.GET.get("cursor", "")))
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
    found = no_route.get(PROJECT, letter_id)
    template = "processing/letter.html" if is_fragment(request) else "processing/letter_page.html"
    return render(request, template, letter_context(request, found, dead_letters.payload_text(found)))


def letter_context(request: HttpRequest, found: DeadLetter, text: str) -> dict[str, Any]:
    """What a letter's template needs, with the payload as it stands or as somebody is correcting it."""
    return {
        "section": "dead_letters",
        "letter": found,
        "text": text[:EDITABLE],
        "cut": len(text) > EDITABLE,
        "replayable": found.payload_size <= KEPT_WHOLE,
        "may_edit": may_edit(request),
    }


def corrected(found: DeadLetter, text: str) -> Any:
    """The document of a corrected text; None where it says the same as the payload. Raises BadRequest where it is no JSON."""
    document = strict_json.parse(text.encode("utf-8"))
    try:
        same = strict_json.parse(bytes(found.payload)) == document
    except JStoreError:
        same = False
    return None if same else document


@editing
@require_POST
def replay(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Sends one letter through the door again. Where it is refused, the text being corrected stays on the page."""
    found = no_route.get(PROJECT, letter_id)
    text = request.POST.get("payload")
    try:
        replay_letter(PROJECT, letter_id, None if text is None else corrected(found, text))
    except JStoreError as error:
        whole_text = text if text is not None else dead_letters.payload_text(found)
        context = {**letter_context(request, found, whole_text), "error": error}
        return render(request, "processing/letter_page.html", context, status=error.status)
    messages.success(request, _("The letter was accepted and is in the log."))
    return redirect("processing:dead_letters")


@editing
@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    """Replays every letter of a filter."""
    code, source = request.POST.get("code", ""), request.POST.get("source", "")
    back = urlencode({name: text for name, text in (("code", code), ("source", source)) if text})
    return act(
        request,
        lambda: replay_matching(PROJECT, code or None, source or None),
        words_of,
        f"{reverse('processing:dead_letters')}?{back}",
    )


def words_of(result: Replayed) -> str:
    """How a replay of many went, with the reason that the first refused one has."""
    said = ngettext("%(count)s letter was accepted.", "%(count)s letters were accepted.", result.replayed) % {
        "count": result.replayed
    }
    left = result.tried - result.replayed
    if left:
        said += " " + ngettext("%(count)s was refused again.", "%(count)s were refused again.", left) % {"count": left}
    if result.reasons:
        said += " " + _("The first one: %(detail)s") % {"detail": result.reasons[0][2]}
    return said


@editing
@require_POST
def discard(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Throws one letter away."""
    return act(
        request,
        lambda: dead_letters.discard(PROJECT, letter_id),
        lambda _none: _("The letter is gone."),
        reverse("processing:dead_letters"),
    )
