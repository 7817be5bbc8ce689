"""The page of API keys: list, make (shown once), revoke."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.api_keys import SCOPES
from features import services
from features.forms_keys import KeyForm
from features.keys import last_used
from features.models import ApiKey
from features.pages import PROJECT, act, administering, may_administer, page


def keys_page(request: HttpRequest, form: KeyForm, *, made: str = "", status: int = 200) -> HttpResponse:
    """The page; `made` is the text of a key just made, which nothing can show again."""
    keys = list(ApiKey.objects.filter(project=PROJECT).order_by("-created_at"))
    used = last_used(keys)
    rows = [(key, used.get(key.public_id)) for key in keys]
    context = {
        "section": "keys",
        "rows": rows,
        "form": form,
        "made": made,
        "may_edit": may_administer(request),
        "now": timezone.now(),
    }
    return render(request, "features/keys.html", context, status=status)


@page
@require_http_methods(["GET", "HEAD"])
def keys(request: HttpRequest) -> HttpResponse:
    """All keys of the project; secrets are nowhere."""
    return keys_page(request, KeyForm(scopes=list(SCOPES)))


@administering
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """Makes a key and shows it in the answer itself: no redirect, no message store, no cache ever holds it."""
    form = KeyForm(request.POST, scopes=list(SCOPES))
    if not form.is_valid():
        return keys_page(request, form, status=422)
    text, _key = services.create_key(
        PROJECT,
        form.cleaned_data["name"],
        form.cleaned_data["scopes"],
        form.expires(),
        actor=f"user:{request.user.get_username()}",
    )
    return keys_page(request, KeyForm(scopes=list(SCOPES)), made=text)


@administering
@require_POST
def revoke_key(request: HttpRequest, public_id: str) -> HttpResponse:
    """Revokes a key at once."""
    return act(
        request,
        lambda: services.revoke_key(public_id, actor=f"user:{request.user.get_username()}"),
        lambda _none: _("The key %(key)s no longer opens anything.") % {"key": f"jst_{public_id}…"},
        reverse("features:keys"),
    )
