"""Blocks of many rows are those of one row after another, both ways, whatever is NULL."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from core import types
from core.blocks import Blocks
from core.codec import Block
from tests.core.test_record import VALUES


@given(st.data())
def test_many_at_once_are_as_one_by_one(data):
    kinds = data.draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=10))
    rows = data.draw(st.lists(st.tuples(*(st.none() | VALUES[kind] for kind in kinds)), max_size=8))
    block = Block(kinds)
    schema = pa.schema([pa.field(f"c{i}", types.arrow_type(types.parse_type(kind))) for i, kind in enumerate(kinds)])
    blocks = Blocks(block, schema)
    one_by_one = [block.pack(row) for row in rows]
    columns = blocks.unpack(one_by_one)
    for column, field in zip(columns, schema, strict=True):
        column.validate(full=True)
        assert column.type == field.type
    assert blocks.pack(columns) == one_by_one
    assert blocks.pack([column.slice(1) for column in columns]) == one_by_one[1:]
    assert blocks.pack([pa.concat_arrays([column, column]) for column in columns]) == 2 * one_by_one
