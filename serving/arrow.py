"""Online features as an Arrow stream: a row for each entity, in the order asked.

Columns: the entity's keys (text), then for each feature `group:feature`, `group:feature__status` and `group:feature__event_time`;
`compact` leaves out the latter two where all are PRESENT. The schema's metadata holds `feature_names` and `versions` as JSON.
A feature asked twice is one column, since readers of Arrow look columns up by name; the metadata counts columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from core import types
from serving.plan import Part, Plan
from serving.rows import PRESENT, Rows, status_of

CONTENT_TYPE = "application/vnd.apache.arrow.stream"
_TIME = pa.timestamp("us", tz="UTC")


def online_arrow(plan: Plan, rows: Sequence[Rows], entities: Mapping[str, list[str]], compact: bool) -> bytes:
    """-> the stream. `rows` hold values as pyarrow takes them (lookup's `arrow=True`)."""
    columns: dict[str, Any] = {key: pa.array(texts, pa.string()) for key, texts in entities.items()}
    times = [pa.array(part.newest, pa.int64()).cast(_TIME) for part in rows]
    statuses = [pa.array(part.statuses, pa.string()) for part in rows]
    whole = [part.statuses.count(PRESENT) == len(part.statuses) for part in rows]
    names = _names(plan)
    for (place, output), name in names.items():
        values = rows[place].columns[output]
        column = columns[name] = pa.array(values, arrow_type(plan.parts[place], output))
        if compact and whole[place] and not column.null_count:
            continue
        status = statuses[place]
        if column.null_count:
            status = pa.array(
                [status_of(row, value) for row, value in zip(rows[place].statuses, values, strict=True)], pa.string()
            )
        columns[f"{name}__status"] = status
        columns[f"{name}__event_time"] = times[place]
    metadata = {
        "feature_names": orjson.dumps(list(names.values())),
        "versions": orjson.dumps([plan.parts[place].version.number for place, _ in names]),
    }
    table = pa.table(columns).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


def _names(plan: Plan) -> dict[tuple[int, int], str]:
    """The column of each feature, each once; of a second version of a feature it carries the version."""
    found: dict[tuple[int, int], str] = {}
    taken: set[str] = set()
    for column, name in zip(plan.columns, plan.names, strict=True):
        if column not in found:
            group, _, feature = name.partition(":")
            found[column] = f"{group}@{plan.parts[column[0]].version.number}:{feature}" if name in taken else name
            taken.add(name)
    return found


def arrow_type(part: Part, output: int) -> pa.DataType:
    """The Arrow type of one output under the newest layout; null while its type is open."""
    text = part.version.layouts[-1].outputs[output]
    return pa.null() if text is None else types.arrow_type(types.parse_type(text))
