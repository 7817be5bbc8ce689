"""The types of a version's outputs and partials under given types of its input columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backends.engine.provisional import provisional_types
from core import types
from core.errors import Invalid
from core.spec import Layout
from core.sql import Compiled


def layout_for(compiled: Compiled, keys: Sequence[str], time_column: str, columns: Mapping[str, str | None]) -> Layout:
    """The layout under the group's `columns` (None = open). An output whose type depends on an open column is None.

    Raises Invalid("sql_types") where the SQL checks under no types of the open columns.
    """
    known = {name: columns.get(name) for name in compiled.input_columns}
    chosen = provisional_types(compiled, tuple(keys), time_column, known)
    outputs = compiled.output_types(known)
    partials = compiled.partial_types(chosen) if compiled.path == "tiles" else ()
    return Layout(
        tuple(known.values()), tuple(_stored(outputs[name]) for name in compiled.outputs), tuple(map(str, map(_stored, partials)))
    )


def fitting_defaults(defaults: Mapping[str, Any], outputs: Sequence[str], layout: Layout) -> None:
    """Raises Invalid where a default names no output or is not of its type; an output of open type takes any value."""
    kinds = dict(zip(outputs, layout.outputs, strict=True))
    for name, value in defaults.items():
        pointer = f"/defaults/{name}"
        if name not in kinds:
            raise Invalid("unknown_feature", f"{name!r} is no feature; the features are {', '.join(outputs)}", pointer=pointer)
        kind = kinds[name]
        try:
            if kind is not None:
                types.coerce(types.parse_type(kind), value)
        except types.Mismatch as error:
            raise Invalid("type_mismatch", f"the default of {name}: {error.detail}", pointer=pointer) from error


def _stored(text: str | None) -> str | None:
    """A type in its stored spelling; an output that is always NULL is text."""
    if text is None:
        return None
    return "STRING" if text == "NULL" else str(types.parse_type(text))
