"""What a group's page shows of one version: features with their types and sources, input columns, window, snippets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from core.windows import DAY, HOUR, MINUTE, Window
from features import selectors
from features.documents import describe_version
from features.gate import gated_entities
from features.models import Group, Version
from features.snippets import snippets


@dataclass(frozen=True)
class VersionRow:
    """One line of the versions' table; also the version on show."""

    number: int
    status: str
    sql: str
    windows: list[str]
    path: str
    path_reason: str
    ttl: int | None
    fingerprint: str
    created_at: datetime
    created_by: str


def version_row(group: Group, version: Version) -> VersionRow:
    """A version and its state, which stands in the group."""
    return VersionRow(
        number=version.number,
        status=group.states[str(version.number)],
        sql=written_sql(version),
        windows=version.all_windows,
        path=version.path,
        path_reason=version.path_reason,
        ttl=version.ttl,
        fingerprint=version.fingerprint,
        created_at=version.created_at,
        created_by=version.created_by,
    )


def written_sql(version: Version) -> str:
    """The SQL as its author wrote it; of a group without one, the SQL that stands for it."""
    transformation = version.document.get("transformation") or {}
    return str(transformation.get("sql_query") or version.sql)


def hop_text(size: int) -> str:
    """µs -> "1 h", "15 min", "1 d"."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if size % unit == 0:
            return f"{size // unit} {name}"
    raise ValueError(size)


def window_of(label: str) -> dict[str, str]:
    """A window's label and how far its edge moves at a time."""
    return {"label": label, "hop": hop_text(Window.parse(label).hop)}


def features_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The features of a version: name, dtype, the input columns each comes from, its default."""
    return [
        {**feature, "sources": document["lineage"].get(feature["name"], ()), "default": document["defaults"].get(feature["name"])}
        for feature in document["features"]
    ]


def detail(group: Group, number: int | None, host: str) -> dict[str, Any] | None:
    """The page's context; None where the group has no such version."""
    versions = selectors.live_versions(group)
    shown = next((version for version in versions if version.number == number), None)
    if shown is None:
        return None
    document = describe_version(group, shown)
    return {
        "group": group,
        "version": version_row(group, shown),
        "versions": [version_row(group, version) for version in reversed(versions)],
        "features": features_of(document),
        "inputs": list(document["columns"].items()),
        "gated": gated_entities(group, shown),
        "gate": settings.JSTORE_GATE_EVENTS,
        "windows": [window_of(label) for label in shown.all_windows],
        "snippets": snippets(document, host, served=shown.number == group.active),
        "keys_url": reverse("features:keys"),
    }
