"""Any split of any rows into tiles, finished, is the whole window and is brute force: SUM, AVG, COUNT, MIN, MAX, STDDEV and
their like."""

import datetime as dt
import math
import random
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sql import compile_sql
from tests.core.sql.worlds import table
from tests.engines import engine_of

TYPES = {"d": "DOUBLE", "i": "BIGINT", "k": "STRING"}
SQL = """
    SELECT user_id, SUM(d) AS sd, AVG(d) AS ad, COUNT(d) AS cd, COUNT(*) AS c, MIN(d) AS nd, MAX(d) AS xd, STDDEV(d) AS sdd,
        VAR_POP(d) AS vd, SUM(i) AS si, AVG(i) AS ai, MIN(i) AS ni, MAX(i) AS xi, STDDEV_POP(i) AS pi, SUM(i) / COUNT(*) AS r,
        SUM(CASE WHEN k = 'a' THEN d ELSE 0 END) AS sa, COUNT_IF(i > 0) AS p, MAX_BY(k, timestamp) AS lk, FIRST(i) AS fi
    FROM input_data WHERE k IS NOT NULL GROUP BY user_id HAVING COUNT(*) > 1
"""
DOUBLES = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 1e17, -1e17, 1e9 + 1, 1e9 + 2, 1e9 + 3, 0.1, 1e150, 5e-324]),
    st.floats(-1e6, 1e6, allow_nan=False),
)  # fmt: skip
INTEGERS = st.one_of(st.none(), st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 0]), st.integers(-1000, 1000))
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 4), DOUBLES, INTEGERS, st.sampled_from(["a", "b", None])),
    max_size=25,
)


def by_hand(rows):
    """V of one run's rows, in exact arithmetic; None where there is no output row."""
    rows = sorted((row for row in rows if row["k"] is not None), key=lambda row: (row["timestamp"], row["__pos"]))
    if len(rows) < 2:
        return None
    d = [row["d"] for row in rows if row["d"] is not None]
    i = [row["i"] for row in rows if row["i"] is not None]
    total = sum(i) if i else None
    kept = total if total is not None and -(2**63) <= total < 2**63 else None
    return {
        "sd": math.fsum(d) if d else None, "ad": math.fsum(d) / len(d) if d else None, "cd": len(d), "c": len(rows),
        "nd": min(d, default=None), "xd": max(d, default=None), "sdd": spread(d, 1, root=True), "vd": spread(d, 0,
        root=False), "si": kept,
        "ai": float(Fraction(total, len(i))) if i else None, "ni": min(i, default=None), "xi": max(i, default=None),
        "pi": spread(i, 0, root=True), "r": None if kept is None else kept / len(rows),
        "sa": math.fsum((row["d"] if row["k"] == "a" else 0.0) for row in rows if row["d"] is not None or row["k"] != "a")
        if any(row["d"] is not None or row["k"] != "a" for row in rows) else None,
        "p": sum(row["i"] is not None and row["i"] > 0 for row in rows), "lk": rows[-1]["k"], "fi": rows[0]["i"],
    }  # fmt: skip


def spread(values, less, root):
    """Variance or its root, exact; NULL with too few values."""
    if len(values) <= less:
        return None
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / (len(exact) - less)
    return math.sqrt(variance) if root else float(variance)


def near(name, got, want, rows):
    """Equal; doubles within 1e-9 of the sum of the sizes of the inputs, variances of their squares."""
    if got is None or want is None or not isinstance(want, float):
        return got == want
    size = sum(abs(float(row[column])) for row in rows for column in ("d", "i") if row[column] is not None)
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9 * (size**2 if name == "vd" else size) + 1e-12)


