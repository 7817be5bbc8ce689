"""Fragments of a group's page: the newest values of one entity, and their history. The page joins them by URL name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from core.clock import MICRO, now_us
from core.entity import encode_key
from features.labels import REASONS
from features.pages import PROJECT, is_fragment, page
from serving import lookup
from serving.at import history_rows
from serving.chart import charts

MOST_POINTS = 500
SHOWN_ROWS = 50
DAY_US = 86_400 * MICRO
RANGES = {
    "1d": (DAY_US, _("1 day")),
    "7d": (7 * DAY_US, _("7 days")),
    "30d": (30 * DAY_US, _("30 days")),
    "all": (None, _("All")),
}


def asked_for(name: str, asked: QueryDict) -> tuple[str, dict[str, str]]:
    """The reference and the entity's keys of a fragment's query: `version`, and `key.<name>` for each key."""
    version = asked.get("version", "")
    keys = {field.removeprefix("key."): asked.get(field, "").strip() for field in asked if field.startswith("key.")}
    return (f"{name}@{version}" if version.isdecimal() else name), keys


@page
@require_GET
def values(request: HttpRequest, name: str) -> HttpResponse:
    """The newest values of an entity: what a model would read now, with the reason of each null."""
    ref, keys = asked_for(name, request.GET)
    found = lookup.values(PROJECT, ref, keys)
    query = urlencode({"version": request.GET.get("version", ""), **{f"key.{key}": text for key, text in keys.items()}})
    context = {
        "section": "features",
        "found": found,
        "rows": [
            {"name": feature, **value, "reason": REASONS.get(value["status"], "")} for feature, value in found["values"].items()
        ],
        "history_url": f"{reverse('serving:history', args=[name])}?{query}",
    }
    return render(request, "serving/values.html" if is_fragment(request) else "serving/values_page.html", context)


@page
@require_GET
def history(request: HttpRequest, name: str) -> HttpResponse:
    """V at each event time of the last days: a small chart for each number, and the rows."""
    ref, keys = asked_for(name, request.GET)
    plan = lookup.plan_now(PROJECT, ref)
    part, now = plan.parts[0], now_us()
    entity = encode_key([lookup.one_entity(part, keys)[key][0] for key in part.group.entity])
    chosen = request.GET.get("range", "30d")
    length = RANGES.get(chosen, RANGES["30d"])[0]
    start = None if length is None else now - length
    told, more = history_rows(PROJECT, plan, entity, start, now, MOST_POINTS)
    outputs = plan.features
    rows = [(time, found) for time, found in told if found]
    context: dict[str, Any] = {
        "charts": charts(outputs, rows),
        "outputs": outputs,
        "rows": [(time, [found.get(output) for output in outputs]) for time, found in reversed(rows[-SHOWN_ROWS:])],
        "count": len(rows),
        "more": more,
        "ranges": [{"key": key, "words": words, "url": with_range(request.GET, key)} for key, (_length, words) in RANGES.items()],
        "chosen": chosen,
    }
    return render(request, "serving/history.html", context)


def with_range(asked: QueryDict, chosen: str) -> str:
    """The fragment's own query with another range."""
    query = asked.copy()
    query["range"] = chosen
    return f"?{query.urlencode()}"
