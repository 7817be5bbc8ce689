"""Types for columns not yet seen: any under which the SQL checks, chosen the same way in every process."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pyarrow as pa

from backends.engine import EngineFailed, engine
from core import types
from core.errors import Invalid
from core.sql import Compiled

_CANDIDATES = ("DOUBLE", "STRING", "BOOLEAN", "TIMESTAMP", "DATE", "BIGINT", "ARRAY<STRING>", "ARRAY<DOUBLE>")
_MOST_TRIES = 400


def checks(compiled: Compiled, keys: tuple[str, ...], time_column: str, column_types: Mapping[str, str]) -> bool:
    """Whether the engine accepts the SQL over columns of these types."""
    try:
        engine().describe(compiled.general(engine().dialect, column_types), {"input_data": empty_schema(keys, time_column, column_types)})
    except EngineFailed:
        return False
    return True


def empty_schema(keys: tuple[str, ...], time_column: str, column_types: Mapping[str, str]) -> pa.Schema:
    """input_data for columns of these types: __run, keys, the time column, the columns, __pos."""
    fields = [("__run", pa.int64()), *((key, pa.string()) for key in keys), (time_column, pa.timestamp("us"))]
    fields += [(name, types.arrow_type(types.parse_type(text))) for name, text in column_types.items()]
    return pa.schema([*fields, ("__pos", pa.int64())])


def provisional_types(compiled: Compiled, keys: tuple[str, ...], time_column: str, known: Mapping[str, str | None]) -> dict[str, str]:
    """`known` with every open column (None) given a type. Raises Invalid("sql_types") where no combination checks."""
    open_columns = [name for name, text in known.items() if text is None]
    tries = itertools.islice(itertools.product(_CANDIDATES, repeat=len(open_columns)), _MOST_TRIES)
    # all of one type first: by far the commonest answer, and the product alone would reach it late
    for chosen in itertools.chain(((c,) * len(open_columns) for c in _CANDIDATES), tries):
        guess = dict(zip(open_columns, chosen, strict=True))
        column_types = {name: text or guess[name] for name, text in known.items()}
        if checks(compiled, keys, time_column, column_types):
            return column_types
    raise Invalid("sql_types", f"the SQL does not check for any types of {', '.join(open_columns) or 'its columns as declared'}", pointer="/transformation/sql_query")