def check(rows, seed, engine="duckdb", deadline_s=60):
    compiled = compile_sql(SQL, ("user_id",), "timestamp", TYPES)
    door, rng = engine_of(engine), random.Random(seed)
    whole = door.run(compiled.general(engine, TYPES), {"input_data": table(rows, compiled, TYPES)}, deadline_s=deadline_s)
    tiled = [{**row, "__run": row["__run"] * 100 + row["tile"]} for row in rng.sample(rows, len(rows))]
    partials = door.run(compiled.partial(engine, TYPES), {"input_data": table(tiled, compiled, TYPES)}, deadline_s=deadline_s)
    runs = pa.array([tile // 100 for tile in partials["__run"].to_pylist()], pa.int64())
    partials = partials.set_column(0, "__run", runs)
    # merged in two steps as well: partials of partials are partials
    halves = [
        door.run(compiled.finish(engine, TYPES), {"partials": half}, deadline_s=deadline_s) for half in split(partials, rng)
    ]
    names = ["__run", *compiled.partial_names]
    merged = pa.concat_tables([half.select(names) for half in halves])
    finished = door.run(compiled.finish(engine, TYPES), {"partials": merged}, deadline_s=deadline_s)
    assert finished.schema.names == [*names, "__exists", "__over", *compiled.outputs, "__overflow", "__non_finite"]
    for answer in (whole, finished.filter(finished["__exists"])):
        found = {row["__run"]: row for row in answer.to_pylist()}
        for run in {row["__run"] for row in rows}:
            mine = [row for row in rows if row["__run"] == run]
            want = by_hand(mine)
            assert (run in found) == (want is not None)
            wrong = {n: (found[run][n], v) for n, v in (want or {}).items() if not near(n, found[run][n], v, mine)}
            assert not wrong, f"seed {seed}"


def split(table_, rng):
    mask = [rng.random() < 0.5 for _ in range(table_.num_rows)]
    return table_.filter(pa.array(mask, pa.bool_())), table_.filter(pa.array([not m for m in mask], pa.bool_()))


def as_rows(drawn):
    start = dt.datetime(2026, 1, 1)
    return [
        {
            "__run": run,
            "user_id": f"u{run}",
            "tile": tile,
            "timestamp": start + dt.timedelta(seconds=at),
            "d": d,
            "i": i,
            "k": k,
            "__pos": pos,
        }
        for pos, (run, tile, at, d, i, k) in enumerate(drawn)
    ]


@settings(max_examples=150, deadline=None, print_blob=True)
@given(ROWS, st.integers(0, 2**32))
def test_tiles_are_the_whole_and_brute_force(drawn, seed):
    check(as_rows(drawn), seed)


@pytest.mark.parametrize("seed", [1, 2])
def test_on_spark_too(seed):
    rng = random.Random(seed)
    doubles, integers = [None, 0.0, -0.0, 1e17, 1e9 + 1, 1e9 + 3, 0.1], [None, 2**63 - 1, -(2**63), 2**53 + 1, 7, -7]
    drawn = [
        (
            rng.randrange(6),
            rng.randrange(4),
            rng.randrange(5),
            rng.choice(doubles),
            rng.choice(integers),
            rng.choice(["a", "b", None]),
        )
        for _ in range(80)
    ]
    check(as_rows(drawn), seed, engine="spark", deadline_s=300)


def test_a_large_value_that_left_leaves_nothing_behind():
    """What subtraction would spoil: {1, 2} beside a tile of 1e17 that is no longer merged."""
    rows = as_rows([(0, 0, 0, 1.0, 1, "a"), (0, 0, 1, 2.0, 2, "a")])
    compiled = compile_sql(SQL, ("user_id",), "timestamp", TYPES)
    door = engine_of("duckdb")
    partials = door.run(compiled.partial("duckdb", TYPES), {"input_data": table(rows, compiled, TYPES)})
    finished = door.run(compiled.finish("duckdb", TYPES), {"partials": partials}).to_pylist()[0]
    assert (finished["sd"], finished["sdd"], finished["si"]) == (3.0, math.sqrt(0.5), 3)


def test_a_value_beyond_squares_makes_variances_null_and_stays_so_through_merges():
    rows = as_rows([(0, 0, 0, 1e200, 1, "a"), (0, 1, 1, 2.0, 2, "a"), (0, 2, 1, 3.0, 2, "a")])
    compiled = compile_sql(SQL, ("user_id",), "timestamp", TYPES)
    door = engine_of("duckdb")
    tiled = [{**row, "__run": row["tile"]} for row in rows]
    partials = door.run(compiled.partial("duckdb", TYPES), {"input_data": table(tiled, compiled, TYPES)})
    partials = partials.set_column(0, "__run", pa.array([0, 0, 0], pa.int64()))
    finished = door.run(compiled.finish("duckdb", TYPES), {"partials": partials}).to_pylist()[0]
    assert (finished["sdd"], finished["vd"], finished["xd"]) == (None, None, 1e200)
    whole = door.run(compiled.general("duckdb", TYPES), {"input_data": table(rows, compiled, TYPES)}).to_pylist()[0]
    assert (whole["sdd"], whole["vd"]) == (None, None)
