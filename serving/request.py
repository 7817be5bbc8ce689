"""What a caller of the online routes may ask, checked: bodies, `max_age`, and which queries are not the newest values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from core.errors import BadRequest, Invalid, NotFound

ON_STALE = ("serve", "null", "error")
# Parameters of the values route that are not entity keys; `at` and what follows are computed from the log.
FROM_LOG = ("at", "start_time", "end_time", "as_known", "limit", "cursor")
_MOST_FIELDS = 100


@dataclass(frozen=True)
class OnlineRequest:
    """The body of `POST /online-features`. `max_age` in seconds."""

    features: tuple[str, ...]
    entities: Mapping[str, Any]
    max_age: float | None
    on_stale: str


def online_request(document: Any) -> OnlineRequest:
    """The parsed body -> OnlineRequest; raises Invalid with pointers, NotFound for a feature service."""
    if type(document) is not dict:
        raise Invalid("not_an_object", "the body is an object with `features` and `entities`", pointer="")
    features = document.get("features")
    if "feature_service" in document:
        if features is not None:
            raise Invalid("invalid", "`features` and `feature_service` exclude each other", pointer="/feature_service")
        name = str(document["feature_service"])[:80]
        raise NotFound("unknown_feature_service", f"there is no feature service {name!r}", pointer="/feature_service")
    if type(features) is not list or not features:
        raise Invalid(
            "invalid", "`features` is a list of references (group, group:feature, group@2:feature)", pointer="/features"
        )
    for i, text in enumerate(features):
        if type(text) is not str:
            raise Invalid("invalid", "a reference is text", pointer=f"/features/{i}")
    entities = document.get("entities")
    if type(entities) is not dict:
        raise Invalid("invalid", "`entities` is an object: {key: [one for each entity]}", pointer="/entities")
    on_stale = document.get("on_stale")
    if on_stale is not None and on_stale not in ON_STALE:
        raise Invalid("invalid", f"`on_stale` is one of {', '.join(ON_STALE)}", pointer="/on_stale")
    return OnlineRequest(tuple(features), entities, checked_age(document.get("max_age")), on_stale or "serve")


def checked_age(value: Any) -> float | None:
    """`max_age` in seconds, as a JSON number or the text of a query; raises Invalid."""
    if value is None:
        return None
    try:
        seconds = float(value) if type(value) in (int, float, str) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= 1e11:
        raise Invalid("bad_max_age", "`max_age` is a number of seconds, 0 or more", pointer="/max_age")
    return seconds


def parameters(query: str) -> dict[str, str]:
    """A query string -> its parameters; raises BadRequest (no UTF-8, too many), Invalid where one stands twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise BadRequest("invalid_utf8", "the query is no UTF-8") from None
    except ValueError:
        raise BadRequest("bad_request", f"a query has at most {_MOST_FIELDS} parameters") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if any(name == other for other, _ in pairs[:i]))
        raise Invalid("invalid", f"the parameter {twice[:63]} stands twice", pointer=f"/{twice[:63]}")
    return found


def is_true(value: str | None) -> bool:
    """A switch in a query: 1, true, yes or on."""
    return value is not None and value.lower() in ("1", "true", "yes", "on")


def without_nul(text: str) -> str:
    """The text, unless it holds U+0000, which no store takes; raises BadRequest."""
    if "\0" in text:
        raise BadRequest("nul_character", "the address holds U+0000, which no store takes")
    return text
