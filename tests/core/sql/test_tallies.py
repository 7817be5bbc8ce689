"""Aggregates of distinct values by tiles: any split and any order of merging is the whole, or says that it is too much."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sql import compile_sql, tallies
from tests.core.sql.tiled import Tiled
from tests.core.sql.worlds import alike

TYPES = {
    "s": "STRING", "i": "BIGINT", "d": "DOUBLE", "p": "DECIMAL(20,2)", "b": "BOOLEAN", "day": "DATE", "at": "TIMESTAMP",
}  # fmt: skip
POOLS = {
    "s": [None, "", "a", "b", "B", "é", "\"'\\\n", "日本"],
    "i": [None, 0, 1, -5, 2**53 + 1, 2**53 + 2, 2**63 - 1, -(2**63)],
    "d": [None, 0.0, -0.0, 0.1, 1e17, -2.5, 5e-324, 1e300, 1e9 + 1],
    "p": [None, Decimal("0.00"), Decimal("1.10"), Decimal("-99999999999999999.99"), Decimal("0.01")],
    "b": [None, True, False],
    "day": [None, dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)],
    "at": [None, dt.datetime(1, 1, 1), dt.datetime(2024, 2, 29, 23, 59, 59, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
}  # fmt: skip
_NUMBERS = ", ".join(
    f"MEDIAN({x}) AS m{x}, PERCENTILE({x}, 0.9) AS p{x}, PERCENTILE_APPROX({x}, 0.3) AS a{x}, "
    f"SUM(DISTINCT {x}) AS s{x}, AVG(DISTINCT {x}) AS v{x}"
    for x in ("i", "d", "p")
)
_ALL = ", ".join(
    f"COUNT(DISTINCT {x}) AS c{x}, MODE({x}) AS o{x}, COLLECT_SET({x}) AS l{x}, APPROX_TOP_K({x}, 3) AS t{x}" for x in TYPES
)
_MORE = "COUNT(DISTINCT s, i, at) AS three, MEDIAN(i) FILTER (WHERE b) AS filtered, COUNT(*) AS n"
SQL = f"SELECT user_id, {_ALL}, {_NUMBERS}, {_MORE} FROM input_data WHERE s IS NULL OR s <> 'b' GROUP BY user_id"
_ONE = "COUNT(DISTINCT s) AS c, MODE(s) AS m, COLLECT_SET(s) AS l, MEDIAN(LENGTH(s)) AS h"
ONE = f"SELECT user_id, {_ONE} FROM input_data GROUP BY user_id"
START = dt.datetime(2026, 1, 1)


def event(run, place, **values):
    return {"__run": run, "user_id": f"u{run}", "timestamp": START + dt.timedelta(seconds=place), "__pos": place, **values}


EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in POOLS.items()})),
    max_size=25,
).map(lambda drawn: [event(run, place, **values) for place, (run, values) in enumerate(drawn)])


def check(tiled, rows, seed):
    """By tiles as from the rows; where that would be wrong, it is said."""
    whole, merged = tiled.general(rows), tiled.merged(rows, seed)
    assert merged.keys() == {row["__run"] for row in rows}
    assert {run for run, row in merged.items() if row["__exists"]} >= whole.keys()
    for run, want in whole.items():
        if not merged[run]["__over"]:
            wrong = {n: (merged[run][n], want[n]) for n in tiled.compiled.outputs if not alike(merged[run][n], want[n])}
            assert not wrong, f"seed {seed}"
    return {run for run, row in merged.items() if row["__over"]}


@settings(max_examples=40, deadline=None, print_blob=True)
@given(EVENTS, st.integers(0, 2**32))
def test_tiles_are_the_whole(rows, seed):
    assert check(Tiled(compile_sql(SQL, ("user_id",), "timestamp", TYPES), TYPES), rows, seed) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_on_spark_too(seed):
    rng = random.Random(seed)
    rows = [event(rng.randrange(5), place, **{n: rng.choice(pool) for n, pool in POOLS.items()}) for place in range(60)]
    compiled = compile_sql(SQL, ("user_id",), "timestamp", TYPES)
    spark, duckdb = Tiled(compiled, TYPES, "spark", 300), Tiled(compiled, TYPES)
    assert check(spark, rows, seed) == set()
    assert dict(spark.partials(rows)) == dict(
        duckdb.partials(rows)
    )  # to the byte, so that either goes on where the other stopped


def distinct(count, prefix="k"):
    return [f"{prefix}{i:04}" for i in range(count)]


MOST, TEXT = tallies.MOST, tallies.MOST_TEXT
CAP = [  # the values of each tile, and whether they are too many
    ([distinct(MOST)], False),
    ([distinct(MOST + 1)], True),
    ([distinct(MOST - 1), [None, None]], False),  # NULL has an entry
    ([distinct(MOST), [None]], True),
    ([distinct(MOST + 1), ["a"], ["b"]], True),  # one tile alone
    ([["a"], distinct(MOST + 1), ["b"]], True),
    ([distinct(MOST), distinct(MOST), distinct(MOST)], False),  # the same values
    ([distinct(MOST - 1), ["a", "b"], ["a"]], True),  # only together
    ([distinct(MOST + 1), distinct(MOST + 1)], True),
    ([["x" * TEXT]], False),
    ([["x" * (TEXT - 3), "y"], ["zzz"]], True),
]


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_the_cap(engine):
    """Whatever is merged first, and whether at once or one after the other."""
    tiled = Tiled(compile_sql(ONE, ("user_id",), "timestamp", {"s": "STRING"}), {"s": "STRING"}, engine, 300)
    want = dict(enumerate(answer for _, answer in CAP))
    cells = [(run, tile, s) for run, (tiles, _) in enumerate(CAP) for tile, values in enumerate(tiles) for s in values]
    blocks = dict(tiled.partials([event(run * 3 + tile, place, s=s) for place, (run, tile, s) in enumerate(cells)]))

    def over(pieces):
        answers = tiled.finish(pieces)
        return {run: row["__over"] for run, row in answers.items()}, {run: tiled.block(row) for run, row in answers.items()}

    assert over([(key // 3, block) for key, block in blocks.items()])[0] == want
    for turns in [(0, 1, 2), (2, 1, 0), (1, 2, 0)][: 3 if engine == "duckdb" else 1]:
        kept: dict[int, bytes] = {}
        for turn in turns:
            found, kept = over([*kept.items(), *((key // 3, block) for key, block in blocks.items() if key % 3 == turn)])
        assert found == want


def test_what_is_too_much_is_small():
    one = Tiled(compile_sql(ONE, ("user_id",), "timestamp", {"s": "STRING"}), {"s": "STRING"})
    ((_, block),) = one.partials([event(0, i, s=s) for i, s in enumerate(distinct(tallies.MOST + 1))])
    assert len(block) < 100


@settings(max_examples=60, deadline=None, print_blob=True)
@given(EVENTS, st.integers(0, 2**32))
def test_a_run_is_over_exactly_where_the_whole_has_too_many(rows, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies, "MOST", 4)
        found = check(Tiled(compile_sql(ONE, ("user_id",), "timestamp", TYPES), TYPES), rows, seed)
    lengths = [(row["__run"], None if row["s"] is None else len(row["s"])) for row in rows]
    assert found == {
        run
        for run in {row["__run"] for row in rows}
        if len({row["s"] for row in rows if row["__run"] == run}) > 4 or len({n for one, n in lengths if one == run}) > 4
    }


def test_a_tally_that_was_cut_would_be_found_out(monkeypatch):
    """What would be served if a tally were cut at its most instead of marked."""
    rows = [event(0, place, s=s) for place, s in enumerate(distinct(12))]
    monkeypatch.setattr(tallies, "MOST", 4)
    check(Tiled(compile_sql(ONE, ("user_id",), "timestamp", TYPES), TYPES), rows, 1)
    whole = tallies.Column._capped
    monkeypatch.setattr(tallies.Column, "_capped", lambda self, too_many, dialect: f"({whole(self, 'FALSE', dialect)})[1:4]")
    monkeypatch.setattr(tallies.Column, "_too_many", lambda self: "FALSE")
    with pytest.raises(AssertionError, match="seed 1"):
        check(Tiled(compile_sql(ONE, ("user_id",), "timestamp", TYPES), TYPES), rows, 1)
