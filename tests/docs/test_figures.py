"""The figures that docs/architecture.md gives for its choices, taken again: `pytest tests/docs/test_figures.py` prints them.

Asserted is what the choice rests on, with room for a busy machine; the page gives the ratios as they were printed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import numpy as np
import pytest
from django.core.wsgi import get_wsgi_application

from backends.offline.program import program
from backends.online import published
from core.clock import MICRO, format_time, now_us
from core.entity import bucket_of
from core.pick import pick
from core.record import Record, Run, pack_record, unpack_record, unpack_tile
from serving import lookup
from serving.hot import hot_app
from tests.processing.world import PROJECT, World
from tests.serving.wsgi import call

USERS = [f"user_{i}" for i in range(50)]
SQL = (
    "SELECT user_id, SUM(amount) AS total, AVG(amount) AS mean, COUNT(*) AS n, MIN(amount) AS low, MAX(amount) AS high,"
    " STDDEV(amount) AS spread FROM input_data GROUP BY user_id"
)


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest round: what the work costs when nothing disturbs it."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


@pytest.fixture
def world(fresh: object, monkeypatch: pytest.MonkeyPatch) -> World:
    """Thirty days of events of fifty users under one group with a window of thirty days, applied."""
    now, chance = now_us(), random.Random(1)
    world = World(monkeypatch, now)
    world.define("spending", SQL, window="30d")
    for user in USERS:
        times = [now - chance.randrange(1, 30 * 86_400 * MICRO) for _ in range(60)]
        world.push([{"user_id": user, "amount": chance.uniform(1, 99), "timestamp": format_time(t)} for t in times])
    world.settle()
    return world


def test_a_ready_row_is_read_many_times_faster_than_tiles_are_merged(world, capsys, settings):
    spec = published.published(PROJECT).groups["spending"]
    version = spec.versions[1]
    made = program(spec, version)
    wanted = [(bucket_of(user, settings.JSTORE_BUCKETS), user) for user in USERS]

    def merge() -> int:
        states = world.store.gather(PROJECT, version.code, wanted, [None] * len(wanted))
        tiles = [(run, unpack_tile(tile)[2]) for run, state in enumerate(states) for tile in state.tiles.values()]
        pieces = made.partial_blocks.unpack([block for _, block in tiles])
        return len(made.finish(pieces, np.arange(len(tiles)), np.array([run for run, _ in tiles])).exists)

    def read() -> int:
        return len(lookup.online_features(PROJECT, ["spending"], {"user_id": USERS})["results"][0]["values"])

    assert merge() == read() == len(USERS)
    merged, ready = best(merge, 3), best(read, 10)
    with capsys.disabled():
        print(f"\n  50 x 6, 30d: tiles merged {merged * 1e3:.1f} ms, ready rows {ready * 1e3:.2f} ms, {merged / ready:.0f}x")
    assert merged > 4 * ready


def test_the_hot_path_costs_a_fraction_of_the_view_behind_it(world, capsys, settings):
    settings.JSTORE_ANONYMOUS_LOCAL = True
    django = get_wsgi_application()
    path = f"/api/v1/features/spending/values/{USERS[0]}"

    def through(app: Callable[..., object]) -> float:
        assert call(app, "GET", path).json["values"]["n"]["value"] == 60
        return best(lambda: [call(app, "GET", path) for _ in range(20)], 5) / 20

    view, hot = through(django), through(hot_app(django))
    with capsys.disabled():
        print(f"\n  1 x 6: Django's view {view * 1e6:.0f} us, in front of Django {hot * 1e6:.0f} us, {view / hot:.1f}x")
    assert view > 1.5 * hot


def test_picking_a_run_is_faster_than_unpacking_the_record(capsys):
    runs = (Run(0, 5, True, True, bytes(80)), Run(10, 5, True, True, bytes(80)))
    packed = pack_record(Record(7, 0, runs, 20))
    whole = best(lambda: [unpack_record(packed).run_at(12) for _ in range(2000)], 5) / 2000
    picked = best(lambda: [pick(packed, 12) for _ in range(2000)], 5) / 2000
    with capsys.disabled():
        print(f"\n  one record: unpacked {whole * 1e6:.1f} us, picked {picked * 1e6:.1f} us, {whole / picked:.1f}x")
    assert whole > 2 * picked
