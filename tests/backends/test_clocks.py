"""Whether a host whose clock is wrong is told from a store that answers slowly."""

import pytest
from django.db import connections

from backends import clocks, metrics
from backends.online.client import client
from core.clock import MICRO
from processing.applier import Applier
from tests.processing.world import NOON, World


def clock(monkeypatch, ahead: float, way: float):
    """This host is so far ahead of a store whose answers take `way` seconds, half there and half back."""
    here = [1_000.0]

    def ask() -> int:
        here[0] += way / 2
        there = int((here[0] - ahead) * MICRO)
        here[0] += way / 2
        return there

    monkeypatch.setattr(clocks, "now_us", lambda: int(here[0] * MICRO))
    return ask


@pytest.mark.parametrize(
    ("ahead", "way", "alarming"),
    [
        (0.0, 0.001, False),
        (0.249, 0.001, False),
        (0.26, 0.001, True),
        (-0.26, 0.001, True),
        (0.26, 0.5, False),  # a slow answer proves nothing
        (3.0, 0.5, True),
    ],
)
def test_what_rings(monkeypatch, ahead, way, alarming):
    skew = clocks.measured(clock(monkeypatch, ahead, way))
    assert skew.seconds == pytest.approx(ahead, abs=1e-5)
    assert skew.uncertain == pytest.approx(way / 2, abs=1e-5)
    assert skew.alarming is alarming


def test_the_fastest_answer_counts(monkeypatch):
    ways, here = iter([2.0, 0.01, 1.0]), [0.0]

    def ask() -> int:
        there = int(here[0] * MICRO)
        here[0] += next(ways)  # it took all its time on the way back
        return there

    monkeypatch.setattr(clocks, "now_us", lambda: int(here[0] * MICRO))
    assert clocks.measured(ask).seconds == pytest.approx(0.005, abs=1e-5)


def test_the_servers_of_one_machine_agree(fresh):
    found = clocks.skews(client(), connections["default"])
    print(found)
    assert set(found) == {"redis", "postgres"}
    assert not any(skew.alarming for skew in found.values())
    for store, skew in found.items():
        assert metrics.CLOCK_SKEW.labels(store=store)._value.get() == skew.seconds


def test_the_applier_looks_and_says_so(fresh, monkeypatch, caplog):
    world = World(monkeypatch, NOON)
    truth = clocks.now_us
    monkeypatch.setattr(clocks, "now_us", lambda: truth() + 2 * MICRO)
    world.applier.step()
    assert metrics.CLOCK_SKEW.labels(store="redis")._value.get() == pytest.approx(2.0, abs=1.0)
    assert "clock_skew" in caplog.text
    assert isinstance(world.applier, Applier)
