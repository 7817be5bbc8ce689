"""The second judge of a new definition: the engine itself, over no rows. What it refuses must not wait for the first event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from backends.engine import EngineFailed, engine
from core import types
from core.errors import Invalid, Unavailable
from core.sql import Compiled
from core.sql.provisional import provisional_types


def judge(compiled: Compiled, keys: Sequence[str], time_column: str, columns: Mapping[str, str | None]) -> None:
    """Runs every text that the version's path may run. Raises Invalid where one is refused, Unavailable without answer."""
    known = {name: columns.get(name) for name in compiled.input_columns}
    chosen = provisional_types(compiled, tuple(keys), time_column, known)
    events = _events(keys, time_column, chosen, compiled.clocked)
    local = engine()  # the jailed local one, whichever engine applies batches
    dialect = local.dialect
    try:
        local.describe(compiled.general(dialect, chosen), {"input_data": events})
        if compiled.path == "row":
            local.describe(compiled.row(dialect, chosen), {"input_data": events})
        if compiled.path == "tiles":
            partials = local.describe(compiled.partial(dialect, chosen), {"input_data": events})
            local.describe(compiled.finish(dialect, chosen), {"partials": partials})
    except EngineFailed as error:
        if error.kind != "sql":
            raise Unavailable("engine_down", "the SQL engine gave no answer; try again") from error
        raise Invalid(
            "sql_not_allowed", f"the engine refuses the SQL: {error.detail}", pointer="/transformation/sql_query"
        ) from error


def _events(keys: Sequence[str], time_column: str, chosen: Mapping[str, str], clocked: bool) -> pa.Schema:
    fields = [("__run", pa.int64()), *((key, pa.string()) for key in keys), (time_column, pa.timestamp("us"))]
    fields += [(name, types.arrow_type(types.parse_type(text))) for name, text in chosen.items()]
    now = [("__now", pa.timestamp("us"))] if clocked else []
    return pa.schema([*fields, ("__pos", pa.int64()), *now])
