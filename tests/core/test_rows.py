"""Rows keep every digit on their way through the log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.rows import dump_row, load_row

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_row_survives_its_text(row):
    back = load_row(dump_row(row))
    assert back == row
    assert repr(back) == repr(row), "and 1 stays 1, 1.0 stays 1.0, -0.0 stays -0.0"
