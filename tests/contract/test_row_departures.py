"""Contract row "departures": the README lists what differs from the first version's text, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("word", ["djongo", "FastAPI", "React", "zookeeper", "--cov=app", "Python 3.9"])
def test_the_readme_names_it_with_a_reason(word: str) -> None:
    lines = [line for line in README.read_text().splitlines() if word.casefold() in line.casefold()]
    assert lines, f"{word} is not in the README"
    assert any(len(line) > len(word) + 40 for line in lines), f"{word} is there without a reason"
