"""The `preview` of a check: of which entities values are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.entity import InvalidKey, encode_key, key_text
from core.errors import Invalid

DEFAULT, MOST = 3, 10
_FIELDS = ("entities", "limit")


@dataclass(frozen=True)
class Wanted:
    """`keys`: encoded entities, () for those of the newest events, `limit` of them."""

    keys: tuple[str, ...] = ()
    limit: int = DEFAULT


def wanted_of(value: Any, names: Sequence[str]) -> Wanted | None:
    """true, or {"entities": [one of text, a number, or {key: value}], "limit": n} -> what is wanted; None of false and null.

    Raises Invalid.
    """
    if value is None or value is False:
        return None
    if value is True:
        return Wanted()
    if not isinstance(value, dict):
        raise Invalid("invalid", "`preview` is true, or an object of `entities` and `limit`", pointer="/preview")
    for name in value:
        if name not in _FIELDS:
            raise Invalid(
                "unknown_field", f"{name[:80]!r} is unknown: there are {', '.join(_FIELDS)}", pointer=f"/preview/{name[:80]}"
            )
    limit = value.get("limit", DEFAULT)
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise Invalid("invalid_limit", f"`limit` is a number from 1 to {MOST}", pointer="/preview/limit")
    entities = value.get("entities", [])
    if not isinstance(entities, list) or len(entities) > MOST:
        raise Invalid("invalid", f"`entities` is a list of at most {MOST}", pointer="/preview/entities")
    keys = [_key(entity, names, f"/preview/entities/{place}") for place, entity in enumerate(entities)]
    return Wanted(tuple(dict.fromkeys(keys)), limit)


def _key(entity: Any, names: Sequence[str], pointer: str) -> str:
    if not isinstance(entity, dict):
        if len(names) > 1:
            raise Invalid("invalid_entity", f"this entity has several keys: give {{{', '.join(names)}}}", pointer=pointer)
        entity = {names[0]: entity}
    if set(entity) != set(names):
        raise Invalid("invalid_entity", f"an entity has exactly {', '.join(names)}", pointer=pointer)
    try:
        return encode_key([key_text(entity[name]) for name in names])
    except InvalidKey as error:
        raise Invalid(error.code, error.detail, pointer=pointer) from None
