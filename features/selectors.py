"""Readers of the registry. Across the border of the app they hand core values and plain documents, never model instances."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from backends.online.grants import KeyGrant
from core.names import NAME
from core.spec import GroupSpec
from features.documents import describe_version
from features.models import ApiKey, Group, Version
from features.specs import grant_of
from features.specs import group_spec as spec_of


def live_group(project: str, name: str) -> Group | None:
    """The row of a group that is there: neither deleted nor half-made. For the registry's own pages and API."""
    if not NAME.fullmatch(name):
        return None  # a database would stumble over NUL, and no other text names a group either
    group = Group.objects.filter(project=project, name=name).first()
    return group if group is not None and group.active is not None else None


def live_versions(group: Group) -> list[Version]:
    """The versions of a group's present life, by number."""
    found = Version.objects.filter(group=group, incarnation=group.incarnation)
    return sorted((v for v in found if str(v.number) in group.states), key=lambda v: v.number)


def group_spec(project: str, name: str) -> GroupSpec | None:
    """The spec of a group; of a deleted one with `deleted`; None where there never was one."""
    if not NAME.fullmatch(name):
        return None
    group = Group.objects.filter(project=project, name=name).exclude(incarnation=0).first()
    return None if group is None else spec_of(group, Version.objects.filter(group=group))


def group_specs(project: str) -> list[GroupSpec]:
    """The specs of all live groups of a project, by name."""
    groups = Group.objects.filter(project=project).filter(active__isnull=False)
    return [spec_of(group, live_versions(group)) for group in groups]


def describe(project: str, name: str, number: int | None = None) -> dict[str, Any] | None:
    """The answer document of a group's version (the active one without a number); None where there is none."""
    group = live_group(project, name)
    if group is None:
        return None
    wanted = group.active if number is None else number
    return next((describe_version(group, v) for v in live_versions(group) if v.number == wanted), None)


def revisions(project: str) -> dict[str, int]:
    """name -> revision of every group that was ever complete, deleted ones too."""
    return dict(Group.objects.filter(project=project).exclude(incarnation=0).values_list("name", "revision"))


def stamp(project: str) -> int:
    """A number that differs after every change of the project's definitions."""
    found: int | None = Group.objects.filter(project=project).aggregate(total=Sum("revision"))["total"]
    return found or 0


def projects() -> list[str]:
    """Names of the projects that have definitions."""
    return sorted(set(Group.objects.values_list("project", flat=True)))


def key_grant(public_id: str) -> KeyGrant | None:
    """The grant of a key that was not revoked, from the registry itself."""
    key = ApiKey.objects.filter(public_id=public_id, revoked_at=None).first()
    return None if key is None else grant_of(key)
