"""Columns of many blocks equal the blocks unpacked one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import Block
from core.columns import PlainColumns

VALUES = {"BIGINT": st.integers(-(2**63), 2**63 - 1), "DOUBLE": st.floats(allow_nan=False)}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(["BIGINT", "DOUBLE"]), min_size=1, max_size=20))
    return kinds, draw(st.lists(st.tuples(*(VALUES[kind] for kind in kinds)), min_size=1, max_size=5))


@given(tables(), st.integers(0, 30))
def test_columns_are_the_rows_turned(table, offset):
    kinds, rows = table
    block = Block(kinds)
    columns = PlainColumns.of(block)
    packed = [bytes(offset) + block.pack(row) + b"behind" for row in rows]
    found = columns.unpack(packed, [offset] * len(rows))
    assert [column.tolist() for column in found] == [list(column) for column in zip(*rows, strict=True)]
    assert all(column.flags.c_contiguous for column in found)


@given(tables(), st.data())
def test_a_null_anywhere_is_none(table, data):
    kinds, rows = table
    block = Block(kinds)
    rows = [list(row) for row in rows]
    data.draw(st.sampled_from(rows))[data.draw(st.integers(0, len(kinds) - 1))] = None
    assert PlainColumns.of(block).unpack([block.pack(row) for row in rows], [0] * len(rows)) is None


@pytest.mark.parametrize("kinds", [[], ["STRING"], ["DOUBLE", None], ["BIGINT", "BOOLEAN"]])
def test_other_blocks_have_no_plain_columns(kinds):
    assert PlainColumns.of(Block(kinds)) is None
