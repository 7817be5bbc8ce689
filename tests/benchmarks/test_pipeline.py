"""The benchmark of the pipeline runs on real servers and tells everything that it says it tells."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from benchmarks.usage import ROLES
from tests.servers.stack import ROOT

ROWS = 1000


@pytest.mark.kafka
@pytest.mark.timeout(700)
def test_a_glance_gives_every_table_and_every_row_arrived() -> None:
    command = [sys.executable, "benchmarks/pipeline.py", "--quick", "--rows", str(ROWS), "--entities", "50"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    tables = [[_cells(line) for line in text.splitlines()] for text in re.findall(r"(?:^\|.*\n)+", done.stdout, re.MULTILINE)]
    assert [len(rows) for rows in tables] == [3] * 5, done.stdout
    for head, _, row in tables:
        assert len(row) == len(head)
        assert row[0] == "50 entities (zipf), 2 × 3"
        assert all(re.search(r"\d", cell) for cell in row[1:]), row
    through, costs, memory, fresh, meanwhile = (dict(zip(head, row, strict=True)) for head, _, row in tables)
    assert through["events"] == f"{ROWS:,}"
    assert set(costs) == set(meanwhile) == {"scenario", *ROLES}
    assert float(costs["applier"]) > 0 < float(costs["consumer"])
    assert all(re.match(r"[1-9]\d* / [1-9]\d* / [1-9]\d*", size) for name, size in memory.items() if name != "scenario")
    assert fresh["events/s"] == "1,000"
    assert 0 < _number(fresh["p50"]) <= _number(fresh["p99"]) <= _number(fresh["most"])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _number(cell: str) -> float:
    return float(cell.replace(",", ""))
