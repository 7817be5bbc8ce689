"""The types of a version's outputs and partials under given types of its input columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core import types
from core.spec import Layout
from core.sql.compiled import Compiled
from core.sql.provisional import provisional_types


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


def _stored(text: str | None) -> str | None:
    """A type in its stored spelling; an output that is always NULL is text."""
    if text is None or "UNKNOWN" in text:  # a list of what is not known yet is not known yet either
        return None
    return "STRING" if text == "NULL" else str(types.parse_type(text))
