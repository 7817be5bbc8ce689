"""Every accepted query: both engines agree, a batch of runs is its single runs, arrival order means nothing, tiles are the
whole."""

import random
import zlib

import pyarrow as pa
import pytest

from core import types
from core.sql import Compiled, compile_sql
from tests.core.sql.queries import QUERIES
from tests.core.sql.worlds import KEYS, TIME, TYPES, alike, events, sorted_rows, table
from tests.engines import engine_of

COUNTS = ("__overflow", "__non_finite")


def run(compiled: Compiled, rows, engine: str = "duckdb"):
    return engine_of(engine).run(compiled.general(engine, TYPES), {"input_data": table(rows, compiled)}, deadline_s=120)


def same(a: list, b: list) -> bool:
    return len(a) == len(b) and all(map(alike, a, b))


@pytest.fixture(params=QUERIES, ids=lambda sql: " ".join(sql.split())[:60].encode("ascii", "replace").decode())
def query(request) -> tuple[Compiled, list]:
    seed = zlib.crc32(request.param.encode())
    print(f"seed {seed}")
    return compile_sql(request.param, KEYS, TIME, TYPES), events(seed)


def test_its_types_are_as_inferred(query):
    compiled, rows = query
    schema = run(compiled, rows).schema
    assert schema.names == ["__run", *compiled.outputs, *COUNTS]
    assert {
        name: str(types.from_arrow(schema.field(name).type, hugeint=False)) for name in compiled.outputs
    } == compiled.output_types(TYPES)


def test_a_batch_is_its_single_runs(query):
    compiled, rows = query
    single = [row for one in range(8) for row in run(compiled, [r for r in rows if r["__run"] == one]).to_pylist()]
    assert same(sorted_rows(run(compiled, rows)), sorted(single, key=lambda row: (row["__run"], repr(row))))


def test_the_order_of_arrival_means_nothing(query):
    compiled, rows = query
    first = sorted_rows(run(compiled, rows))
    for seed in range(5):
        again = rows[:]
        random.Random(seed).shuffle(again)
        assert same(first, sorted_rows(run(compiled, again)))


def test_tiles_are_the_whole(query):
    compiled, rows = query
    if compiled.path == "tiles":
        names = [*compiled.partial_names, "__exists", "__over"]
        assert same(sorted_rows(run(compiled, rows)), sorted_rows(by_tiles(compiled, rows, "duckdb"), drop=names))


def test_both_engines_agree(query):
    compiled, rows = query
    ours, theirs = run(compiled, rows), run(compiled, rows, "spark")
    assert ours.schema == theirs.schema
    assert same(sorted_rows(ours), sorted_rows(theirs))


@pytest.mark.parametrize(
    "sql", [*QUERIES[:3], *(sql for sql in QUERIES[-12:] if compile_sql(sql, KEYS, TIME, TYPES).path == "tiles")]
)
def test_tiles_are_the_whole_on_spark_too(sql):
    compiled, rows = compile_sql(sql, KEYS, TIME, TYPES), events(1)
    names = [*compiled.partial_names, "__exists", "__over"]
    whole, tiles = run(compiled, rows), by_tiles(compiled, rows, "spark")
    assert same(sorted_rows(whole), sorted_rows(tiles, drop=names))
    assert tiles.schema == by_tiles(compiled, rows, "duckdb").schema


def by_tiles(compiled: Compiled, rows: list, engine: str) -> pa.Table:
    """Each run's rows in up to four tiles, by chance; runs without output row left out."""
    rng = random.Random(7)
    tiled = [{**row, "__run": row["__run"] * 10 + rng.randint(0, 3)} for row in rows]
    door = engine_of(engine)
    partials = door.run(compiled.partial(engine, TYPES), {"input_data": table(tiled, compiled)}, deadline_s=120)
    assert tuple(str(types.from_arrow(f.type, hugeint=False)) for f in list(partials.schema)[1:]) == compiled.partial_types(TYPES)
    assert partials.num_rows == len({row["__run"] for row in tiled})
    runs = pa.array([tile // 10 for tile in partials["__run"].to_pylist()], pa.int64())
    finished = door.run(compiled.finish(engine, TYPES), {"partials": partials.set_column(0, "__run", runs)}, deadline_s=120)
    assert finished.num_rows == len(set(runs.to_pylist()))
    assert finished.schema.names == ["__run", *compiled.partial_names, "__exists", "__over", *compiled.outputs, *COUNTS]
    return finished.filter(finished["__exists"])
