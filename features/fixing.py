"""Types that were open become known, once, and never change again."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import Conflict, Invalid, NotFound
from core.spec import GroupSpec, Layout
from features.database import registry_up, swap
from features.models import Group, Version
from features.planning import MOST_LAYOUTS, relayout
from features.publishing import publish
from features.selectors import live_group, live_versions
from features.specs import group_spec, layout_row

ATTEMPTS = 10


def fix_types(
    project: str,
    group_name: str,
    expected_layout: int,
    columns: Mapping[str, str],
    layouts_by_version: Mapping[int, Layout] | None = None,
) -> GroupSpec:
    """Fixes the types of open columns seen first under `expected_layout`. -> the new spec, or theirs where somebody was first.

    Versions missing in `layouts_by_version` are laid out here. Raises NotFound, and Invalid("sql_types") where the SQL of a
    version does not check under the types.
    """
    with registry_up():
        for _ in range(ATTEMPTS):
            group = live_group(project, group_name)
            if group is None:
                raise NotFound("unknown_feature", f"there is no feature group {group_name[:80]!r}")
            versions = live_versions(group)
            news = {name: kind for name, kind in columns.items() if name in group.columns and group.columns[name] is None}
            if group.layout != expected_layout or not news:
                return group_spec(group, versions)
            if group.layout >= MOST_LAYOUTS:
                raise Invalid("too_many_layouts", "the types of this group became known in too many steps; declare its columns")
            types = {**group.columns, **news}
            given = layouts_by_version or {}
            added = {v.number: given.get(v.number) or relayout(group, v, types) for v in versions}
            layouts = {number: [*rows, layout_row(added[int(number)])] for number, rows in group.layouts.items()}
            if swap(group, columns=types, layout=group.layout + 1, layouts=layouts):
                return _published(group, versions)
    raise Conflict("busy", f"the group {group_name} is being changed by others; try again")


def _published(group: Group, versions: list[Version]) -> GroupSpec:
    group.refresh_from_db()
    publish(group)
    return group_spec(group, versions)
