"""What a run found, for a test and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.chaos.faults import Faults
from tests.chaos.groups import GROUPS
from tests.chaos.ledger import Count

KILLS, STOPS = ("kill", "crash"), ("stop",)


@dataclass
class Outcome:
    """`recovery`: seconds from the last message and fault until nothing was left to do, None where it never was."""

    seed: str
    messages: int
    seconds: float
    recovery: float | None
    faults: Faults
    count: Count
    stored: int
    letters: int
    served: list[str]
    answers: int
    answered: list[str]
    statuses: Counter[str]
    wrong: list[str]

    @property
    def good(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.recovery is not None and not (self.count or self.served or self.answered or self.wrong)

    def done(self, *kinds: str) -> int:
        """How many faults of these kinds were done."""
        return sum(n for what, n in self.faults.done.items() if what.startswith(kinds))

    def table(self) -> str:
        """For people."""
        done = self.faults.done
        beside = {what: n for what, n in done.items() if not what.startswith((*KILLS, *STOPS, "cut"))}
        rows = [
            ("seed", self.seed),
            ("messages", f"{self.messages:,} in {self.seconds:.0f} s; {self.stored:,} rows in the log"),
            ("kill -9", f"{self.done(*KILLS)}: {_shown(done, *KILLS)}"),
            ("SIGSTOP", f"{self.done(*STOPS)}: {_shown(done, *STOPS)}"),
            ("append-only file cut", f"{done['cut']} times, by {self.faults.cut:,} bytes"),
            ("beside these", _shown(beside)),
            ("lost", f"{len(self.count.lost)}"),
            ("double", f"{len(self.count.double)}"),
            ("dead letters", f"{self.letters:,}; differences of letters, offsets and rows: {len(self.count.wrong)}"),
            ("values at the end", f"{len(self.served)} wrong of every entity in {len(GROUPS)} groups, newest and `at`"),
            ("answers on the way", f"{len(self.answered)} wrong of {self.answers:,}"),
            ("statuses on the way", _shown(self.statuses)),
            ("recovery to lag 0", "never" if self.recovery is None else f"{self.recovery:.1f} s"),
        ]
        wide = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{wide}}  {text}" for name, text in rows)

    def troubles(self, most: int = 8) -> str:
        """The first of each kind of what is wrong."""
        kinds = {"lost": self.count.lost, "double": self.count.double, "differs": self.count.wrong, "served": self.served}
        kinds |= {"answered": self.answered, "beside": self.wrong}
        return "\n".join(f"{kind}: {one}" for kind, some in kinds.items() for one in some[:most])


def _shown(done: Mapping[str, int], *kinds: str) -> str:
    found = {name: n for name, n in sorted(done.items()) if not kinds or name.startswith(kinds)}
    return ", ".join(f"{name.removeprefix('kill ').removeprefix('stop ')} {n}" for name, n in found.items())
