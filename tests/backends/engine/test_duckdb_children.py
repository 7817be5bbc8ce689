"""The jail: what a child cannot do, and what its end costs."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from backends.engine.base import EngineFailed
from backends.engine.duckdb import DuckDb

ROOT = Path(__file__).parents[3]


@pytest.fixture
def engine():
    pool = DuckDb(children=2, memory_mb=128)
    yield pool
    pool.close()


def fail(engine: DuckDb, sql: str, deadline_s: float = 10) -> EngineFailed:
    with pytest.raises(EngineFailed) as caught:
        engine.run(sql, {}, deadline_s=deadline_s)
    return caught.value


def pid_of(engine: DuckDb) -> int:
    engine.run("SELECT 1 AS a", {})
    return engine._idle[-1].pid


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd', header=false, sep=':')",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
    ],
)
def test_the_engine_itself_reads_no_file_and_no_network(engine, sql):
    assert fail(engine, sql).kind == "sql"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "SET memory_limit='100GB'",
        "CREATE TABLE t AS SELECT 1",
        "CREATE MACRO sum(x) AS 1",
        "ATTACH 'x.db'",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "",
    ],
)
def test_only_one_select_runs(engine, sql):
    assert fail(engine, sql).kind == "sql"


def test_a_child_has_no_environment_no_privileges_and_its_limits(engine):
    pid = pid_of(engine)
    environment = Path(f"/proc/{pid}/environ").read_bytes() if os.access(f"/proc/{pid}/environ", os.R_OK) else b""
    assert b"=" not in environment
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert set(status["Uid"].split()) == {"65534"}
        assert int(status["CapEff"], 16) == 0
    limits = {line[:26].strip(): line[26:].split() for line in Path(f"/proc/{pid}/limits").read_text().splitlines()}
    assert limits["Max file size"][:2] == ["0", "0"]
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert limits["Max open files"][:2] == ["64", "64"]
    assert int(limits["Max address space"][1]) == (3 * 128 + 1024) * 2**20
    assert limits["Max cpu time"][0] != "unlimited"


def test_nothing_of_a_job_is_left_for_the_next(engine):
    engine.run("SELECT * FROM secret", {"secret": pa.table({"a": [1]})})
    assert "secret" in fail(engine, "SELECT * FROM secret").detail


@pytest.mark.parametrize(
    "bomb",
    [
        "SELECT length(repeat('x', 4000000000)) AS a",
        "SELECT list(r) AS a FROM range(2000000000) AS t(r)",
        "SELECT bitstring('1', 2000000000) AS a",
        "SELECT string_agg(repeat('x', 100000), ',') AS a FROM range(1000000)",
    ],
)
def test_a_bomb_of_memory_costs_its_own_query_only(engine, bomb):
    before = time.monotonic()
    assert fail(engine, bomb, deadline_s=8).kind in ("killed", "timeout", "sql")
    assert time.monotonic() - before < 10
    assert engine.run("SELECT 1 AS a", {})["a"].to_pylist() == [1]


def test_a_query_that_cannot_be_interrupted_is_killed_at_its_deadline(engine):
    sql = "SELECT sum(levenshtein(repeat('ab', 20000), repeat('ba', 20000))) AS a FROM range(100000)"
    before = time.monotonic()
    assert fail(engine, sql, deadline_s=1).kind == "timeout"
    assert time.monotonic() - before < 3
    assert engine.run("SELECT 1 AS a", {})["a"].to_pylist() == [1]


def test_a_child_that_dies_idle_is_replaced_without_a_word(engine):
    os.kill(pid_of(engine), signal.SIGKILL)
    time.sleep(0.1)
    assert engine.run("SELECT 1 AS a", {})["a"].to_pylist() == [1]


def test_a_child_that_dies_at_work_is_an_error_of_kind_killed(engine):
    pid = pid_of(engine)
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    timer.start()
    assert fail(engine, "SELECT COUNT(*) AS n FROM range(10000000) AS a, range(10000000) AS b").kind == "killed"


def test_a_job_beyond_the_children_waits_for_one(engine):
    one = DuckDb(children=1, memory_mb=128)
    slow = "SELECT COUNT(*) AS n FROM range(10000000) AS a, range(10000000) AS b"
    thread = threading.Thread(target=fail, args=(one, slow, 1.5))
    thread.start()
    time.sleep(0.3)
    assert fail(one, "SELECT 1 AS a", deadline_s=0.2).kind == "timeout"
    assert one.run("SELECT 1 AS a", {}, deadline_s=20)["a"].to_pylist() == [1]
    thread.join()
    one.close()


def test_rows_of_tens_of_megabytes_go_both_ways(engine):
    table = pa.table({"a": pa.array(range(2_000_000), pa.int64()), "s": pa.array(["x" * 10] * 2_000_000)})
    big = DuckDb(children=1, memory_mb=512)
    assert big.run("SELECT a, s FROM input_data", {"input_data": table}) == table
    big.close()


def test_a_forked_process_starts_children_of_its_own(engine):
    before = pid_of(engine)
    child = os.fork()
    if child == 0:
        ok = engine.run("SELECT 1 AS a", {})["a"].to_pylist() == [1] and pid_of(engine) != before
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pid_of(engine) == before


def test_children_end_with_their_parent():
    script = (
        "import os, signal; from backends.engine.duckdb import DuckDb; e = DuckDb(children=1); e.run('SELECT 1 AS a', {});"
        "print(e._idle[-1].pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return
        time.sleep(0.1)
    pytest.fail("the child outlived its parent")
