"""Inline transformations: a row's envelope may carry the SQL of its group. Never a silent change of a definition."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from backends.offline.program import compiled
from core.errors import JStoreError, Unavailable
from core.names import machine_name
from core.spec import GroupSpec
from core.sql.inline_keys import entity_keys
from features import services
from processing.definitions import known_groups
from processing.envelopes import Envelope
from processing.judging import Refused


def address_of(project: str, envelope: Envelope, may_register: bool, actor: str) -> tuple[str | None, Refused | None]:
    """The group that an envelope's rows are for, made first where it must be; with the refusal of all of them, if any.

    Raises Unavailable: a store that is away is no fault of the rows.
    """
    if envelope.transformation is None:
        return envelope.address, None
    found = resolve(project, envelope.address, envelope.transformation, known_groups(project), may_register, actor)
    return (envelope.address, found) if isinstance(found, Refused) else (found.name, None)


def resolve(
    project: str, group: str | None, transformation: str, groups: Mapping[str, GroupSpec], may_register: bool, actor: str
) -> GroupSpec | Refused:
    """The group that the SQL stands for: an unknown one is made of it, an equal one is taken, anything else is refused."""
    if group is None:
        return Refused("unknown_group", "a transformation needs a feature_group")
    try:
        name, _ = machine_name(group)  # of a title, as POST /features/ takes it
        spec = groups.get(name)
        if spec is not None and spec.deleted:
            return Refused("unknown_group", f"the feature group {name} was deleted; it comes back by POST /api/v1/features/ only")
        if spec is not None:
            return _equal(spec, transformation)
        if not may_register or settings.JSTORE_INLINE_TRANSFORMATIONS == "refuse":
            return Refused("unknown_group", f"there is no feature group {name}, and a transformation may not make one here")
        document = {
            "name": group,
            "description": "",
            "type": "numerical",
            "entity_id": list(entity_keys(transformation)),
            "transformation": {"sql_query": transformation},
        }
        # somebody may have made it meanwhile, of another SQL
        return _equal(services.register(project, document, actor).group, transformation)
    except Unavailable:
        raise
    except JStoreError as error:
        return Refused(error.code, error.detail)


def _equal(spec: GroupSpec, transformation: str) -> GroupSpec | Refused:
    try:
        if spec.current is not None and compiled(transformation, spec.entity, spec.timestamp_column).sql == spec.current.sql:
            return spec
    except JStoreError as error:
        return Refused("transformation_mismatch", f"the active version of {spec.name} has another SQL: {error.detail}")
    return Refused("transformation_mismatch", f"the active version of {spec.name} has another SQL; register the change instead")
