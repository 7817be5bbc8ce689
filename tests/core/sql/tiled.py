"""Rows split into tiles by chance, and their partials merged in any order, stored as they are in between."""

import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from core import types
from core.codec import Block
from core.sql import Compiled
from tests.core.sql.worlds import table
from tests.engines import engine_of

Row = dict[str, Any]


class Tiled:
    """One query under some types of its columns, on one engine."""

    def __init__(self, compiled: Compiled, column_types: dict[str, str], engine: str = "duckdb", deadline_s: float = 60) -> None:
        self.compiled, self.column_types, self.engine, self.deadline_s = compiled, column_types, engine_of(engine), deadline_s
        self.codec = Block(compiled.partial_types(column_types))
        kinds = [types.arrow_type(types.parse_type(text)) for text in self.codec.types]
        names = ("__run", *compiled.partial_names)
        self.schema = pa.schema(list(zip(names, [pa.int64(), *kinds], strict=True)))  # type: ignore[arg-type]

    def general(self, rows: Sequence[Row]) -> dict[int, Row]:
        """V of each run with an output row, from the rows themselves."""
        sql = self.compiled.general(self.engine.dialect, self.column_types)
        return {row["__run"]: row for row in self._run(sql, input_data=table(rows, self.compiled, self.column_types))}

    def merged(self, rows: Sequence[Row], seed: int, most: int = 4) -> dict[int, Row]:
        """The merged partials and values of each run, whose tiles are merged by twos and threes in an order of chance."""
        rng = random.Random(seed)
        tiled = [{**row, "__run": row["__run"] * most + rng.randrange(most)} for row in rows]
        pieces = [(run // most, block) for run, block in self.partials(tiled)]
        while True:
            rng.shuffle(pieces)
            last = rng.random() < 0.5 or len(pieces) < 3
            chosen = pieces if last else pieces[: rng.randint(1, len(pieces))]
            answers = self.finish(chosen)
            if last:
                return answers
            pieces = [*pieces[len(chosen) :], *((run, self.block(row)) for run, row in answers.items())]

    def partials(self, rows: Sequence[Row]) -> list[tuple[int, bytes]]:
        """Each run of rows as a stored block of partials."""
        sql = self.compiled.partial(self.engine.dialect, self.column_types)
        made = self._run(sql, input_data=table(rows, self.compiled, self.column_types))
        return [(row["__run"], self.block(row)) for row in made]

    def block(self, row: Row) -> bytes:
        """The partials of an answer, as stored."""
        return self.codec.pack([row[name] for name in self.compiled.partial_names])

    def finish(self, pieces: Sequence[tuple[int, bytes]]) -> dict[int, Row]:
        """Blocks by run, merged and finished."""
        given = [[run, *self.codec.to_arrow_row(self.codec.unpack(block))] for run, block in pieces]
        columns = [pa.array([row[i] for row in given], field.type) for i, field in enumerate(self.schema)]
        sql = self.compiled.finish(self.engine.dialect, self.column_types)
        return {row["__run"]: row for row in self._run(sql, partials=pa.Table.from_arrays(columns, schema=self.schema))}

    def _run(self, sql: str, **tables: pa.Table) -> list[Row]:
        return self.engine.run(sql, tables, deadline_s=self.deadline_s).to_pylist()
