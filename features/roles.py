"""Roles of signed-in users: names of Django groups, each with the scopes that an API key of that role would have."""

from __future__ import annotations

from typing import Any

from backends.online.callers import EDITOR, LOCAL_PROJECT, Caller

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": ("features:read",),
    "editor": EDITOR,
    "curator": EDITOR,
    "admin": (*EDITOR, "admin"),
}


def caller_of_user(user: Any) -> Caller:
    """The caller that a signed-in user is: a superuser is admin, one without any role a viewer, of project `default`."""
    if user.is_superuser:
        scopes = ROLES["admin"]
    else:
        names = set(user.groups.values_list("name", flat=True))
        scopes = tuple(sorted({s for role in names | {"viewer"} for s in ROLES.get(role, ())}))
    return Caller(LOCAL_PROJECT, f"user:{user.get_username()}", scopes)
