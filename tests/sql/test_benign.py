"""The corpus of real feature queries: accepted, and answered alike by both engines, in batches and alone, whole and by tiles,
whatever the order in which rows arrive."""

import random

import pytest

from tests.sql.benign import BENIGN
from tests.sql.running import corpus, differences, tried

SHUFFLES = 100
LEAST = 0.92  # of the queries are accepted, and equal
STEP = 20  # of the accepted statements, Spark answers every so many for what takes it long


def sampled(statements, every):
    return [one for place, one in enumerate(statements) if place % every == 0]


def test_the_gate_lets_real_queries_pass():
    accepted, refused = corpus()
    for name, why in refused.items():
        print(f"refused {name}: {why}")
    share = len(accepted) / len(BENIGN)
    print(f"{len(BENIGN)} queries, {len(accepted)} accepted: {share:.1%}")
    assert len(BENIGN) >= 220
    assert share >= LEAST


def test_both_engines_give_the_same():
    accepted, _ = corpus()
    wrong = differences((one.name, tried(one.answer, one.rows()), tried(one.answer, one.rows(), "spark")) for one in accepted)
    share = (len(accepted) - len(wrong)) / len(BENIGN)
    print(f"{len(BENIGN)} queries, {len(accepted) - len(wrong)} accepted and equal on both engines: {share:.1%}")
    assert wrong == {}
    assert share >= LEAST


def test_the_corpus_says_something():
    """Of what the queries give, most is neither NULL nor the same for all."""
    accepted, _ = corpus()
    empty = [one.name for one in accepted if not one.answer(one.rows())]
    dull = []
    for one in accepted:
        answer = one.answer(one.rows())
        for name in one.compiled.outputs:
            if all(row[name] is None for row in answer):
                dull.append(f"{one.name}.{name}")
    print(f"without an answer: {empty}; always NULL: {dull}")
    assert len(empty) <= len(accepted) * 0.03
    assert len(dull) <= len(accepted) * 0.1


def test_a_batch_of_runs_is_its_single_runs():
    accepted, _ = corpus()
    wrong = differences((one.name, tried(one.answer, one.rows()), tried(one.singles, one.rows())) for one in accepted)
    print(f"{len(accepted)} statements, batch = single runs on DuckDB")
    assert wrong == {}


def test_a_batch_is_its_single_runs_on_spark_too():
    some = sampled(corpus()[0], STEP)
    wrong = differences((one.name, one.answer(one.rows(), "spark"), one.singles(one.rows(), "spark")) for one in some)
    assert wrong == {}


def test_tiles_are_the_whole():
    tiles = [one for one in corpus()[0] if one.compiled.path == "tiles"]
    wrong = differences((one.name, tried(one.answer, one.rows()), tried(one.by_tiles, one.rows())) for one in tiles)
    print(f"{len(tiles)} statements, tiles = whole on DuckDB")
    assert wrong == {}
    assert len(tiles) >= 100


def test_tiles_are_the_whole_on_spark_too():
    some = sampled([one for one in corpus()[0] if one.compiled.path == "tiles"], STEP)
    assert differences((one.name, one.answer(one.rows(), "spark"), one.by_tiles(one.rows(), "spark")) for one in some) == {}


def shuffled(one, engine):
    """The answers of one statement to its rows in SHUFFLES orders of arrival, all in one statement: each order is a set of runs
    of its own, so that a hundred orders meet the engine mixed as in a large batch."""
    rows = one.rows()
    runs = max((row["__run"] for row in rows), default=0) + 1
    copies = [{**row, "__run": row["__run"] + runs * copy} for copy in range(SHUFFLES) for row in rows]
    random.Random(one.seed).shuffle(copies)
    answers = [[] for _ in range(SHUFFLES)]
    for row in one.answer(copies, engine):
        answers[row["__run"] // runs].append({**row, "__run": row["__run"] % runs})
    return [sorted(answer, key=lambda row: (row["__run"], repr(row))) for answer in answers]


def settled(statements, engine):
    """Which statements answer differently to different orders of arrival."""
    wrong = {}
    for one in statements:
        first = one.answer(sorted(one.rows(), key=lambda row: row["__pos"]), engine)
        wrong |= differences((f"{one.name} #{place}", first, answer) for place, answer in enumerate(shuffled(one, engine)))
    return wrong


def test_the_order_of_arrival_means_nothing():
    accepted, _ = corpus()
    assert settled(accepted, "duckdb") == {}
    print(f"{len(accepted)} statements, {SHUFFLES} orders of arrival each: one answer")


def test_the_order_of_arrival_means_nothing_on_spark():
    assert settled(sampled(corpus()[0], STEP), "spark") == {}


@pytest.mark.long
def test_the_order_of_arrival_means_nothing_on_spark_for_all():
    assert settled(corpus()[0], "spark") == {}


@pytest.mark.long
def test_batches_and_tiles_on_spark_for_all():
    accepted, _ = corpus()
    assert differences((one.name, one.answer(one.rows(), "spark"), one.singles(one.rows(), "spark")) for one in accepted) == {}
    tiles = [one for one in accepted if one.compiled.path == "tiles"]
    assert differences((one.name, one.answer(one.rows()), one.by_tiles(one.rows(), "spark")) for one in tiles) == {}
