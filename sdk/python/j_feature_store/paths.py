"""References and entities to the paths and queries of the values routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union
from urllib.parse import quote

Entity = Union[str, int, Mapping[str, Any]]


def feature_path(ref: str) -> str:
    """'/features/{ref}', the reference percent-encoded; ref: group, group@2, group:feature or group@2:feature."""
    if not isinstance(ref, str) or not ref.strip():
        raise ValueError("a feature's name must be non-empty text")
    return f"/features/{quote(ref.strip(), safe='@:')}"


def entity_text(value: Any) -> str:
    """An entity key as the server keeps it: text, an integer by its digits. Others are refused, as the server does."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        item = getattr(value, "item", None)  # a numpy integer
        if item is None or isinstance(item(), bool) or not isinstance(item(), (str, int)):
            raise TypeError(f"an entity key must be text or an integer, not {type(value).__name__}")
        value = item()
    if value == "":
        raise ValueError("an entity key must not be empty")
    return str(value)


def values_path(ref: str, entity: Entity) -> tuple[str, dict[str, str]]:
    """-> (path, query) of one entity's values.

    A mapping gives the keys by name, needed for composite entities. A single key goes into the path, every reserved
    character encoded, so "a/b" is one entity.
    """
    if isinstance(entity, Mapping):
        if not entity:
            raise ValueError("the entity's keys are missing")
        return f"{feature_path(ref)}/values/", {str(key): entity_text(value) for key, value in entity.items()}
    return f"{feature_path(ref)}/values/{quote(entity_text(entity), safe='')}", {}


def is_dot_segment(entity: Entity) -> bool:
    """Whether HTTP clients and proxies would resolve the key away as a path segment, encoded or not."""
    return not isinstance(entity, Mapping) and str(entity) in (".", "..")
