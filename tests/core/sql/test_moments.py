"""Correlations, covariances and shapes by tiles against exact arithmetic, far from zero above all."""

import datetime as dt
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sql import compile_sql
from tests.core.sql.tiled import Tiled

TYPES = {"x": "DOUBLE", "y": "DOUBLE", "i": "BIGINT"}
SQL = """
    SELECT user_id, CORR(x, y) AS r, COVAR_POP(x, y) AS cp, COVAR_SAMP(x, i) AS cs, SKEWNESS(x) AS s, KURTOSIS(x) AS k,
        SKEWNESS(i) AS si, VAR_POP(x) AS v FROM input_data GROUP BY user_id
"""
DOUBLES = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 0.1, 1e9 + 1, 1e9 + 2, 1e9 + 3, 1e17, -1e17, 1e75, 1e76, 1e150, 1e151]),
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False),
)  # fmt: skip
INTEGERS = st.one_of(st.none(), st.sampled_from([2**53 + 1, -(2**62), 0]), st.integers(-1000, 1000))
EVENTS = st.lists(st.tuples(st.integers(0, 2), DOUBLES, DOUBLES, INTEGERS), max_size=20)


def as_rows(drawn):
    start = dt.datetime(2026, 1, 1)
    return [
        {"__run": run, "user_id": "u", "timestamp": start + dt.timedelta(seconds=place), "__pos": place, "x": x, "y": y, "i": i}
        for place, (run, x, y, i) in enumerate(drawn)
    ]


def moment(values, others, power=2):
    """The sum of products of distances from the mean, exact."""
    mean, other = sum(values) / len(values), sum(others) / len(others)
    return sum((a - mean) ** (power - 1) * (b - other) for a, b in zip(values, others, strict=True))


def rough(values):
    """How much larger the values are than their distances: what their moments lose of the digits of a double."""
    spread = moment(values, values)
    return 1 if spread == 0 else 1 + max(map(abs, values)) / Fraction(math.sqrt(spread / len(values)) or 5e-324)


def by_hand(pairs, beyond=Fraction(10) ** 150):
    """(value, how far off it may be) of the correlation and covariances of pairs, None for NULL."""
    kept = [(Fraction(a), Fraction(b)) for a, b in pairs if a is not None and b is not None]
    xs, ys = [a for a, _ in kept], [b for _, b in kept]
    if not kept or any(abs(v) > beyond for v in (*xs, *ys)):
        return {"corr": None, "pop": None, "samp": None}
    products, n = moment(xs, ys), len(kept)
    size = float(sum(map(abs, xs)) * sum(map(abs, ys)))
    off = 1e-12 * size + 1e-300
    found = {"pop": (float(products / n), off), "samp": (float(products / (n - 1)), off) if n > 1 else None, "corr": None}
    if min(moment(xs, xs), moment(ys, ys)) > Fraction(1e-300):  # smaller squares are no doubles
        square = products**2 / (moment(xs, xs) * moment(ys, ys))
        found["corr"] = (math.copysign(math.sqrt(square), products), 1e-13 * n * float(rough(xs) * rough(ys)))
    return found


def shape_by_hand(values):
    """(skewness, kurtosis), each with how far off it may be."""
    kept = [Fraction(v) for v in values if v is not None]
    if len(set(kept)) < 2 or any(abs(v) > Fraction(1e75) for v in kept) or moment(kept, kept) <= Fraction(1e-150):
        return None, None
    n, squares, cubes, fourths = len(kept), *(moment(kept, kept, power) for power in (2, 3, 4))
    off = 1e-13 * n**2 * float(rough(kept)) ** 2
    skew = math.copysign(math.sqrt(n * cubes**2 / squares**3), cubes)
    return (skew, off), (float(n * fourths / squares**2 - 3), off)


