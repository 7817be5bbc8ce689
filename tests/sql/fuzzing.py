"""The fuzz of the gate: mutants through compile_sql, what is accepted through the judge, by several processes."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache

from core.errors import Invalid, TooLarge
from core.sql import Compiled, compile_sql
from core.sql.functions import TABLE
from core.sql.provisional import provisional_types
from tests.core.sql import edges, queries
from tests.core.sql import worlds as small
from tests.core.sql.forms import FORMS
from tests.core.sql.operators import operators
from tests.sql.benign import BENIGN
from tests.sql.hostile import HOSTILE
from tests.sql.judge import Judge, texts
from tests.sql.mutants import Mutator
from tests.sql.worlds import WORLDS, World

CODES = frozenset(
    ["sql_syntax", "sql_not_allowed", "sql_not_grouped_by_entity", "sql_not_separable", "unknown_column", "too_large"]
)
CHUNK = 1_000
SLOWEST_S = 2.0


@dataclass
class Found:
    """What a number of mutants gave."""

    mutants: int = 0
    accepted: int = 0
    slowest: float = 0.0
    cpu_s: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    escapes: list[tuple[str, str]] = field(default_factory=list)  # what is wrong, the mutant
    kept: list[tuple[str, str]] = field(default_factory=list)  # the world, the mutant

    def add(self, other: Found) -> None:
        """Count another's in."""
        self.mutants += other.mutants
        self.accepted += other.accepted
        self.slowest = max(self.slowest, other.slowest)
        self.cpu_s += other.cpu_s
        self.codes.update(other.codes)
        self.escapes += other.escapes
        self.kept += other.kept


@cache
def mutator() -> Mutator:
    """Of every seed, benign ones twice: what is hostile rarely gets far."""
    names = sorted(WORLDS)
    hostile = [(names[place % len(names)], sql) for place, sql in enumerate(HOSTILE)]
    return Mutator([*hostile, *[(one.world, one.sql) for one in BENIGN] * 2])


@cache
def vocabulary() -> frozenset[str]:
    """The functions of DuckDB that the renderer writes: for every row of the table, every operator, every known query."""
    judge = Judge()
    for one in BENIGN:
        world = WORLDS[one.world]
        _meet(judge, one.sql, world.keys, world.time, world.types)
    for sql in queries.QUERIES:
        _meet(judge, sql, small.KEYS, small.TIME, small.TYPES)
    calls = itertools.chain.from_iterable(edges.calls(function) for rows in TABLE.values() for function in rows)
    for expression in (*calls, *operators(), *FORMS):
        _meet(judge, f"SELECT user_id, {expression} AS a FROM input_data", ("user_id",), "timestamp", edges.COLUMNS)
    return frozenset(judge.met)


def _meet(judge: Judge, sql: str, keys: tuple[str, ...], time_column: str, types: dict[str, str]) -> None:
    try:
        compiled = compile_sql(sql, keys, time_column, types)
    except (Invalid, TooLarge):
        return
    for text, tables in texts(compiled, types):
        faults = judge.faults(text, tables)
        assert not faults, (sql, faults)


def examine(sql: str, world_name: str, judge: Judge) -> Found:
    """One text through the gate and the judge."""
    world, found = WORLDS[world_name], Found(mutants=1)
    began = time.process_time()
    try:
        compiled = compile_sql(sql, world.keys, world.time, world.types)
    except (Invalid, TooLarge) as error:
        found.codes[error.code] += 1
        if (wrong := _refusal(error, sql)) is not None:
            found.escapes.append((wrong, sql))
    except BaseException as error:
        found.escapes.append((f"raised {type(error).__name__}: {error}", sql))
    else:
        try:
            for text, tables in texts(compiled, typed(compiled, world)):
                found.escapes += [(fault, sql) for fault in judge.faults(text, tables)]
            found.accepted += 1
            found.kept.append((world_name, sql))
        except Invalid as error:
            found.codes[error.code] += 1
            if error.code != "sql_types":
                found.escapes.append((f"accepted, and refused as {error.code}: {error.detail}", sql))
        except Exception as error:
            found.escapes.append((f"accepted, and raised {type(error).__name__}: {error}", sql))
    found.cpu_s = found.slowest = time.process_time() - began
    if found.slowest > SLOWEST_S:
        found.escapes.append((f"took {found.slowest:.1f} s", sql))
    return found


def typed(compiled: Compiled, world: World) -> dict[str, str]:
    """The types of the columns that a statement reads; of those that the world does not have, any that fit. Raises Invalid."""
    known = {name: world.types.get(name) for name in compiled.input_columns}
    return provisional_types(compiled, compiled.keys, compiled.time_column, known)


def _refusal(error: Invalid | TooLarge, sql: str) -> str | None:
    """What is wrong with a refusal: its code is unknown, it points beside the text, or it hides a stumble of the gate's own."""
    if error.code not in CODES:
        return f"refused as {error.code}"
    if "cannot be understood" in error.detail:
        return f"stumbled: {error.detail}"
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    if line is None:
        return None
    lines = sql.split("\n")
    inside = 1 <= line <= len(lines) and column is not None and 1 <= column <= len(lines[line - 1]) + 1
    return None if inside else f"points to {line}:{column}"


def chunk(number: int, count: int, functions: Collection[str], most: int = 0) -> Found:
    """Mutants number..number + count; of the accepted ones `most` are handed back."""
    judge, found = Judge(functions), Found()
    for one in range(number, number + count):
        world, sql = mutator().mutant(one)
        found.add(examine(sql, world, judge))
    found.kept = found.kept[:: max(1, len(found.kept) // most)] if most else []
    return found


def fuzz(seed: int, count: int, processes: int | None = None) -> Found:
    """So many mutants from a seed on; every process makes its own."""
    functions, found = vocabulary(), Found()
    starts = range(seed, seed + count, CHUNK)
    workers = processes or min(os.cpu_count() or 1, 4)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(chunk, starts, itertools.repeat(CHUNK), itertools.repeat(functions)):
            found.add(part)
    return found
