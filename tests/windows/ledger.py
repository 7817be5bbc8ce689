"""What was accepted, in which order, and what stands of it: the oracle's side of the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests import oracle

Entity = tuple[str, ...]


@dataclass
class Ledger:
    """Rows of the oracle: "us", "ingested", columns, and what makes them corrections."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    _found: dict[Any, dict[Entity, list[oracle.Event]]] = field(default_factory=dict)

    def take(self, rows: Iterable[Mapping[str, Any]], ingested: int) -> None:
        """Rows that were accepted at a time, or were duplicates then."""
        self.rows += [{**row, "ingested": ingested} for row in rows]

    def forget_after(self, length: int) -> None:
        """What was accepted later was lost."""
        del self.rows[length:]
        self._found.clear()

    def known_at(self, t: int) -> int:
        """How many rows had been ingested by t."""
        return sum(row["ingested"] <= t for row in self.rows)

    def by_entity(self, keys: Sequence[str], upto: int | None = None) -> dict[Entity, list[oracle.Event]]:
        """The standing events of each entity, in the order of acceptance."""
        asked = (tuple(keys), upto, len(self.rows))
        if asked not in self._found:
            found = self._found[asked] = defaultdict(list)
            for event in oracle.live(self.rows, upto):
                found[tuple(event[key] for key in keys)].append(event)
        return self._found[asked]

    def of(self, user: str) -> list[dict[str, Any]]:
        """All that was ever said of a user, for a failure's message: corrections that moved away too."""
        ids = {row["event_id"] for row in self.rows if row.get("user_id") == user}
        return [row for row in self.rows if row["event_id"] in ids]


def wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it is pushed."""
    sent = {name: cell for name, cell in row.items() if name not in ("us", "ingested")}
    if "us" in row:
        sent["timestamp"] = oracle.iso(row["us"])
    if row.get("price") is not None:
        sent["price"] = str(row["price"])
    return sent


def changes(events: Iterable[oracle.Event], window: str | None, now: int) -> list[int]:
    """The times after `now` at which V can change without a further event: one comes due, or one leaves the window."""
    found = {event["us"] for event in events}
    if window is not None:
        found |= {oracle.leaves(us, window) for us in set(found)}
    return sorted(t for t in found if t > now)
