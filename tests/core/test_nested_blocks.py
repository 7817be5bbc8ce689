"""Nested values, of which partials are made, survive their bytes: the order and value of FIRST, the entries of tallies."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.blocks import Blocks
from core.codec import Block
from core.types import arrow_type, parse_type

VALUES = {
    "STRING": st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "DECIMAL(38,0)": st.integers(-(10**38) + 1, 10**38 - 1).map(Decimal),
    "DECIMAL(38,38)": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Decimal(f"{n}e-38")),
    "DECIMAL(12,3)": st.decimals(Decimal("-999999999.999"), Decimal("999999999.999"), places=3),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(),
    "TIMESTAMP": st.datetimes(),
}  # fmt: skip


def entries(text):
    return st.lists(
        st.none() | st.fixed_dictionaries({"v": st.none() | VALUES[text], "n": st.none() | st.integers(1, 2**62)}), max_size=5
    )


@pytest.mark.parametrize("text", VALUES)
def test_a_list_of_entries(text):
    kind = f"ARRAY<STRUCT<v:{text},n:BIGINT>>"
    arrow, codec = arrow_type(parse_type(kind)), Block([kind, "BIGINT"])
    blocks = Blocks(codec, pa.schema([("p", arrow), ("n", pa.int64())]))

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.none() | entries(text), min_size=1, max_size=4))
    def holds(values):
        column = pa.array(values, arrow)
        packed = blocks.pack([column, pa.array([None] * len(values), pa.int64())])
        back, _ = blocks.unpack(packed)
        assert repr(back.to_pylist()) == repr(column.to_pylist())  # repr: -0.0 and 0.0, 1.0 and 1, are not the same

    holds()


@pytest.mark.parametrize("text", VALUES)
def test_a_struct_of_order_and_value(text):
    kind = f"STRUCT<o0:TIMESTAMP,o1:BIGINT,v:{text}>"
    arrow, codec = arrow_type(parse_type(kind)), Block([kind])

    @settings(max_examples=100, deadline=None)
    @given(st.datetimes(), st.integers(-(2**63), 2**63 - 1), st.none() | VALUES[text])
    def holds(time, position, value):
        given = pa.array([{"o0": time, "o1": position, "v": value}], arrow)
        row = codec.to_arrow_row(codec.unpack(codec.pack(given.to_pylist())))
        assert repr(pa.array(row, arrow).to_pylist()) == repr(given.to_pylist())

    holds()


def test_the_ends_of_time():
    kind = "ARRAY<STRUCT<v:TIMESTAMP,n:BIGINT>>"
    arrow, codec = arrow_type(parse_type(kind)), Block([kind])
    values = [{"v": dt.datetime(1, 1, 1), "n": 1}, {"v": dt.datetime(9999, 12, 31, 23, 59, 59, 999999), "n": 1}]
    row = codec.to_arrow_row(codec.unpack(codec.pack([values])))
    assert pa.array(row, arrow).to_pylist() == [values]
