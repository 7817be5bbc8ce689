"""Feature queries as users of Spark, Feast and Chronon write them, one file for each kind.

A query follows a line `--- world: what it is`; the worlds are in tests/sql/worlds.py. They are not adapted to what the gate
happens to accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Benign:
    """One query of the corpus."""

    kind: str
    world: str
    title: str
    sql: str

    @property
    def name(self) -> str:
        """What it is called where figures and failures are shown."""
        return f"{self.kind}: {self.title}"


def _of(path: Path) -> list[Benign]:
    found: list[Benign] = []
    for block in path.read_text("utf-8").split("--- ")[1:]:
        head, sql = block.split("\n", 1)
        world, title = head.split(": ", 1)
        found.append(Benign(path.stem, world, title, sql.strip()))
    return found


BENIGN = [one for path in sorted(Path(__file__).parent.glob("*.sql")) for one in _of(path)]
