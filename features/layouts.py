"""The types of a version's outputs and partials under given types of its input columns; the engine's own analysis decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from backends.engine import EngineFailed, engine
from backends.engine.provisional import checks, empty_schema, provisional_types
from core import types
from core.errors import Invalid
from core.spec import Layout
from core.sql import Compiled

# An output whose type is the same whichever of these an open column turns out to be does not depend on the column.
_VARIANTS = ("DOUBLE", "BIGINT", "STRING", "BOOLEAN", "ARRAY<STRING>")


def layout_for(compiled: Compiled, keys: Sequence[str], time_column: str, columns: Mapping[str, str | None]) -> Layout:
    """The layout under the group's `columns` (None = open). An output that depends on an open column is None.

    Raises Invalid("sql_types") where the engine accepts the SQL under no types, Unavailable where the engine cannot be asked.
    """
    keys = tuple(keys)
    known = {name: columns.get(name) for name in compiled.input_columns}
    chosen = provisional_types(compiled, keys, time_column, known)
    outputs: list[str | None] = list(_outputs(compiled, keys, time_column, chosen))
    for name in (name for name, text in known.items() if text is None):
        touched = [
            i for i, output in enumerate(compiled.outputs) if outputs[i] is not None and name in compiled.lineage.get(output, ())
        ]
        for variant in _VARIANTS:
            if touched and variant != chosen[name] and checks(compiled, keys, time_column, varied := {**chosen, name: variant}):
                other = _outputs(compiled, keys, time_column, varied)
                for i in touched:
                    outputs[i] = outputs[i] if outputs[i] == other[i] else None
                touched = [i for i in touched if outputs[i] is not None]
    return Layout(tuple(known.values()), tuple(outputs), _partials(compiled, keys, time_column, chosen))


def fitting_defaults(defaults: Mapping[str, Any], outputs: Sequence[str], layout: Layout) -> None:
    """Raises Invalid where a default names no output or is not of its type; an output of open type takes any value."""
    kinds = dict(zip(outputs, layout.outputs, strict=True))
    for name, value in defaults.items():
        pointer = f"/defaults/{name}"
        if name not in kinds:
            raise Invalid(
                "unknown_feature", f"{name!r} is no feature of this SQL; its features are {', '.join(outputs)}", pointer=pointer
            )
        kind = kinds[name]
        try:
            if kind is not None:
                types.coerce(types.parse_type(kind), value)
        except types.Mismatch as error:
            raise Invalid("type_mismatch", f"the default of {name}: {error.detail}", pointer=pointer) from error


def _outputs(compiled: Compiled, keys: tuple[str, ...], time_column: str, chosen: Mapping[str, str]) -> list[str]:
    found = _describe(compiled.general(engine().dialect, chosen), {"input_data": empty_schema(keys, time_column, chosen)})
    return [str(types.from_arrow(found.field(name).type)) for name in compiled.outputs]


def _partials(compiled: Compiled, keys: tuple[str, ...], time_column: str, chosen: Mapping[str, str]) -> tuple[str, ...]:
    if compiled.path != "tiles":
        return ()
    found = _describe(compiled.partial(engine().dialect, chosen), {"input_data": empty_schema(keys, time_column, chosen)})
    # An integer partial keeps all its 38 digits: it is cut to BIGINT only at the end.
    return tuple(str(types.from_arrow(found.field(name).type, hugeint=False)) for name in compiled.partial_names)


def _describe(sql: str, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    try:
        return engine().describe(sql, schemas)
    except EngineFailed as error:
        raise Invalid("sql_types", f"the engine refuses the SQL: {error.detail}", pointer="/transformation/sql_query") from error
