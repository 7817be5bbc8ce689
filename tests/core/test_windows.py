"""Windows against their definition, edge by edge (reliability 1.3: time, window, hop, at lower, at upper)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.windows import DAY, HOUR, MINUTE, Window
from tests import oracle

LABELS = st.sampled_from(["5m", "7m", "1h", "61m", "2h", "6h", "12h", "13h", "1d", "3d", "7d", "8d", "30d", "31d", "365d"])
TIMES = st.integers(min_value=400 * DAY, max_value=100_000 * DAY)


@pytest.mark.parametrize(
    ("label", "hop"),
    [
        ("5m", MINUTE),
        ("1h", MINUTE),
        ("6h", 5 * MINUTE),
        ("12h", 5 * MINUTE),
        ("1d", 15 * MINUTE),
        ("7d", HOUR),
        ("30d", 6 * HOUR),
        ("31d", DAY),
        ("365d", DAY),
    ],
)
def test_the_hop_of_each_bracket(label, hop):
    assert Window.parse(label).hop == hop


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "4m", "366d", "1w", "1.5h", "1 h", "01h", "1H", "１h", "99999999d"])
def test_other_sizes_are_refused(text):
    with pytest.raises(Invalid) as caught:
        Window.parse(text)
    assert caught.value.code == "unknown_window"


@given(label=LABELS, t=TIMES, delta=st.integers(0, 366 * DAY))
def test_an_event_counts_exactly_between_the_edges_and_until_it_leaves(label, t, delta):
    window = Window.parse(label)
    event = t - delta
    assert window.lower(t) == oracle.lower(t, label)
    counts = window.lower(t) < event <= t
    assert counts == (t < window.leaves(event))
    assert counts == (window.tile(event) >= window.first_live_tile(t))


@given(label=LABELS, event=TIMES)
def test_a_tile_covers_its_hop_with_its_upper_edge(label, event):
    window = Window.parse(label)
    k = window.tile(event)
    assert (k - 1) * window.hop < event <= k * window.hop
    assert window.lower(window.leaves(event)) >= event
    assert window.lower(window.leaves(event) - 1) < event
