"""Mutants of hostile and benign statements: what the gate lets pass is one SELECT over the own events of the entity, for the
engine's own parser and in what it answers."""

import random
import time

import pytest

from backends.engine.base import EngineFailed
from core.sql import compile_sql
from tests.sql import fuzzing
from tests.sql.benign import BENIGN
from tests.sql.hostile import HOSTILE
from tests.sql.mutants import engine_functions
from tests.sql.running import Statement, differences, tried
from tests.sql.worlds import WORLDS

CANARY = "canary-of-another-run"
SEED = 2_026_013_100  # the same in every run; the long tests take a new one each time


def new_seed():
    return random.SystemRandom().randrange(10**12)


def fuzzed(count, seed):
    print(f"seed {seed}")
    began = time.monotonic()
    found = fuzzing.fuzz(seed, count)
    print(
        f"{found.mutants} mutants, {found.accepted} accepted, {len(found.escapes)} escapes; {found.cpu_s:.0f} s of CPU in"
        f" {time.monotonic() - began:.0f} s, the slowest {found.slowest:.2f} s; {dict(found.codes)}"
    )
    assert found.mutants >= count
    assert found.accepted > count / 100
    assert found.escapes == []
    return found


@pytest.fixture(scope="module")
def kept():
    """Accepted mutants as statements, of a smaller fuzz with a seed of its own."""
    found = fuzzing.chunk(SEED + 10**9, 5_000, fuzzing.vocabulary(), most=300)
    print(f"seed {SEED + 10**9}")
    return [mutant(name, sql) for name, sql in found.kept]


def mutant(name, sql):
    one = Statement(sql, sql, WORLDS[name])
    one.types = fuzzing.typed(one.compiled, one.world)
    return one


def with_canary(one):
    """The rows of a statement, and those beside them of a run of the same entities that nothing may come from."""
    rows = one.rows()
    stranger = max((row["__run"] for row in rows), default=0) + 1
    texts = [name for name, kind in one.world.types.items() if kind == "STRING"]
    others = [{**row, "__run": stranger, **dict.fromkeys(texts, CANARY)} for row in rows]
    return rows, [*rows, *others], stranger


def strangers(statements, engine):
    """What a batch answers for a run that the run alone does not; and what the engine failed at."""
    pairs, failed = [], []
    for one in statements:
        rows, batch, stranger = with_canary(one)
        try:
            together = [row for row in one.answer(batch, engine) if row["__run"] != stranger]
            pairs.append((one.name, one.answer(rows, engine), together))
        except EngineFailed as error:
            failed.append((one.name, str(error)))
            continue
        assert CANARY not in repr(together), one.name
    return differences(pairs), failed


def test_no_mutant_escapes():
    fuzzed(50_000, SEED)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_mutant_of_a_million_escapes():
    fuzzed(1_000_000, new_seed())


def test_accepted_mutants_answer_for_their_own_run_only(kept):
    wrong, failed = strangers(kept, "duckdb")
    print(f"{len(kept)} accepted mutants run on DuckDB, {len(failed)} failed cleanly: {failed[:5]}")
    assert wrong == {}
    assert len(kept) >= 200
    assert len(failed) <= len(kept) / 100


def test_accepted_mutants_are_alike_on_spark(kept):
    some = kept[::10]
    wrong = differences((one.name, one.answer(one.rows()), one.answer(one.rows(), "spark")) for one in some)
    print(f"{len(some)} accepted mutants run on both engines")
    assert wrong == {}


@pytest.mark.long
def test_many_accepted_mutants_are_alike_on_both_engines():
    seed = new_seed()
    print(f"seed {seed}")
    statements = [mutant(name, sql) for name, sql in fuzzing.chunk(seed, 60_000, fuzzing.vocabulary(), most=3_000).kept]
    wrong, failed = strangers(statements, "duckdb")
    print(f"{len(statements)} accepted mutants, {len(failed)} failed cleanly: {failed[:20]}")
    assert wrong == {}
    assert len(failed) <= len(statements) / 100
    pairs = ((one.name, tried(one.answer, one.rows()), tried(one.answer, one.rows(), "spark")) for one in statements)
    apart = differences(pairs)
    assert {name: why for name, why in apart.items() if name not in dict(failed)} == {}


def test_there_are_seeds_and_names_enough():
    assert len(set(HOSTILE)) >= 60
    assert len(BENIGN) >= 220
    assert len(engine_functions()) >= 1_200


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:50].encode("ascii", "replace").decode())
def test_what_is_hostile_is_refused_or_means_only_itself(sql):
    """A seed is refused, or what is rendered of it is as harmless as any query (a text that looks like SQL is a text)."""
    judge = fuzzing.Judge(fuzzing.vocabulary())
    for name in WORLDS:
        found = fuzzing.examine(sql, name, judge)
        assert found.escapes == []


def test_texts_that_look_like_sql_stay_texts():
    compiled = compile_sql("SELECT user_id, 'a\\'; DROP TABLE input_data; --' AS x FROM input_data", ("user_id",), "timestamp")
    assert "'a''; DROP TABLE input_data; --'" in compiled.row("duckdb", {})
