"""The page of dead letters: look at what was refused and why, correct it, replay it, discard it; one, or all of a filter."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from core.clock import MICRO, format_time, now_us
from core.errors import JStoreError
from features.pages import PROJECT, act, editing, is_fragment, may_edit, page
from processing import dead_letters, letter_texts, letters_bulk, no_route
from processing import replay as replaying
from processing.doorbell import ring_run
from processing.letter_filter import Filter, read_filter
from processing.letters_bulk import Done
from processing.models import DeadLetter

PER_PAGE = 50
HOUR = 3600 * MICRO
PERIODS = {
    "1h": (HOUR, gettext_lazy("Last hour")),
    "1d": (24 * HOUR, gettext_lazy("Last 24 hours")),
    "7d": (7 * 24 * HOUR, gettext_lazy("Last 7 days")),
}
NAMES = ("code", "source", "group", "period")


def whole(text: str) -> int | None:
    """A query's number, None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def actor(request: HttpRequest) -> str:
    """How the audit trail names who is signed in."""
    return f"user:{request.user.get_username()}"


@page
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """The letters, newest first, with what can be filtered by."""
    asked = {name: request.GET.get(name, "") for name in NAMES}
    period = PERIODS.get(asked["period"])
    since = format_time(now_us() - period[0]) if period else ""
    narrowed = {"source": asked["source"], "group": asked["group"], "since": since}
    wanted = read_filter(PROJECT, {**narrowed, "code": asked["code"]})
    rows, following = no_route.list_letters(wanted, PER_PAGE, whole(request.GET.get("cursor", "")), payloads=False)
    counts = dead_letters.counts(read_filter(PROJECT, narrowed))
    context = {
        "section": "dead_letters",
        "rows": rows,
        "following": following,
        "counts": sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])),
        "total": sum(counts.values()),
        "matching": counts.get(asked["code"], 0) if asked["code"] else sum(counts.values()),
        "anywhere": bool(rows) or Filter(PROJECT).letters().exists(),
        **_choices(),
        "asked": asked,
        "filtered": any(asked.values()),
        # what the buttons act on: these letters, and none that come while somebody decides
        "sent": {**narrowed, "code": asked["code"], "upto": wanted.letters().aggregate(newest=Max("id"))["newest"] or ""},
        "may_edit": may_edit(request),
    }
    return render(request, "processing/letters.html", context)


def _choices() -> dict[str, Any]:
    """What the letters that are there can be narrowed by."""
    everything = Filter(PROJECT).letters().order_by()
    pairs = set(everything.values_list("source", "group", "address").distinct())
    return {
        "sources": sorted({source for source, _group, _address in pairs}),
        "groups": sorted({group or address for _source, group, address in pairs if group or address}),
        "periods": [(name, words) for name, (_length, words) in PERIODS.items()],
    }


@page
def letter(request: HttpRequest, letter_id: int) -> HttpResponseBase:
    """Fragment (and, without htmx, a page): one letter with its payload and what can be done about it. A POST replays it."""
    if request.method == "POST":
        return replay(request, letter_id)
    found = no_route.get(PROJECT, letter_id)
    template = "processing/letter.html" if is_fragment(request) else "processing/letter_page.html"
    return render(request, template, letter_context(request, found, letter_texts.shown(found)))


def letter_context(request: HttpRequest, found: DeadLetter, text: str) -> dict[str, Any]:
    """What a letter's template needs, with the payload as it stands or as somebody is correcting it."""
    return {
        "section": "dead_letters",
        "letter": found,
        "text": text[: letter_texts.EDITABLE],
        "hex": letter_texts.hex_lines(found),
        "cut": len(text) > letter_texts.EDITABLE,
        "replayable": dead_letters.is_whole(found),
        "may_edit": may_edit(request),
    }


@page
@require_GET
def payload(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The bytes of a letter as a file."""
    found = no_route.get(PROJECT, letter_id)
    answer = HttpResponse(bytes(found.payload), content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="dead-letter-{letter_id}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@editing
def replay(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Sends one letter through the door again. Where it is refused, the text being corrected stays on the letter's own page."""
    found = no_route.get(PROJECT, letter_id)
    text = request.POST.get("payload")
    try:
        document = None if text is None else letter_texts.corrected(found, text)
        replaying.replay(PROJECT, letter_id, actor(request), document)
    except JStoreError as error:
        shown = text if text is not None else letter_texts.shown(found)
        context = {**letter_context(request, found, shown), "error": error}
        return render(request, "processing/letter_page.html", context, status=error.status)
    messages.success(request, _("The letter was accepted and is in the log."))
    return redirect("processing:dead_letters")


@editing
def all_of(request: HttpRequest, verb: str) -> HttpResponse:
    """Replays or discards every letter of a filter; more than a thousand as a run. Asked by GET, as after a login: the list."""
    said = {name: request.POST.get(name, "") for name in ("code", "source", "group", "since")}
    back = urlencode({name: text for name, text in said.items() if text and name != "since"})
    listing = f"{reverse('processing:dead_letters')}?{back}"
    if request.method != "POST":
        return redirect(listing)
    wanted = read_filter(PROJECT, said, upto=whole(request.POST.get("upto", "")))
    if letters_bulk.count(wanted, verb, letters_bulk.MOST_AT_ONCE + 1) > letters_bulk.MOST_AT_ONCE:
        run = letters_bulk.launch(wanted, verb, actor(request))
        ring_run(run.id)
        messages.success(request, _("There are many of them, so this run does it."))
        return redirect("processing:run", run.id)
    return act(request, lambda: letters_bulk.at_once(wanted, verb, actor(request)), WORDS[verb], listing)


def replayed(done: Done) -> str:
    """How a replay of many went, with the reason that the first refused one has."""
    said = ngettext("%(count)s letter was accepted.", "%(count)s letters were accepted.", done.gone) % {"count": done.gone}
    left = done.tried - done.gone
    if left:
        said += " " + ngettext("%(count)s was refused again.", "%(count)s were refused again.", left) % {"count": left}
    if done.reasons:
        said += " " + _("The first one: %(detail)s") % {"detail": done.reasons[0][2]}
    return said


def discarded(done: Done) -> str:
    """How many are gone."""
    return ngettext("%(count)s letter is gone.", "%(count)s letters are gone.", done.gone) % {"count": done.gone}


WORDS = {"replay": replayed, "discard": discarded}


@editing
def discard(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Throws one letter away. Asked by GET, as after a login: the letter."""
    if request.method != "POST":
        return redirect("processing:dead_letter", letter_id)
    return act(
        request,
        lambda: replaying.discard(PROJECT, letter_id, actor(request)),
        lambda _none: _("The letter is gone."),
        reverse("processing:dead_letters"),
    )
