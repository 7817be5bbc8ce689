"""Which dead letters are meant: by code, source, group, time of arrival or id. What the API, the page and the command share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet

from core.clock import parse_time
from core.errors import Invalid
from processing.models import DeadLetter

_LARGEST_ID = (1 << 63) - 1
MOST_IDS = 10_000


@dataclass(frozen=True)
class Filter:
    """Letters of a project; what is None does not narrow. since, until: us, both inclusive; upto: the largest id."""

    project: str
    code: str | None = None
    source: str | None = None
    group: str | None = None
    since: int | None = None
    until: int | None = None
    ids: Sequence[int] | None = None
    upto: int | None = None

    def letters(self) -> QuerySet[DeadLetter]:
        """Those that match now."""
        found = DeadLetter.objects.filter(project=self.project)
        if self.code:
            found = found.filter(code=self.code)
        if self.source:
            found = found.filter(source=self.source)
        if self.group:
            # the group that left a stored row out, or the one that a refused row was addressed to
            found = found.filter(Q(group=self.group) | Q(group="", address=self.group))
        if self.since is not None:
            found = found.filter(received_at__gte=self.since)
        if self.until is not None:
            found = found.filter(received_at__lte=self.until)
        if self.ids is not None:
            found = found.filter(id__in=list(self.ids))
        if self.upto is not None:
            found = found.filter(id__lte=self.upto)
        return found

    def words(self) -> dict[str, Any]:
        """What narrows it, as JSON: for the audit trail, and to be read again by `of`."""
        return {name: value for name, value in asdict(self).items() if value is not None and name != "project"}

    @classmethod
    def of(cls, project: str, words: Mapping[str, Any]) -> Filter:
        """The inverse of `words`."""
        return cls(project, **words)


def read_filter(project: str, said: Mapping[str, Any], upto: int | None = None) -> Filter:
    """A filter as people write it: texts `code`, `source`, `group`, RFC 3339 `since`, `until`, a list `ids`. Raises Invalid."""
    names = ("code", "source", "group", "since", "until", "ids")
    if unknown := sorted(set(said) - set(names)):
        raise Invalid("unknown_field", f"{unknown[0][:80]!r} is unknown: there are {', '.join(names)}", pointer=f"/{unknown[0]}")
    texts = {name: _text(name, said.get(name)) for name in names[:-1]}
    return Filter(
        project,
        texts["code"],
        texts["source"],
        texts["group"],
        _time("since", texts["since"]),
        _time("until", texts["until"]),
        _ids(said.get("ids")),
        upto,
    )


def _text(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Invalid("invalid_filter", f"{name} is text", pointer=f"/{name}")
    if "\x00" in value:
        raise Invalid("nul_character", f"{name} holds a NUL character", pointer=f"/{name}")
    return value


def _time(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise Invalid("invalid_filter", f"{name}: {error}", pointer=f"/{name}") from None


def _ids(value: Any) -> list[int] | None:
    if value is None:
        return None
    good = isinstance(value, list) and len(value) <= MOST_IDS and all(type(i) is int and 0 < i <= _LARGEST_ID for i in value)
    if not good:
        raise Invalid("invalid_filter", f"ids is a list of at most {MOST_IDS} ids", pointer="/ids")
    return list(value)
