"""The windows of one definition move in one moment: no answer counts an event in one window and not yet in the other."""

from __future__ import annotations

from processing import share
from tests.processing.world import NOON, PROJECT, SUMS, World, event


def seen_while_applying(world, monkeypatch):
    """What readers see after each window is computed and after each write, while ten events more are applied."""
    world.define("g", SUMS, windows=["1h", "1d", "7d"], columns={"amount": "DOUBLE"})
    world.settle()
    world.push([event("u", -5, 1.0)])
    world.settle()
    found = []
    for name in ("compute_batch", "put"):
        monkeypatch.setattr(share, name, looked(getattr(share, name), lambda: found.append(counts(world))))
    world.push([event("u", -4, 1.0) for _ in range(10)])
    world.settle()
    return found


def looked(real, look):
    def wrapped(*given):
        answer = real(*given)
        look()
        return answer

    return wrapped


def counts(world):
    cells = world.served("g", "u").cells
    return [cells[f"n_{window}"][0] for window in ("1h", "1d", "7d")]


def test_no_reader_meets_one_window_without_the_others(fresh, monkeypatch):
    assert seen_while_applying(World(monkeypatch, NOON), monkeypatch)[:4] == [[1, 1, 1]] * 3 + [[11, 11, 11]]


def test_windows_written_one_by_one_would_be_seen(fresh, monkeypatch):
    real = share.compute_batch

    def at_once(store, target, *rest):
        computed = real(store, target, *rest)
        store.write(PROJECT, computed.writes)
        return computed

    monkeypatch.setattr(share, "compute_batch", at_once)
    assert [11, 1, 1] in seen_while_applying(World(monkeypatch, NOON), monkeypatch)
