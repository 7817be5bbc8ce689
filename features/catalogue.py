"""The Features page's rows: search, filters and what each line shows. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from features.folding import fold
from features.labels import label
from features.listing import Filters, page_of_groups
from features.models import Group, Version

LABELS: dict[str, Promise] = {
    "type": _("Any type"),
    "status": _("Any status"),
    "entity": _("Any entity"),
    "owner": _("Any owner"),
    "tag": _("Any tag"),
}
DRAFT = "draft"


@dataclass(frozen=True)
class Row:
    """One line of the list: the group's words, and the facts of the version that is served."""

    name: str
    title: str
    entity: str
    type: str
    windows: list[str]
    path: str
    features: int
    status: str
    draft: int | None
    tags: list[str]
    updated_at: datetime


@dataclass(frozen=True)
class Choice:
    """One filter: its parameter, the words of its empty choice, (value, words) pairs, and the one chosen."""

    name: str
    label: Promise
    values: list[tuple[str, str]]
    chosen: str


def live_groups(project: str) -> list[Group]:
    """All groups that are there."""
    return list(page_of_groups(project, Filters()))


def matching(project: str, asked: QueryDict) -> list[Group]:
    """The groups that hold every word asked for and pass every filter, by title. The API's filters, and the type."""
    groups = page_of_groups(project, Filters.of({name: asked.get(name, "") for name in asked}))
    if kind := asked.get("type"):
        groups = groups.filter(type=kind)
    return sorted(groups, key=lambda group: (fold(group.title), group.name))


def served(group: Group) -> str:
    """Status of the version that is served."""
    return str(group.states.get(str(group.active), DRAFT))


def waiting(group: Group) -> int | None:
    """The newest draft above the served version, if any: somebody meant to activate it."""
    drafts = [int(number) for number, state in group.states.items() if state == DRAFT and int(number) > (group.active or 0)]
    return max(drafts, default=None)


def choices(groups: Iterable[Group], asked: QueryDict) -> list[Choice]:
    """The filters that have something to choose from, with the values that occur."""
    found: dict[str, set[str]] = {name: set() for name in LABELS}
    for group in groups:
        found["type"].add(group.type)
        found["status"].update({served(group), *([DRAFT] if waiting(group) else [])})
        found["entity"].update(group.entity)
        found["owner"].add(group.owner)
        found["tag"].update(group.tags)
    worded = {"type", "status"}
    return [
        Choice(name, LABELS[name], [(v, label(v) if name in worded else v) for v in sorted(values - {""})], asked.get(name, ""))
        for name, values in found.items()
        if values - {""}
    ]


def rows(groups: list[Group]) -> list[Row]:
    """The lines of these groups; their served versions come in one query."""
    by_group: dict[tuple[Any, int], Version] = {
        (version.group_id, version.number): version for version in Version.objects.filter(group__in=groups)
    }
    lines = []
    for group in groups:
        version = by_group.get((group.id, group.active or 0))
        if version is None:
            continue
        lines.append(
            Row(
                name=group.name,
                title=group.title,
                entity=", ".join(group.entity),
                type=group.type,
                windows=version.all_windows,
                path=version.path,
                features=len(version.outputs),
                status=served(group),
                draft=waiting(group),
                tags=group.tags,
                updated_at=group.updated_at,
            )
        )
    return lines
