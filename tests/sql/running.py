"""How statements of the corpus are run and compared."""

import functools
import random
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from backends.engine.base import EngineFailed
from core.errors import JStoreError
from core.sql import Compiled, compile_sql
from tests.core.sql.worlds import alike, sorted_rows
from tests.engines import engine_of
from tests.sql.benign import BENIGN, Benign
from tests.sql.worlds import WORLDS, Row, World, table

Answer = list[dict[str, Any]]
DEADLINE_S = 120


class Statement:
    """An accepted statement and the world it runs over."""

    def __init__(self, name: str, sql: str, world: World) -> None:
        self.name, self.sql, self.world, self.types = name, sql, world, world.types
        self.compiled: Compiled = compile_sql(sql, world.keys, world.time, world.types)
        self.seed = zlib.crc32(sql.encode("utf-8", "replace"))

    def rows(self) -> list[Row]:
        """The rows it runs over, the same each time."""
        return self.world.rows(self.seed)

    def table(self, rows: Sequence[Row]) -> pa.Table:
        """Rows as its input_data."""
        return table(rows, self.compiled, self.types)

    def general(self, rows: Sequence[Row], engine: str = "duckdb") -> pa.Table:
        """V of every run of the rows."""
        sql = self.compiled.general(engine, self.types)
        return engine_of(engine).run(sql, {"input_data": self.table(rows)}, deadline_s=DEADLINE_S)

    def answer(self, rows: Sequence[Row], engine: str = "duckdb") -> Answer:
        """The same as sorted rows."""
        return sorted_rows(self.general(rows, engine))

    def singles(self, rows: Sequence[Row], engine: str = "duckdb") -> Answer:
        """V of every run, each asked for alone."""
        found: Answer = []
        for run in sorted({row["__run"] for row in rows}):
            found += self.answer([row for row in rows if row["__run"] == run], engine)
        return found

    def by_tiles(self, rows: Sequence[Row], engine: str = "duckdb") -> Answer:
        """V of every run put together from up to four tiles; runs over the tallies' limit and without an output left out."""
        rng, types, door = random.Random(self.seed), self.types, engine_of(engine)
        tiled = [{**row, "__run": row["__run"] * 4 + rng.randrange(4)} for row in rows]
        partials = door.run(self.compiled.partial(engine, types), {"input_data": self.table(tiled)}, deadline_s=DEADLINE_S)
        runs = pa.array([run // 4 for run in partials["__run"].to_pylist()], pa.int64())
        given = {"partials": partials.set_column(0, "__run", runs)}
        made = door.run(self.compiled.finish(engine, types), given, deadline_s=DEADLINE_S)
        kept = [row for row in sorted_rows(made, drop=self.compiled.partial_names) if row["__exists"] and not row["__over"]]
        return [{name: value for name, value in row.items() if name not in ("__exists", "__over")} for row in kept]


@functools.cache
def corpus() -> tuple[tuple[Statement, ...], dict[str, str]]:
    """The accepted statements of the benign corpus, and why the others are refused, by name."""
    accepted, refused = [], {}
    for one in BENIGN:
        try:
            accepted.append(statement(one))
        except JStoreError as error:
            refused[one.name] = f"{error.code}: {error.detail}"
    return tuple(accepted), refused


def statement(one: Benign) -> Statement:
    """A query of the corpus. Raises what refuses it."""
    return Statement(one.name, one.sql, WORLDS[one.world])


def same(a: Answer, b: Answer) -> bool:
    """Equal, doubles within rounding."""
    return len(a) == len(b) and all(map(alike, a, b))


def differences(pairs: Iterable[tuple[str, Answer | str, Answer | str]]) -> dict[str, str]:
    """What is not the same on both sides, by name, with the first row that differs."""
    wrong = {}
    for name, ours, theirs in pairs:
        if isinstance(ours, str) or isinstance(theirs, str):
            wrong[name] = f"{ours if isinstance(ours, str) else ''} {theirs if isinstance(theirs, str) else ''}"
        elif not same(ours, theirs):
            first = next((both for both in zip(ours, theirs, strict=False) if not alike(*both)), (len(ours), len(theirs)))
            wrong[name] = f"{first[0]} / {first[1]}"
    return wrong


def tried(call: Any, *arguments: Any) -> Any:
    """What the call gives, or the engine's failure as a text."""
    try:
        return call(*arguments)
    except EngineFailed as failed:
        return str(failed)
