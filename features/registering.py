"""Registering a definition: the one way into the registry, for the API, the pages, events with SQL and the SDK alike.

Two tables are written, the version first and the group's row last; only what stands in the group's row exists for readers. So
a version whose group's row was never written is no harm: the same definition, sent again, finds and finishes it. Equal ones at
once meet in the unique constraints of Version, unequal ones in the group's revision, and whoever loses reads again.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Max

from core.definitions import Definition
from core.errors import Conflict, Invalid
from core.spec import GroupSpec
from core.sql import Compiled, compile_sql
from features import audit
from features.database import now, registry_atomic, registry_up, swap
from features.models import Group, Version
from features.planning import Plan, plan
from features.publishing import publish
from features.selectors import live_versions
from features.specs import forms_row, group_spec, layout_row
from features.words import search_columns, words_of

ATTEMPTS = 10
CODE_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Registered:
    """What a definition became: version `version` of `group`; `created` where it is a new one."""

    group: GroupSpec
    version: int
    created: bool


def register(project: str, document: Any, actor: str) -> Registered:
    """Registers a definition document. Equal to a version of the group: that version, words updated; else the next version.

    The first version of a group is active at once, later ones are drafts. Raises Invalid with nothing stored, Unavailable where
    the registry cannot be reached. The answer is published to Redis before this returns, unless Redis is down.
    """
    definition = Definition.parse(document)
    typed = {
        name: kind for name, kind in definition.columns.items() if name not in (*definition.entity, definition.timestamp_column)
    }
    compiled = compile_sql(definition.query, definition.entity, definition.timestamp_column, typed)
    wanted = _Wanted(project, definition, compiled, definition.fingerprint(compiled.sql), words_of(definition, document), actor)
    with registry_up():
        for _ in range(ATTEMPTS):
            done = _attempt(wanted)
            if done is not None:
                return done
    raise Conflict("busy", f"the group {definition.name} is being changed by others; try again")


@dataclass
class _Wanted:
    """What is to be registered; `mine` is the version that this call wrote, should another attempt find it."""

    project: str
    definition: Definition
    compiled: Compiled
    fingerprint: str
    words: dict[str, Any]
    actor: str
    mine: UUID | None = None


class _Moved(Exception):
    """Somebody else wrote the group meanwhile."""


def _attempt(wanted: _Wanted) -> Registered | None:
    """One reading and writing; None where somebody else was faster and it must be read again."""
    group = Group.objects.filter(project=wanted.project, name=wanted.definition.name).first()
    live = group if group is not None and group.active is not None else None
    version = None
    if group is not None:
        version = Version.objects.filter(group=group, incarnation=_incarnation(group), fingerprint=wanted.fingerprint).first()
    if live is not None and version is not None and str(version.number) in live.states:
        return _known(wanted, live, version)
    try:
        steps = plan(wanted.definition, wanted.compiled, live, [] if live is None else live_versions(live))
    except Invalid:
        # Passed at first and contradicted now: another writer fixed a type meanwhile, and what was written for this one must go.
        if wanted.mine is not None:
            Version.objects.filter(pk=wanted.mine).delete()
        raise
    try:
        with registry_atomic():
            group = group or _husk(wanted)
            if version is None:
                version = _insert(group, wanted)
                wanted.mine = version.pk
            if not _settle(group, version, steps, wanted):
                raise _Moved
            audit.record(
                wanted.project, wanted.actor, "register", f"{group.name}@{version.number}", fingerprint=wanted.fingerprint
            )
    except (IntegrityError, _Moved):
        return None
    group.refresh_from_db()
    publish(group)
    return Registered(group_spec(group, live_versions(group)), version.number, created=version.pk == wanted.mine)


def _known(wanted: _Wanted, group: Group, version: Version) -> Registered | None:
    """The definition is a version already: its words move, if they differ."""
    changes = {name: value for name, value in wanted.words.items() if getattr(group, name) != value}
    versions = live_versions(group)
    outputs = [output for v in versions for output in v.outputs]
    if changes:
        with registry_atomic():
            if not swap(group, words_moved=True, **changes, **search_columns(group, outputs, changes)):
                return None
            audit.record(wanted.project, wanted.actor, "words", group.name, words=sorted(changes))
        group.refresh_from_db()
        publish(group)
    return Registered(group_spec(group, versions), version.number, created=version.pk == wanted.mine)


def _incarnation(group: Group) -> int:
    """The life of the group that a version written now belongs to: the present one, or the one that it begins."""
    return group.incarnation if group.active is not None else group.incarnation + 1


def _husk(wanted: _Wanted) -> Group:
    """A row that only reserves the name. It is no group for any reader until a version settles in it."""
    moment, definition = now(), wanted.definition
    return Group.objects.create(
        project=wanted.project, name=definition.name, title=definition.title, incarnation=0, created_at=moment, updated_at=moment
    )


def _insert(group: Group, wanted: _Wanted) -> Version:
    last = Version.objects.filter(group=group).aggregate(last=Max("number"))["last"] or 0
    compiled, definition = wanted.compiled, wanted.definition
    features = definition.features(compiled.outputs)
    columns = [output for output in compiled.outputs for _ in definition.windows or (None,)]  # the column of each feature
    return Version.objects.create(
        group=group,
        incarnation=_incarnation(group),
        number=last + 1,
        # A letter first: the code becomes part of table names.
        code=secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(CODE_LETTERS) for _ in range(9)),
        fingerprint=wanted.fingerprint,
        document=definition.document(),
        sql=compiled.sql,
        window=definition.window,
        windows=list(definition.windows),
        ttl=definition.ttl,
        defaults=dict(definition.defaults),
        path=compiled.path,
        path_reason=compiled.path_reason,
        input_columns=list(compiled.input_columns),
        outputs=list(features),
        forms=forms_row(compiled.forms, columns),
        lineage={name: list(compiled.lineage[column]) for name, column in zip(features, columns, strict=True)},
        created_at=now(),
        created_by=wanted.actor[:200],
    )


def _settle(group: Group, version: Version, steps: Plan, wanted: _Wanted) -> bool:
    """Makes the version part of the group: one conditional UPDATE. -> False where the group was written meanwhile."""
    live = group.active is not None
    number = str(version.number)
    layout = group.layout + (1 if steps.grown else 0) if live else 0
    layouts = dict(group.layouts) if live else {}
    for older, grown in steps.grown.items():
        layouts[str(older)] = [*layouts[str(older)], layout_row(grown)]
    layouts[number] = [layout_row(steps.layout)] * (layout + 1)
    changes: dict[str, Any] = {
        **(wanted.words if live else words_of(wanted.definition)),
        **steps.identity,
        "declared": dict(steps.declared),
        "columns": dict(steps.columns),
        "layout": layout,
        "layouts": layouts,
        "states": {**group.states, number: "draft"} if live else {number: "active"},
        "last_version": max(group.last_version, version.number),
    }
    if not live:
        changes |= {"active": version.number, "deleted_at": None, "incarnation": _incarnation(group)}
    outputs = [name for v in live_versions(group) for name in v.outputs] if live else []
    return swap(group, words_moved=True, **changes, **search_columns(group, [*outputs, *version.outputs], changes))
