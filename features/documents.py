"""The answer document of a definition (docs/api.md, "Definitions"): one shape for the API and the pages."""

from __future__ import annotations

from typing import Any

from core.clock import format_time
from features.models import Group, Version
from features.specs import micros


def describe_version(group: Group, version: Version) -> dict[str, Any]:
    """The document of a version of a live group. `dtype` is null while it depends on a column that showed no value yet."""
    number = str(version.number)
    dtypes = group.layouts[number][group.layout]["outputs"]
    names = [*version.input_columns]
    return {
        "name": group.name,
        "title": group.title,
        "version": version.number,
        "status": group.states[number],
        "description": group.description,
        "type": group.type,
        "entity_id": ",".join(group.entity),
        "transformation": version.document.get("transformation"),
        "windows": version.windows or None,
        "columns": {name: group.columns.get(name) for name in names},
        "features": [{"name": name, "dtype": dtype} for name, dtype in zip(version.outputs, dtypes, strict=True)],
        "input_columns": names,
        "path": version.path,
        "path_reason": version.path_reason,
        "fingerprint": version.fingerprint,
        "created_at": format_time(micros(version.created_at)),
        "updated_at": format_time(micros(group.updated_at)),
        "entity": list(group.entity),
        "source": group.source,
        "timestamp_column": group.timestamp_column,
        "ttl": version.ttl,
        "defaults": version.defaults,
        "owner": group.owner,
        "tags": group.tags,
        "active_version": group.active,
        "lineage": version.lineage,
    }


def etag(group: Group) -> str:
    """The entity tag of a group's documents: of its words first, then of everything."""
    return f'"{group.words_revision}.{group.revision}"'


def words_match(if_match: str, group: Group) -> bool:
    """Whether the caller of a PATCH saw the present words. Types that became known meanwhile are no reason to refuse."""
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")]
    return "*" in tags or str(group.words_revision) in (tag.partition(".")[0] for tag in tags)
