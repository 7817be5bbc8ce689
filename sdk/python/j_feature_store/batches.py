"""Cuts a stream of events into requests the server takes: 10,000 rows and 16 MiB each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from j_feature_store.encoding import encode_event

MAX_ROWS = 10_000
MAX_BYTES = 16 * 1024 * 1024 - 1024  # room for the brackets


@dataclass
class Batch:
    """The rows of one request.

    rows: encoded rows. indexes: for each, the number of the event it came from and its number inside that event's
    `data` (None for a plain row). envelope: the members beside `data` of an addressed event, else None.
    """

    envelope: bytes | None = None
    rows: list[bytes] = field(default_factory=list)
    indexes: list[tuple[int, int | None]] = field(default_factory=list)
    size: int = 0

    def body(self) -> bytes:
        """The request's JSON: `[rows]`, or the envelope with its `data`."""
        rows = b"[" + b",".join(self.rows) + b"]"
        if self.envelope is None:
            return rows
        return self.envelope[:-1] + b',"data":' + rows + b"}"


def is_envelope(event: Any) -> bool:
    """The contract's addressed shape: {"feature_group", "data": [rows], "transformation"?}."""
    return isinstance(event, Mapping) and "feature_group" in event and isinstance(event.get("data"), (list, tuple))


def cut(events: Iterable[Mapping[str, Any]], max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> Iterator[Batch]:
    """Batches in the order of the events; lazily, so a generator of any length needs the memory of one batch.

    Plain rows that follow each other share a batch; an addressed event has batches of its own. A single row larger
    than `max_bytes` goes alone: the server's 413 says it best. Raises NotEncodable, with the event's index.
    """
    batch = Batch()
    for index, event in enumerate(events):
        if is_envelope(event):
            if batch.rows:
                yield batch
            yield from cut_envelope(event, index, max_rows, max_bytes)
            batch = Batch()
            continue
        row = encode_event(event, f"events[{index}]")
        if batch.rows and _is_full(batch, row, max_rows, max_bytes):
            yield batch
            batch = Batch()
        _add(batch, row, (index, None))
    if batch.rows:
        yield batch


def cut_envelope(event: Mapping[str, Any], index: int, max_rows: int, max_bytes: int) -> Iterator[Batch]:
    """One addressed event (number `index` of its call) as one or more of its kind, each with a part of the rows."""
    head = encode_event({key: value for key, value in event.items() if key != "data"}, f"events[{index}]")
    batch = Batch(head, size=len(head))
    for number, item in enumerate(event["data"]):
        row = encode_event(item, f"events[{index}].data[{number}]")
        if batch.rows and _is_full(batch, row, max_rows, max_bytes):
            yield batch
            batch = Batch(head, size=len(head))
        _add(batch, row, (index, number))
    yield batch


def _is_full(batch: Batch, row: bytes, max_rows: int, max_bytes: int) -> bool:
    return len(batch.rows) >= max_rows or batch.size + len(row) + 1 > max_bytes


def _add(batch: Batch, row: bytes, index: tuple[int, int | None]) -> None:
    batch.rows.append(row)
    batch.indexes.append(index)
    batch.size += len(row) + 1
