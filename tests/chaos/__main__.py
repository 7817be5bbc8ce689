"""`python -m tests.chaos [--messages N --rate R --kills K --stops S --cuts C --seed TEXT]`: the run of `make chaos`."""

from __future__ import annotations

import argparse
import secrets
import sys

from tests.chaos.run import Run
from tests.chaos.schedule import Numbers, plan
from tests.chaos.world import World


def main(words: list[str]) -> int:
    """Exit status 0 where nothing was lost, double or wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=1000.0, help="messages a second")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--crashes", type=int, default=10, help="of PostgreSQL")
    parser.add_argument("--brokers", type=int, default=5, help="deaths of the broker")
    parser.add_argument("--flushes", type=int, default=5, help="Valkey emptied")
    parser.add_argument("--users", type=int, default=2000, help="entities")
    given = vars(parser.parse_args(words))
    seed = given.pop("seed")
    print(f"seed {seed}", flush=True)
    numbers = Numbers(**given)
    with World() as world:
        run = Run(world, seed, numbers)
        run.drive(plan(seed, numbers), patience=900)
        outcome = run.reckon()
    print(outcome.table())
    print(outcome.troubles(), file=sys.stderr)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
