"""How fast events get from Kafka to the online store, and how fresh they are there, on real servers with the demo's settings.

    python benchmarks/pipeline.py --rows 50000 --groups 2
    python benchmarks/pipeline.py --quick | --full [--write]

--quick: some seconds, to see that it runs. --full: five minutes of two group-windows without a pause, then 1, 10 and 100 times
the entities and 1 and 7 group-windows; it says which targets were met. Each scenario has servers of its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run by its path, as the manual says

from benchmarks.feed import Entities, Paced, fill  # noqa: E402
from benchmarks.measure import freshness, throughput  # noqa: E402
from benchmarks.servers import Servers  # noqa: E402
from benchmarks.table import Result, report, write  # noqa: E402

WINDOWS = ("1h", "7d", "1d", "30d", "6h", "12h", "3h")
TARGET_RATE, TARGET_P99, TARGET_GROWTH = 10_000, 1.0, 5.0
FILLED_FOR = 50_000  # events a second; 46,700 were seen on two cores that did nothing else


def main(words: list[str]) -> int:
    """Exit status 0, or 1 where --full missed a target."""
    given = _arguments(words)
    plan = [(given.entities, given.groups, given.rows, given.seconds)]
    if given.full:
        n = given.entities
        plan = [(n, 2, 0, 300.0), *((n, groups, given.rows, None) for groups in (2, 1, 7))]
        plan += [(10 * n, 2, given.rows, None), (100 * n, 2, given.rows, None)]
    results = []
    for entities, groups, rows, seconds in plan:
        results.append(_measure(given, entities, groups, rows, seconds))
        print(report(results[-1:]), file=sys.stderr)
    text = report(results)
    met = _targets(results[0], results[1]) if given.full else []
    text += "".join(f"\n- {'met' if good else 'MISSED'}: {what}" for what, good in met) + ("\n" if met else "")
    print(text)
    if given.write:
        shown = " ".join(word for word in words if word != "--write")
        write("From Kafka to the online store", f"python benchmarks/pipeline.py {shown}".strip(), text)
    return 0 if all(good for _, good in met) else 1


def _measure(given: argparse.Namespace, entities: int, groups: int, rows: int, seconds: float | None) -> Result:
    windows = WINDOWS[:groups]
    rows = rows or int((seconds or 0) * FILLED_FOR)
    _say(f"{entities:,} entities, {groups} group-windows: starting the servers")
    with Servers("bench", given.appliers, given.profile) as servers:
        servers.define(windows, given.together)
        took = fill(servers.kafka.bootstrap, servers.topic, rows, Entities(entities, given.law))
        _say(f"{rows:,} events in the topic after {took:.0f} s; the consumer starts")
        through = throughput(servers, rows, seconds)
        _say(f"{through.rate:,.0f} events/s")
        fresh = None
        if given.fresh_seconds and through.applied >= rows:
            _say(f"freshness at {given.rate:,.0f} events/s for {given.fresh_seconds:.0f} s")
            paced = Paced(servers.kafka.bootstrap, servers.topic, given.rate, Entities(entities, given.law, seed=2))
            fresh = freshness(servers, paced, given.rate, given.fresh_seconds)
    return Result(entities, given.law, windows, given.together, through, fresh)


def _targets(sustained: Result, after: Result) -> list[tuple[str, bool]]:
    """What was hoped for, and whether it is so; after the sustained run the topic is not empty, so freshness is another's."""
    through, fresh = sustained.through, after.fresh
    growth = max(map(abs, through.growth.values()))
    found = [
        (f"at least {TARGET_RATE:,} events/s for {through.seconds:.0f} s: {through.rate:,.0f}", through.rate >= TARGET_RATE),
        (f"memory flat within ±{TARGET_GROWTH:.0f} %: {growth:.1f} %", growth <= TARGET_GROWTH),
    ]
    p99 = fresh.percentile(99) if fresh is not None else float("inf")
    found.append((f"shown within {TARGET_P99:.0f} s at 1,000 events/s, p99: {p99:.2f} s", p99 < TARGET_P99))
    return found


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000, help="events in the topic before the clock starts")
    parser.add_argument(
        "--seconds", type=float, help="stop after so many seconds instead; the topic is filled with more than enough"
    )
    parser.add_argument("--entities", type=int, default=1000)
    parser.add_argument(
        "--law", choices=["zipf", "uniform"], default="zipf", help="how events fall on entities; Zipf: exponent 1.2"
    )
    parser.add_argument("--groups", type=int, default=2, choices=range(1, len(WINDOWS) + 1), metavar="1-7", help="group-windows")
    parser.add_argument("--together", action="store_true", help="one definition of several windows in place of several groups")
    parser.add_argument("--appliers", type=int, default=1, help="applier processes that share the buckets")
    parser.add_argument("--rate", type=float, default=1000, help="events a second of the measurement of freshness")
    parser.add_argument("--fresh-seconds", type=float, default=20, help="how long that lasts; 0: not measured")
    parser.add_argument(
        "--profile", type=Path, help="a folder: consumer and applier run under cProfile and leave their files there"
    )
    parser.add_argument("--quick", action="store_true", help="2,000 rows and 3 s of freshness")
    parser.add_argument("--full", action="store_true", help="every scenario; about 20 minutes")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args(words)
    if given.quick:
        given.rows, given.fresh_seconds = min(given.rows, 2000), 3.0
    if given.seconds:
        given.rows = 0
    return given


def _say(line: str) -> None:
    print(f"[{line}]", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
