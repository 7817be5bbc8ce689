"""What `send_events` takes, to an iterable of rows: one event, a list, a generator, or a pandas, polars or Arrow table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def rows_of(events: Any) -> Iterable[Mapping[str, Any]]:
    """Rows as mappings. A table is known by its methods, since none of those libraries is a dependency."""
    if isinstance(events, Mapping):
        return [events]
    if hasattr(events, "to_pylist") and hasattr(events, "schema"):  # pyarrow
        rows: Iterable[Mapping[str, Any]] = events.to_pylist()
        return rows
    if hasattr(events, "iter_rows"):  # polars
        named: Iterable[Mapping[str, Any]] = events.iter_rows(named=True)
        return named
    if hasattr(events, "to_dict") and hasattr(events, "columns"):  # pandas
        return _without_nan(events.to_dict("records"))
    if isinstance(events, (str, bytes)) or not hasattr(events, "__iter__"):
        raise TypeError(f"events must be a mapping, an iterable of mappings or a table, not {type(events).__name__}")
    given: Iterable[Mapping[str, Any]] = events
    return given


def _without_nan(records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """pandas writes a missing number as NaN; in a table it means "no value", as None does elsewhere."""
    for record in records:
        yield {name: None if isinstance(value, float) and value != value else value for name, value in record.items()}
