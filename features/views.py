"""Pages of the registry: the list with its search, the "+" form, one group, deletion. API keys stand in views_keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.errors import JStoreError
from features import catalogue, selectors, services
from features.detail import detail
from features.forms import FeatureForm
from features.forms_question import checked_form
from features.models import Group
from features.pages import PROJECT, act, editing, may_edit, page
from features.sql_report import report_of

PER_PAGE = 50
EXAMPLE = "SELECT user_id,\n  SUM(amount) AS total,\n  AVG(amount) AS average\nFROM input_data\nGROUP BY user_id"


def found_group(name: str) -> Group:
    """The group of a page's address, or 404."""
    group = selectors.live_group(PROJECT, name)
    if group is None:
        raise Http404(name)
    return group


@page
@require_GET
def features(request: HttpRequest) -> HttpResponse:
    """The list. htmx takes `#results` out of the same page that a browser without it shows whole."""
    asked = request.GET
    groups = catalogue.live_groups(PROJECT)
    paging = Paginator(catalogue.matching(PROJECT, asked), PER_PAGE).get_page(asked.get("page"))
    context = {
        "section": "features",
        "rows": catalogue.rows(list(paging)),
        "paging": paging,
        "choices": catalogue.choices(groups, asked),
        "filters": asked,
        "filtered": bool(groups),
        "may_edit": may_edit(request),
    }
    return render(request, "features/list.html", context)


@page
@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What Ctrl-K finds: pages and feature groups."""
    asked = request.GET.get("search", "").strip()
    targets = [
        {"name": _("Home"), "url": reverse("home"), "icon": "house"},
        {"name": _("Features"), "url": reverse("features:list"), "icon": "layers"},
        {"name": _("New feature"), "url": reverse("features:new"), "icon": "plus"},
        {"name": _("Runs"), "url": reverse("processing:runs"), "icon": "activity"},
        {"name": _("Dead letters"), "url": reverse("processing:dead_letters"), "icon": "mail-warning"},
        {"name": _("API keys"), "url": reverse("features:keys"), "icon": "key-round"},
    ]
    shown = [target for target in targets if asked.casefold() in target["name"].casefold()]
    rows = catalogue.matching(PROJECT, request.GET)[:8]
    return render(request, "features/palette.html", {"pages": shown, "rows": rows})


def form_page(request: HttpRequest, form: FeatureForm, base: str, status: int = 200) -> HttpResponse:
    """The "+" page around a form."""
    report = report_of({"errors": form.sql_errors}) if form.sql_errors else {}
    if request.method == "POST" and not report and request.POST.get("enable_sql"):
        # the services stop at the first wrong field; the SQL is looked at all the same
        checked = checked_form(PROJECT, request.POST)
        report = {} if checked is None else report_of(checked.document())
    context = {"section": "features", "form": form, "base": base, "example": EXAMPLE, **report}
    return render(request, "features/form.html", context, status=status)


@editing
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The "+" form; with `?from=name` filled with that group's definition, whose changed form becomes the next version."""
    base = request.GET.get("from", "")
    check = reverse("serving:check")
    if request.method == "GET":
        document = selectors.describe(PROJECT, base) if base else None
        return form_page(request, FeatureForm(initial=initial(document), check_url=check), base if document else "")
    form = FeatureForm(request.POST, check_url=check)
    if not form.is_valid():
        return form_page(request, form, base, status=422)
    try:
        made = services.register(PROJECT, form.document(), actor=f"user:{request.user.get_username()}")
    except JStoreError as error:
        form.show(error)
        return form_page(request, form, base, status=error.status)
    messages.success(request, words_of(made))
    address = reverse("features:detail", args=[made.group.name])
    return redirect(address if made.version == made.group.active else f"{address}?version={made.version}")


def words_of(made: services.Registered) -> str:
    """What registering did, in one sentence."""
    names = {"name": made.group.name, "number": made.version}
    if not made.created:
        return _("Nothing to compute anew: %(name)s has this definition already, as version %(number)s.") % names
    if made.version == made.group.active:
        return _("%(name)s is active. It covers every event already in the log.") % names
    return _("Version %(number)s of %(name)s is a draft. Activate it when you are ready.") % names


def initial(document: dict[str, Any] | None) -> dict[str, Any]:
    """Values of the form's fields for an existing definition; the defaults of a new one without."""
    if document is None:
        return {"sql_query": EXAMPLE, "type": "numerical", "timestamp_column": "", "columns": ""}
    transformation = document["transformation"] or {}
    kept = {name: document[name] for name in ("name", "description", "type", "entity_id", "owner", "ttl", "timestamp_column")}
    return {
        **kept,
        "tags": ", ".join(document["tags"]),
        "enable_sql": bool(transformation),
        "sql_query": transformation.get("sql_query", ""),
        "aggregation_window": transformation.get("aggregation_window") or "",
        "windows": document["windows"] or [],
        "columns": "\n".join(f"{name} {kind}" for name, kind in document["columns"].items() if kind),
    }


@page
@require_GET
def feature(request: HttpRequest, name: str) -> HttpResponse:
    """One group, at its served version or at `?version=`."""
    group = found_group(name)
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isdecimal() else group.active
    context = detail(group, number, host=request.build_absolute_uri("/"))
    if context is None:
        raise Http404(asked)
    return render(request, "features/detail.html", {"section": "features", "may_edit": may_edit(request), **context})


@editing
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Deletes a group; the log keeps its events."""
    return act(
        request,
        lambda: services.delete(PROJECT, name, actor=f"user:{request.user.get_username()}"),
        lambda _none: _("%(name)s is deleted.") % {"name": name},
        reverse("features:list"),
    )
