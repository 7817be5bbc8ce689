"""Types of columns that groups of the same source have read already: what is known before a definition is stored."""

from __future__ import annotations

from collections.abc import Iterable

from core.definitions import Definition
from features.database import registry_up
from features.models import Group


def seen_types(project: str, definition: Definition, wanted: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Types of some columns: (fixed, guessed). Fixed by the group of the definition's name, whose next version it would be;
    guessed from other groups of the source, where all that know a column agree. Raises Unavailable without the registry."""
    fixed: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    names = set(wanted)
    with registry_up():
        rows = Group.objects.filter(project=project, active__isnull=False, source=definition.source)
        found = list(rows.values_list("name", "columns", "declared"))
    for name, columns, declared in found:
        for column, kind in {**columns, **declared}.items():
            if column not in names or kind is None:
                continue
            if name == definition.name:
                fixed[column] = kind
            else:
                others.setdefault(column, set()).add(kind)
    return fixed, {column: next(iter(kinds)) for column, kinds in others.items() if len(kinds) == 1}


def known_columns(project: str, source: str) -> set[str]:
    """The names of all columns that groups of a source read. Raises Unavailable without the registry."""
    with registry_up():
        found = Group.objects.filter(project=project, active__isnull=False, source=source).values_list("columns", flat=True)
        return {name for columns in found for name in columns}
