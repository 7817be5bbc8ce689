"""The oracle itself, against values worked out by hand."""

from decimal import Decimal

import pytest

from tests import oracle

DAY = 86400 * oracle.SECOND
T = oracle.from_iso("2024-03-01T12:34:56.789012Z")


@pytest.mark.parametrize(
    ("window", "edge"),
    [
        ("1h", "2024-03-01T11:34:00Z"),
        ("6h", "2024-03-01T06:30:00Z"),
        ("12h", "2024-03-01T00:30:00Z"),
        ("1d", "2024-02-29T12:30:00Z"),
        ("7d", "2024-02-23T12:00:00Z"),
        ("30d", "2024-01-31T12:00:00Z"),
        ("5m", "2024-03-01T12:29:00Z"),
        ("90d", "2023-12-02T00:00:00Z"),
    ],
)
def test_the_lower_edge_is_floored_to_the_hop_and_out(window: str, edge: str) -> None:
    low = oracle.from_iso(edge)
    assert oracle.lower(T, window) == low
    events = [{"us": us} for us in (low, low + 1, T, T + 1)]
    assert [e["us"] for e in oracle.inside(events, T, window)] == [low + 1, T]


def test_an_event_leaves_at_the_first_edge_that_passes_it() -> None:
    for window in oracle.SIX:
        for us in (T, oracle.lower(T, window) or 0, (oracle.lower(T, window) or 0) + 1):
            gone = oracle.leaves(us, window)
            assert oracle.inside([{"us": us}], gone - 1, window)
            assert not oracle.inside([{"us": us}], gone, window)


def test_aggregates_of_nothing_and_of_nulls() -> None:
    outputs = {"n": ("count",), "k": ("count", "x"), "s": ("sum", "x"), "d": ("stddev_samp", "x")}
    assert oracle.value([], T, "1d", outputs) is None
    assert oracle.value([{"us": T, "x": None}], T, "1d", outputs) == {"n": 1, "k": 0, "s": None, "d": None}
    assert oracle.value([{"us": T, "x": 2}], T, "1d", outputs) == {"n": 1, "k": 1, "s": 2, "d": None}


def test_sums_are_exact_and_null_beyond_int64() -> None:
    big = 2**62
    assert oracle.aggregate(("sum", "x"), [{"x": big}, {"x": big - 1}]) == 2**63 - 1
    assert oracle.aggregate(("sum", "x"), [{"x": big}, {"x": big}]) is None
    assert oracle.aggregate(("sum", "x"), [{"x": 1e17}, {"x": 1.0}, {"x": -1e17}]) == 1.0
    assert oracle.aggregate(("sum", "x"), [{"x": Decimal("0.10")}, {"x": Decimal("0.20")}]) == Decimal("0.30")
    assert oracle.aggregate(("stddev_samp", "x"), [{"x": 1e9 + i} for i in (1, 2, 3)]) == 1.0


def test_order_is_time_then_acceptance() -> None:
    events = [{"us": 2, "x": "b"}, {"us": 1, "x": "a"}, {"us": 2, "x": "c"}]
    outputs = {"f": ("first", "x"), "l": ("last", "x"), "hi": ("max_by", "x", "us"), "lo": ("min_by", "x", "us")}
    assert oracle.value(events, 3, None, outputs) == {"f": "a", "l": "c", "hi": "c", "lo": "a"}


def test_duplicates_corrections_and_tombstones() -> None:
    first, again = {"us": 1, "event_id": "a", "x": 1}, {"us": 1, "event_id": "a", "x": 9}
    corrected, gone = (
        {"us": 1, "event_id": "a", "revision": 1, "x": 2},
        {"us": 0, "event_id": "a", "revision": 1, "deleted": True},
    )
    plain = {"us": 1, "x": 5}
    assert oracle.live([first, again, plain, plain]) == [first, plain, plain]
    assert oracle.live([first, corrected, again]) == [corrected]
    assert oracle.live([first, corrected], upto=1) == [first]
    assert oracle.live([gone, first, corrected]) == []
    assert oracle.live([first, gone, corrected]) == []


def test_statuses() -> None:
    outputs = {"s": ("sum", "x")}
    old: list[oracle.Event] = [{"us": T - 2 * DAY, "x": 1}]
    cases: list[tuple[list[oracle.Event], str]] = [
        ([], "NOT_FOUND"),
        ([{"us": T + 1, "x": 1}], "NOT_FOUND"),
        (old, "EMPTY_WINDOW"),
        ([*old, {"us": T, "x": None}], "NULL"),
        ([{"us": T, "x": 0}], "PRESENT"),
    ]
    for events, expected in cases:
        row = oracle.value(events, T, "1d", outputs)
        assert oracle.status(events, T, "1d", row, "s") == expected