def check(tiled, rows, seed):
    for found in (tiled.general(rows), tiled.merged(rows, seed)):
        for run, row in found.items():
            mine = [one for one in rows if one["__run"] == run]
            pairs = by_hand([(one["x"], one["y"]) for one in mine])
            want = {"r": pairs["corr"], "cp": pairs["pop"], "cs": by_hand([(one["x"], one["i"]) for one in mine])["samp"]}
            want["s"], want["k"] = shape_by_hand([one["x"] for one in mine])
            want["si"], _ = shape_by_hand([one["i"] for one in mine])
            for name, value in want.items():
                told = (name, row[name], value, seed)
                if value is None or row[name] is None:
                    assert value is row[name], told
                else:
                    assert abs(row[name] - value[0]) <= value[1] + 1e-9 * abs(value[0]), told


def tiled(engine="duckdb"):
    return Tiled(compile_sql(SQL, ("user_id",), "timestamp", TYPES), TYPES, engine, 300)


@settings(max_examples=80, deadline=None, print_blob=True)
@given(EVENTS, st.integers(0, 2**32))
def test_tiles_are_exact_arithmetic(drawn, seed):
    check(tiled(), as_rows(drawn), seed)


@pytest.mark.parametrize("seed", [1, 2])
def test_on_spark_too(seed):
    rng = random.Random(seed)
    numbers = [None, 0.1, -2.5, 1e9 + 1, 1e9 + 3, 7.0]
    drawn = [
        (rng.randrange(5), rng.choice(numbers), rng.choice(numbers), rng.choice([None, 5, -7, 2**53 + 1])) for _ in range(50)
    ]
    check(tiled("spark"), as_rows(drawn), seed)


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_far_from_zero(engine):
    """1e9 + {1, 2, 3}, each in a tile of its own, and all together beside their squares."""
    rows = as_rows([(run, 1e9 + place, 2e9 - place, None) for run in (0, 1, 2) for place in (1, 2, 3)])
    query = tiled(engine)
    split = [{**row, "__run": row["__run"] * 4 + (row["__pos"] % 3 if row["__run"] else 0)} for row in rows]
    found = query.finish([(run // 4, block) for run, block in query.partials(split)])
    for row in (*found.values(), *query.general(rows).values()):
        assert (row["r"], row["cp"], row["s"], row["k"], row["v"]) == pytest.approx((-1, -2 / 3, 0, -1.5, 2 / 3), abs=1e-9)


def test_a_constant_side_is_told_whatever_its_mean_is_rounded_to():
    """The mean of 0.1, 0.1, 0.1 is not 0.1, so tiles of one value have distances between them."""
    rows = as_rows([(0, 0.1, float(place), place) for place in range(7)])
    for seed in range(8):
        (row,) = tiled().merged(rows, seed).values()
        assert (row["r"], row["s"], row["k"]) == (None, None, None), seed


def test_what_is_beyond_makes_null_and_stays_so():
    rows = as_rows([(0, 1e151, 1.0, 1), *((0, float(place), float(place % 5), place) for place in range(6))])
    for seed in range(8):
        (row,) = tiled().merged(rows, seed).values()
        assert [row[name] for name in ("r", "cp", "cs", "s", "k", "v")] == [None] * 6, seed
        assert row["si"] is not None


def test_powers_of_the_values_would_be_found_out(monkeypatch):
    """What the engines' own formula gives far from zero, where it goes by powers of the values themselves."""
    rows = as_rows([(0, 1e9 + place, float(place), place) for place in (1, 2, 3, 7)])
    check(tiled(), rows, 1)
    by_values = "SUM(POWER({0}, {1})) - COUNT(*) * POWER(AVG({0}), {1})"
    monkeypatch.setattr("core.sql.moments._powers", lambda text, power, dialect: by_values.format(text, power))
    with pytest.raises(AssertionError):
        check(tiled(), rows, 1)


@pytest.mark.parametrize(("size", "known"), [(1e-170, False), (1e-155, False), (1e-140, True)])
def test_squares_that_are_no_doubles_make_null(size, known):
    """Of 1e-155 the squares are doubles, but with few digits left."""
    rows = as_rows([(0, 1e75, -2 * size, 1), (0, 0.0, 0.0, 2), (0, 1e75, size, 3)])
    for found in (tiled().general(rows), tiled().merged(rows, 7)):
        assert (found[0]["r"] is not None, found[0]["s"] is not None) == (known, True)
