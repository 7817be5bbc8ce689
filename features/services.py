"""The registry's only writer, with its neighbours `registering`, `fixing` and `keys`, whose functions are offered here too.

Every change is one conditional UPDATE of a group's row, then an audit entry, then the publication to Redis, then the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.errors import Conflict, NotFound, PreconditionFailed
from core.spec import GroupSpec
from features import audit
from features.database import now, registry_atomic, registry_up, swap
from features.documents import words_match
from features.fixing import fix_types as fix_types
from features.keys import create_key as create_key
from features.keys import revoke_key as revoke_key
from features.models import Group
from features.publishing import ensure_published as ensure_published
from features.publishing import publish
from features.publishing import republish as republish
from features.publishing import unpublished as unpublished
from features.registering import Registered as Registered
from features.registering import register as register
from features.selectors import live_group, live_versions
from features.specs import group_spec
from features.words import given_words, search_columns

ATTEMPTS = 10
Changes = dict[str, Any]


def update_words(project: str, name: str, words: Any, actor: str, if_match: str | None = None) -> GroupSpec:
    """Title, description, type, owner, tags of a group. Raises NotFound, Invalid, PreconditionFailed for a stale `if_match`."""
    new = given_words(words)

    def change(group: Group) -> Changes:
        if if_match is not None and not words_match(if_match, group):
            raise PreconditionFailed("stale_etag", "the definition was changed since it was read; read it again")
        return {column: value for column, value in new.items() if getattr(group, column) != value}

    return _move(project, name, actor, "words", change, words_moved=True, words=sorted(new))


def set_active(project: str, name: str, version: int, actor: str, instead_of: int | None = None) -> GroupSpec:
    """Moves the pointer to a version; one that is active already stays so. Raises NotFound. Building it first is the caller's.

    instead_of: only where this one is active.
    """

    def change(group: Group) -> Changes:
        number = str(version)
        if number not in group.states:
            raise NotFound("unknown_version", f"{name} has no version {version}")
        if group.active == version or instead_of not in (None, group.active):
            return {}
        return {"active": version, "states": {**group.states, str(group.active): "deprecated", number: "active"}}

    return _move(project, name, actor, "activate", change, version=version)


def set_backfilled(project: str, name: str, version: int, actor: str) -> GroupSpec:
    """Notes that a draft has been built from the log; any other state stays as it is. Raises NotFound."""

    def change(group: Group) -> Changes:
        state = group.states.get(str(version))
        if state is None:
            raise NotFound("unknown_version", f"{name} has no version {version}")
        return {"states": {**group.states, str(version): "backfilled"}} if state == "draft" else {}

    return _move(project, name, actor, "backfilled", change, version=version)


def delete(project: str, name: str, actor: str) -> None:
    """Takes a group away; its name stays known as deleted, its versions' codes go to those who hold values. Raises NotFound."""

    def change(group: Group) -> Changes:
        return {"deleted_at": now(), "active": None, "states": {}, "layouts": {}}

    _move(project, name, actor, "delete", change)


def _move(
    project: str, name: str, actor: str, action: str, change: Callable[[Group], Changes], words_moved: bool = False, **detail: Any
) -> GroupSpec:
    with registry_up():
        for _ in range(ATTEMPTS):
            group = live_group(project, name)
            if group is None:
                raise NotFound("unknown_feature", f"there is no feature group {name[:80]!r}")
            changes = change(group)
            if not changes:
                return group_spec(group, live_versions(group))
            outputs = [output for v in live_versions(group) for output in v.outputs]
            with registry_atomic():
                moved = swap(group, words_moved=words_moved, **changes, **search_columns(group, outputs, changes))
                if moved:
                    audit.record(project, actor, action, name, **detail)
            if moved:
                group.refresh_from_db()
                publish(group, drop=group.active is None)
                return group_spec(group, live_versions(group))
    raise Conflict("busy", f"the group {name} is being changed by others; try again")
