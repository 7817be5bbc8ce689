"""The newest values: what the hot path, the REST views that document it and the pages all read by.

No database, no registry: definitions come from Redis through the process's cache. Each read brings the stamp of the definitions
with its records; where it is not the cached one, they are read again and the plan is made anew, so that a definition or a moved
pointer is seen by the first read after its answer was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from backends.online.client import client
from backends.online.published import Published, cached, confirmed, published
from backends.online.reading import fetch
from core.clock import MICRO, now_us
from core.errors import Conflict, Invalid, JStoreError, NotFound, Unavailable
from serving.entities import checked_columns, checked_text, places
from serving.plan import Part, Plan, plan_of
from serving.render import online_json, values_document
from serving.rows import STALE, Rows, Wishes, judge

_TRIES = 3


class NothingPublished(Unavailable):
    """Redis holds no definitions of this project, or may have lost some, and nobody asked the registry, which alone can tell."""

    def __init__(self) -> None:
        super().__init__("not_published", "the online store holds no definitions: it is being filled again")


@dataclass(frozen=True)
class Answer:
    """A read before it is written down: `rows[i]` belongs to `plan.parts[i]`; `columns` are the entities' keys by name."""

    plan: Plan
    rows: tuple[Rows, ...]
    columns: Mapping[str, list[str]]
    clock: int


Columns = Callable[[Plan], dict[str, list[str]]]


def values(
    project: str, ref: str, entity: Mapping[str, Any], *, clock: int | None = None, max_age: float | None = None
) -> dict[str, Any]:
    """The newest values of one entity -> the document of the values route, nested values as Python values.

    `entity` {key: text or int} with every key of the group; `max_age` in seconds, compared with `age_seconds`, the age of
    the newest event counted. Raises NotFound, Conflict, Invalid, Unavailable.
    """
    return values_by(project, ref, lambda part: one_entity(part, entity), clock=clock, max_age=max_age)


def values_by(
    project: str,
    ref: str,
    entity_of: Callable[[Part], dict[str, list[str]]],
    *,
    clock: int | None = None,
    max_age: float | None = None,
) -> dict[str, Any]:
    """The same, for an entity that only the group's keys tell: see `one_entity`, `path_entity`."""
    try:
        found = _answer(project, (ref,), lambda plan: entity_of(plan.parts[0]), _wishes(clock, max_age))
    except JStoreError as error:
        raise _without_list(error) from None
    return values_document(found.plan, found.rows, {key: column[0] for key, column in found.columns.items()})


def one_entity(part: Part, entity: Mapping[str, Any]) -> dict[str, list[str]]:
    """The keys of a group's entity out of those given, as columns of one; raises Invalid with the key's name as pointer."""
    for key in part.group.entity:
        if key not in entity:
            raise Invalid("missing_entity", f"{part.group.name} needs the entity key {key}", pointer=f"/{key}")
    return {key: [checked_text(entity[key], f"/{key}")] for key in part.group.entity}


def path_entity(part: Part, text: str) -> dict[str, list[str]]:
    """The text of the path form, likewise; raises Invalid for a group of several keys."""
    keys = part.group.entity
    if len(keys) > 1:
        form = "&".join(f"{key}=…" for key in keys)
        raise Invalid("missing_entity", f"this entity has {len(keys)} keys: ask for …/values/?{form}", pointer="")
    return one_entity(part, {keys[0]: text})


def resolve(project: str, ref: str) -> Part:
    """The version that a reference names now, as the values route reads it (of several windows the first); one GET where this
    process knows it already."""
    return plan_now(project, ref).parts[0]


def plan_now(project: str, ref: str) -> Plan:
    """The same, as the plan of that one reference."""
    try:
        return _planned(project, (ref,), newest=True)[1]
    except JStoreError as error:
        raise _without_list(error) from None


def _without_list(error: JStoreError) -> JStoreError:
    """An error of the one reference that stands in the address, not in a list of the body."""
    if error.pointer == "/features/0":
        error.pointer = None
    return error


def online_features(
    project: str,
    features: Sequence[str],
    entities: Mapping[str, Any],
    *,
    max_age: float | None = None,
    on_stale: str = "serve",
    compact: bool = False,
    clock: int | None = None,
) -> dict[str, Any]:
    """Many features of many entities in one round trip -> the document of `POST /online-features`."""
    found = online_answer(project, features, entities, max_age=max_age, on_stale=on_stale, clock=clock)
    document: dict[str, Any] = orjson.loads(online_json(found.plan, found.rows, compact))
    return document


def online_answer(
    project: str,
    features: Sequence[str],
    entities: Mapping[str, Any],
    *,
    max_age: float | None = None,
    on_stale: str = "serve",
    clock: int | None = None,
    arrow: bool = False,
) -> Answer:
    """The same, not yet written down. `on_stale`: serve | null (withheld) | error (503); `arrow`: values for pyarrow."""
    wishes = _wishes(clock, max_age, on_stale == "null", arrow)
    found = _answer(project, tuple(features), lambda plan: checked_columns(entities, plan.keys), wishes)
    if on_stale == "error":
        _refuse_stale(found)
    return found


Wished = Callable[[], Wishes]


def _wishes(clock: int | None, max_age: float | None, withhold: bool = False, arrow: bool = False) -> Wished:
    """The clock is read after the records, so that it is not before what they hold."""
    age = None if max_age is None else int(max_age * MICRO)
    return lambda: Wishes(now_us() if clock is None else clock, age, withhold, arrow)


def _answer(project: str, refs: tuple[str, ...], columns_of: Columns, wished: Wished) -> Answer:
    known, plan = _planned(project, refs)
    for _ in range(_TRIES):
        columns = columns_of(plan)
        asked = {entity: places(columns, entity, plan.parts[0].shelf.buckets) for entity in plan.entities}
        got = fetch(client(), project, [(part.shelf, asked[part.group.entity]) for part in plan.parts])
        if got.stamp == known.stamp:
            break
        read = plan.codes
        known, plan = _planned(project, refs, newest=True)
        if plan.codes == read:
            break
    wishes = wished()
    rows = tuple(
        judge(part, records, [bucket for bucket, _ in asked[part.group.entity]], got.cursors, wishes)
        for part, records in zip(plan.parts, got.records, strict=True)
    )
    return Answer(plan, rows, columns, wishes.clock)


def _planned(project: str, refs: tuple[str, ...], newest: bool = False) -> tuple[Published, Plan]:
    """The plan under what this process knows; before a refusal the definitions are looked up once more."""
    known = None if newest else cached(project)
    if known is not None and known.stamp:
        try:
            return known, plan_of(project, known, refs)
        except JStoreError:
            if published(project).stamp == known.stamp and confirmed(project):
                raise
    known = published(project)
    try:
        return known, plan_of(project, known, refs)
    except (NotFound, Conflict):
        if not known.stamp or not confirmed(project):
            raise NothingPublished from None
        raise


def _refuse_stale(found: Answer) -> None:
    for part, rows in zip(found.plan.parts, found.rows, strict=True):
        if STALE in rows.statuses:
            which = rows.statuses.index(STALE)
            raise Unavailable("stale", f"{part.group.name} is stale for entity {which} of the request, and on_stale is error")
