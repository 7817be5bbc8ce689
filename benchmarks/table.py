"""The measurements as tables in Markdown, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Freshness, Throughput
from benchmarks.usage import FLAT, ROLES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
Row = Sequence[object]


@dataclass(frozen=True)
class Result:
    """One scenario, measured. `fresh` None where freshness was not asked for."""

    entities: int
    law: str
    windows: tuple[str, ...]
    together: bool
    through: Throughput
    fresh: Freshness | None

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.entities:,} entities ({self.law}), {len(self.windows)} × 3{' in one definition' if self.together else ''}"


def report(results: Sequence[Result]) -> str:
    """Every table."""
    parts = [
        "Events a second from Kafka to the online store: from the start of the consumer until every group shows all of them.\n",
        _table(
            ("scenario", "events", "seconds", "events/s", "events/s after 10 %", "events/s into the log"),
            [
                (
                    r.name,
                    f"{r.through.applied:,}",
                    f"{r.through.seconds:.1f}",
                    *map(_whole, (r.through.rate, r.through.warm, r.through.into_log)),
                )
                for r in results
            ],
        ),
        "\nCPU seconds per 10,000 events:\n",
        _table(("scenario", *ROLES), [(r.name, *_costs(r.through.cpu)) for r in results]),
        "\nResident memory in MiB after a tenth / in the middle / at the end, and growth in the second half:\n",
        _table(("scenario", *ROLES[:3], ROLES[4]), [(r.name, *_memory(r.through)) for r in results]),
    ]
    fresh = [(r.name, r.fresh) for r in results if r.fresh is not None]
    if fresh:
        parts += [
            "\nFreshness in milliseconds: from the moment an event is due to be sent until the online records show it.\n",
            _table(
                ("scenario", "events/s", "p50", "p99", "most", "in the log p50", "in the log p99"),
                [(name, _whole(f.rate), *_latencies(f)) for name, f in fresh],
            ),
            "\nMeanwhile, CPU seconds per 10,000 events, which are mostly the cost of many small batches:\n",
            _table(("scenario", *ROLES), [(name, *_costs(f.cpu)) for name, f in fresh]),
        ]
    if (further := cost_of_a_further_group(results)) is not None:
        seconds, cpu = further
        parts.append(f"\nA further group-window costs {seconds:.2f} s and {cpu:.2f} CPU seconds per 10,000 events.")
    return "\n".join(parts) + "\n"


def cost_of_a_further_group(results: Iterable[Result]) -> tuple[float, float] | None:
    """Seconds and CPU seconds per 10,000 events, between the fewest and the most groups over the same entities."""
    by_entities: dict[tuple[int, str], list[Result]] = {}
    for r in results:
        by_entities.setdefault((r.entities, r.law), []).append(r)
    for some in by_entities.values():
        few, many = min(some, key=lambda r: len(r.windows)), max(some, key=lambda r: len(r.windows))
        if (more := len(many.windows) - len(few.windows)) > 0:
            seconds = 10_000 / many.through.warm - 10_000 / few.through.warm
            return seconds / more, (sum(many.through.cpu.values()) - sum(few.through.cpu.values())) / more
    return None


def write(heading: str, command: str, text: str) -> None:
    """Put a report under its heading in docs/benchmarks.md, in place of what stood there."""
    part = f"## {heading}\n\n`{command}` on a machine of {os.cpu_count()} cores:\n\n{text}"
    page = PAGE.read_text("utf-8") if PAGE.exists() else "# Benchmarks\n"
    found = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    page = page[: found.start()] + part + "\n" + page[found.end() :] if found else f"{page.rstrip()}\n\n{part}"
    PAGE.write_text(page.rstrip() + "\n", "utf-8")


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _costs(cpu: Mapping[str, float]) -> list[str]:
    return [f"{cpu[role]:.2f}" for role in ROLES]


def _memory(through: Throughput) -> list[str]:
    cells = []
    for role in (*FLAT, "valkey"):
        sizes = " / ".join(_whole(one.memory[role]) for one in through.memory)
        cells.append(f"{sizes}, {through.growth[role]:+.1f} %" if role in through.growth else sizes)
    return cells


def _latencies(fresh: Freshness) -> list[str]:
    stored = [fresh.stored[min(len(fresh.stored) - 1, int(len(fresh.stored) * share))] for share in (0.5, 0.99)]
    return [_whole(one * 1000) for one in (fresh.percentile(50), fresh.percentile(99), fresh.shown[-1], *stored)]
