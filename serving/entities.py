"""Entities as callers write them -> encoded keys with their buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.entity import InvalidKey, bucket_of, encode_key, key_text
from core.errors import Invalid, TooLarge

MOST_ENTITIES = 5000
_SHORT = 128  # characters: at most 512 bytes whatever they are

Place = tuple[int, bytes]  # (bucket, UTF-8 bytes of the encoded key)


def checked_text(value: Any, pointer: str) -> str:
    """One key value as text; raises InvalidKey with its pointer."""
    if type(value) is str and 0 < len(value) <= _SHORT:
        return value
    try:
        return key_text(value)
    except InvalidKey as error:
        error.pointer = pointer
        raise


def checked_columns(entities: Mapping[str, Any], keys: Sequence[str]) -> dict[str, list[str]]:
    """{key: [values]} as sent -> the columns of the keys asked for, all of one length; raises Invalid or TooLarge."""
    size: int | None = None
    for name, column in entities.items():
        if not isinstance(column, list):
            detail = f"{name[:63]} is a list of keys, one for each entity"
            raise Invalid("invalid_entity", detail, pointer=f"/entities/{_escaped(name)}")
        size = len(column) if size is None else size
        if len(column) != size:
            detail = "the lists of keys have one length"
            raise Invalid("invalid_entity", detail, pointer=f"/entities/{_escaped(name)}")
    if size is not None and size > MOST_ENTITIES:
        raise TooLarge("too_large", f"a read names at most {MOST_ENTITIES} entities", pointer="/entities")
    found: dict[str, list[str]] = {}
    for key in keys:
        if key not in entities:
            raise Invalid("missing_entity", f"the features asked for need the entity key {key}", pointer="/entities")
        found[key] = [checked_text(value, f"/entities/{key}/{i}") for i, value in enumerate(entities[key])]
    return found


def places(columns: Mapping[str, list[str]], entity: Sequence[str], buckets: int) -> list[Place]:
    """The entities of one group: (bucket, encoded key) for each, in order."""
    if len(entity) == 1:
        return [(bucket_of(text, buckets), text.encode()) for text in columns[entity[0]]]
    encoded = [encode_key(values) for values in zip(*(columns[key] for key in entity), strict=True)]
    return [(bucket_of(text, buckets), text.encode()) for text in encoded]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
