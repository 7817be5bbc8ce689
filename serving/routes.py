"""The two online routes without their framework: what the WSGI callable and the REST views both answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import strict_json
from core.errors import BadRequest, TooLarge, UnsupportedMedia
from serving import lookup
from serving.arrow import CONTENT_TYPE as ARROW
from serving.arrow import online_arrow
from serving.plan import Part
from serving.render import online_json
from serving.request import checked_age, is_true, online_request, without_nul

JSON = "application/json"
MOST_BYTES = 16 * 1024 * 1024


def values(project: str, ref: str, text: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The newest values: of the entity in the path where `text` is not empty, else of the one that the parameters name."""
    max_age = parameters.get("max_age")
    if max_age is not None and "max_age" in lookup.resolve(project, ref).group.entity:
        max_age = None  # here it is an entity key
    age = checked_age(max_age)
    return lookup.values_by(project, ref, lambda part: entity_of(part, text, parameters), max_age=age)


def entity_of(part: Part, text: str, parameters: Mapping[str, str]) -> dict[str, list[str]]:
    """The group's keys out of either form, as columns of one; raises Invalid, BadRequest."""
    if text:
        return lookup.path_entity(part, without_nul(text))
    return lookup.one_entity(part, {name: without_nul(value) for name, value in parameters.items()})


def online_features(
    project: str, body: bytes, content_type: str, parameters: Mapping[str, str], accept: str
) -> tuple[bytes, str]:
    """`POST /online-features` -> (the answer, its content type)."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMedia("unsupported_media_type", "the body is application/json")
    if len(body) > MOST_BYTES:
        raise TooLarge("too_large", f"a body has at most {MOST_BYTES} bytes")
    if not body:
        raise BadRequest("invalid_json", "the body is empty")
    asked = online_request(strict_json.parse(body))
    arrow, compact = ARROW in accept, is_true(parameters.get("compact"))
    found = lookup.online_answer(
        project, asked.features, asked.entities, max_age=asked.max_age, on_stale=asked.on_stale, arrow=arrow
    )
    if arrow:
        return online_arrow(found.plan, found.rows, found.columns, compact), ARROW
    return online_json(found.plan, found.rows, compact), JSON
