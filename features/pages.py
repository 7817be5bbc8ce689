"""What every page shares: who may see it, who may change something, and how an error of the layers below is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache

from core.errors import JStoreError
from features.roles import caller_of_user

PROJECT = "default"
"""The project the pages act on."""

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def may_edit(request: HttpRequest) -> bool:
    """Whether the person may change definitions, runs and dead letters: by the same roles as the API."""
    return caller_of_user(request.user).may("registry:write")


def may_administer(request: HttpRequest) -> bool:
    """Whether the person may make and revoke keys, which may carry any scope."""
    return caller_of_user(request.user).may("admin")


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of a page; a browser without scripts asks for the same address as a page."""
    return request.headers.get("HX-Request") == "true"


def sign_in(request: HttpRequest) -> HttpResponse:
    """To the login page; a fragment asks the browser to leave the whole page, or the form would land inside it."""
    if is_fragment(request):
        here = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        return HttpResponse(status=204, headers={"HX-Redirect": f"{resolve_url('login')}?{urlencode({'next': here})}"})
    return redirect_to_login(request.get_full_path())


def show_error(request: HttpRequest, error: JStoreError) -> HttpResponse:
    """An error as a page, or as a note where a fragment was asked for (htmx shows answers of 4xx and 5xx too)."""
    template = "parts/error_note.html" if is_fragment(request) else "error.html"
    return render(request, template, {"error": error}, status=error.status)


def page(view: View[P]) -> View[P]:
    """A page for those who are signed in. Errors of the tree in `core.errors` become pages with their status and words."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in(request)
        try:
            response = view(request, *args, **kwargs)
        except JStoreError as error:
            response = show_error(request, error)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return never_cache(inner)


def editing(view: View[P]) -> View[P]:
    """A page that changes something: for editors."""
    return _only(may_edit, view)


def administering(view: View[P]) -> View[P]:
    """A page that hands out rights: for admins."""
    return _only(may_administer, view)


def _only(may: Callable[[HttpRequest], bool], view: View[P]) -> View[P]:
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated and not may(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page(inner)


def act(request: HttpRequest, action: Callable[[], Any], done: Callable[[Any], str], back: str) -> HttpResponse:
    """Do it, say how it went in a message, go back. `done` words the success from what the action gave."""
    try:
        result = action()
    except JStoreError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done(result))
    return redirect(back)


def with_slash(request: HttpRequest, path: str) -> HttpResponse:
    """An address typed without the slash at its end goes to the page that has it; anything else is 404.

    Django's own APPEND_SLASH is off: it would also redirect the API, where a redirect loses the body.
    """
    try:
        resolve(f"/{path}/")
    except Resolver404:
        raise Http404(path) from None
    query = request.META["QUERY_STRING"]
    return redirect(f"/{path}/{'?' + query if query else ''}")
