"""The type of a column nobody declared, from one JSON value of it."""

from __future__ import annotations

from core.types.model import MOST_DEPTH, ColumnType

# The type of null and of an empty array's items: fits every other. Never leaves this module.
_OPEN = ColumnType("OPEN")
_SCALARS = {bool: ColumnType("BOOLEAN"), int: ColumnType("DOUBLE"), float: ColumnType("DOUBLE"), str: ColumnType("STRING")}


def infer(value: object) -> ColumnType | None:
    """number -> DOUBLE, text -> STRING, true/false -> BOOLEAN, uniform array or object -> ARRAY or STRUCT.

    None where the value does not decide: null, an empty or mixed array, an object with a null, nesting deeper than a type's.
    """
    found = _shape(value, MOST_DEPTH)
    return None if found is None or _is_open(found) else found


def _shape(value: object, depth: int) -> ColumnType | None:
    """The type, open parts included; None where items do not agree."""
    if value is None:
        return _OPEN
    scalar = _SCALARS.get(type(value))
    if scalar is not None or depth == 0:
        return scalar
    if isinstance(value, list):
        item: ColumnType | None = _OPEN
        for x in value:
            shape = _shape(x, depth - 1)
            item = None if shape is None or item is None else _both(item, shape)
            if item is None:
                return None
        return ColumnType("ARRAY", item=item)
    if not isinstance(value, dict) or len({name.casefold() for name in value}) < len(value) or "" in value:
        return None
    fields = []
    for name, x in value.items():
        shape = _shape(x, depth - 1)
        if shape is None:
            return None
        fields.append((name, shape))
    return ColumnType("STRUCT", fields=tuple(fields))


def _both(a: ColumnType, b: ColumnType) -> ColumnType | None:
    """The type of which both are, an open part taking the other's."""
    if a == b or b is _OPEN:
        return a
    if a is _OPEN:
        return b
    if a.kind != b.kind:
        return None
    if a.item is not None and b.item is not None:
        item = _both(a.item, b.item)
        return None if item is None else ColumnType(a.kind, item=item)
    others = dict(b.fields)
    if not a.fields or others.keys() != {name for name, _ in a.fields}:
        return None
    fields = [(name, _both(field, others[name])) for name, field in a.fields]
    known = tuple((name, field) for name, field in fields if field is not None)
    return ColumnType(a.kind, fields=known) if len(known) == len(fields) else None


def _is_open(found: ColumnType) -> bool:
    if found.kind == "STRUCT":
        return not found.fields or any(_is_open(field) for _, field in found.fields)
    return found is _OPEN or (found.item is not None and _is_open(found.item))
