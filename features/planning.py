"""What registering a definition would write, decided before anything is written. Reads rows, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.definitions import Definition
from core.errors import Invalid
from core.spec import Layout
from core.sql import Compiled, compile_sql
from core.sql.layouts import layout_for
from features.judging import judge
from features.layouts import fitting_defaults
from features.models import Group, Version

# The record's header keeps the layout in one byte.
MOST_LAYOUTS = 255


@dataclass(frozen=True)
class Plan:
    """`identity`, `declared`, `columns` become the group's; `grown`: new layouts of older versions, empty where types stay."""

    identity: Mapping[str, Any]
    declared: Mapping[str, str]
    columns: Mapping[str, str | None]
    layout: Layout
    grown: Mapping[int, Layout]


def plan(definition: Definition, compiled: Compiled, group: Group | None, versions: Sequence[Version]) -> Plan:
    """The plan for a definition of a live group with these versions, or of none. Raises Invalid and leaves nothing behind."""
    identity = _identity(definition, group)
    declared = _declared(definition, group)
    columns: dict[str, str | None] = {} if group is None else dict(group.columns)
    news = {name: declared[name] for name, known in columns.items() if known is None and name in declared}
    columns |= {name: declared.get(name) for name in compiled.input_columns if name not in columns} | news
    layout = layout_for(compiled, definition.entity, definition.timestamp_column, columns).over(definition.windows)
    fitting_defaults(definition.defaults, definition.features(compiled.outputs), layout)
    judge(compiled, definition.entity, definition.timestamp_column, columns)
    grown = {}
    if group is not None and news:
        if group.layout >= MOST_LAYOUTS:
            raise Invalid("too_many_layouts", "the types of this group became known in too many steps", pointer="/columns")
        grown = {v.number: relayout(group, v, columns) for v in versions}
    return Plan(identity, declared, columns, layout, grown)


def relayout(group: Group, version: Version, columns: Mapping[str, str | None]) -> Layout:
    """The layout of a stored version under other types of its group. Raises Invalid where its SQL does not check under them."""
    keys = tuple(group.entity)
    compiled = compile_sql(version.sql, keys, group.timestamp_column)
    return layout_for(compiled, keys, group.timestamp_column, columns).over(version.windows)


def _identity(definition: Definition, group: Group | None) -> dict[str, Any]:
    """What all versions of a group share. It is fixed by the first: rows are routed and indexed by it."""
    found = {
        "entity": list(definition.entity),
        "timestamp_column": definition.timestamp_column,
        "source": definition.source,
        "time_kind": definition.time_kind,
    }
    if group is None:
        return found
    for name, pointer in (("entity", "/entity_id"), ("timestamp_column", "/timestamp_column"), ("source", "/source")):
        if found[name] != getattr(group, name):
            raise Invalid(
                "group_conflict",
                f"the {name.replace('_', ' ')} of {group.name} is {getattr(group, name)}: delete the group or use another name",
                pointer=pointer,
            )
    if definition.timestamp_column not in definition.columns:
        return {**found, "time_kind": group.time_kind}
    if definition.time_kind != group.time_kind:
        raise _type_conflict(definition.timestamp_column, definition.time_kind, group.time_kind)
    return found


def _declared(definition: Definition, group: Group | None) -> dict[str, str]:
    given = (*definition.entity, definition.timestamp_column)
    own = {name: kind for name, kind in definition.columns.items() if name not in given}
    if group is None:
        return own
    for name, kind in own.items():
        fixed = group.columns.get(name) or group.declared.get(name)
        if fixed not in (None, kind):
            raise _type_conflict(name, kind, str(fixed))
    return {**group.declared, **own}


def _type_conflict(name: str, declared: str, fixed: str) -> Invalid:
    return Invalid("type_conflict", f"column {name} is {fixed} in this group already, not {declared}", pointer=f"/columns/{name}")
