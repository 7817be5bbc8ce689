"""Inline transformations: a row's envelope may carry the SQL of its group. Never a silent change of a definition."""

from __future__ import annotations

import os
from collections.abc import Mapping

from backends.offline.program import compiled
from core.errors import JStoreError
from core.spec import GroupSpec
from core.sql.inline_keys import entity_keys
from features import services
from processing.judging import Refused


def resolve(
    project: str, group: str | None, transformation: str, groups: Mapping[str, GroupSpec], may_register: bool, actor: str
) -> GroupSpec | Refused:
    """The group that the envelope's SQL stands for: an unknown one is made of it, an equal one is taken, anything else is refused."""
    if group is None:
        return Refused("unknown_group", "a transformation needs a feature_group")
    spec = groups.get(group)
    if spec is not None and spec.deleted:
        return Refused("unknown_group", f"the feature group {group} was deleted; it comes back by POST /api/v1/features/ only")
    try:
        if spec is not None and spec.current is not None:
            same = compiled(transformation, spec.entity, spec.timestamp_column).sql == spec.current.sql
            return (
                spec
                if same
                else Refused(
                    "transformation_mismatch", f"the active version of {group} has another SQL; register the change instead"
                )
            )
        if not may_register or os.environ.get("JSTORE_INLINE_TRANSFORMATIONS") == "refuse":
            return Refused(
                "unknown_group", f"there is no feature group {group[:80]!r}, and inline transformations may not make one here"
            )
        document = {
            "name": group,
            "description": "",
            "type": "numerical",
            "entity_id": list(entity_keys(transformation)),
            "transformation": {"sql_query": transformation},
        }
        return services.register(project, document, actor).group
    except JStoreError as error:
        if spec is not None and error.code.startswith("sql_"):
            return Refused("transformation_mismatch", f"the active version of {group} has another SQL: {error.detail}")
        return Refused(error.code, error.detail)
