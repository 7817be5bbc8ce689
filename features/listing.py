"""Lists of definitions: filters that both databases understand, and pages by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import PageNumberPagination

from core.errors import Invalid
from features.documents import describe_version
from features.folding import fold, mark
from features.models import Group, Version
from features.serializers import STATUSES


class Numbered(PageNumberPagination):
    """`?page=&page_size=` -> count, next, previous, results."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


@dataclass(frozen=True)
class Filters:
    """What a list is asked for; empty text asks nothing."""

    search: str = ""
    tag: str = ""
    owner: str = ""
    entity: str = ""
    status: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """From query parameters; raises Invalid for NUL and for an unknown status."""
        given = {name: query.get(name, "") for name in cls.__dataclass_fields__}
        for name, text in given.items():
            if "\0" in text:
                raise Invalid("nul_character", f"{name} holds U+0000", pointer=f"/{name}")
        if given["status"] not in ("", *STATUSES):
            raise Invalid("invalid_status", f"status is one of {', '.join(STATUSES)}", pointer="/status")
        return cls(**given)


def page_of_groups(project: str, filters: Filters) -> QuerySet[Group]:
    """The live groups of a project that fit, by name."""
    found = Group.objects.filter(project=project).filter(active__isnull=False)
    for word in fold(filters.search).split():
        found = found.filter(search_text__contains=word)
    for kind in ("tag", "owner"):
        if text := getattr(filters, kind):
            found = found.filter(marks_text__contains=mark(kind, fold(text)))
    for kind in ("entity", "status"):
        if text := getattr(filters, kind):
            found = found.filter(marks_text__contains=mark(kind, text))
    return found.order_by("name")


def documents_of(groups: Sequence[Group], status: str = "") -> list[dict[str, Any]]:
    """One document for each group: of its active version, or of its newest in `status`."""
    by_group: dict[Any, list[Version]] = {group.pk: [] for group in groups}
    for version in Version.objects.filter(group_id__in=list(by_group)):
        by_group[version.group_id].append(version)
    found = []
    for group in groups:
        wanted = group.active
        if status:
            wanted = max((int(number) for number, state in group.states.items() if state == status), default=group.active)
        found += [describe_version(group, v) for v in by_group[group.pk] if v.number == wanted]
    return found
