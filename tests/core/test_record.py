"""Records, tiles, cursors and blocks survive their bytes."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Context, Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FOREVER
from core.codec import Block
from core.record import Cursor, Held, Record, Run, pack_record, pack_tile, unpack_record, unpack_tile

INT64 = st.integers(-(2**63), 2**63 - 1)
RUNS = st.builds(Run, INT64, INT64, st.booleans(), st.booleans(), st.binary(max_size=40), st.binary(max_size=40))
HELD = st.builds(Held, INT64, st.integers(0, 2**48 - 1), st.binary(max_size=30))
VALUES = {
    "BIGINT": INT64,
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "STRING": st.text(max_size=20),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(date(1, 1, 1)),
    "TIMESTAMP": st.datetimes(datetime(1970, 1, 1), datetime(2261, 1, 1)),
    "DECIMAL(20,4)": st.decimals(-(10**15), 10**15, places=4),
    "DECIMAL(38,10)": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Decimal(n).scaleb(-10, Context(prec=40))),
    "ARRAY<STRING>": st.lists(st.text(max_size=5) | st.none(), max_size=4),
    "STRUCT<a:BIGINT,b:STRING>": st.fixed_dictionaries({"a": INT64 | st.none(), "b": st.text(max_size=5) | st.none()}),
}


@given(
    position=st.integers(0, 2**48 - 1),
    layout=st.integers(0, 255),
    runs=st.lists(RUNS, min_size=1, max_size=2),
    end=INT64,
    held=st.lists(HELD, max_size=4),
    failed=st.booleans(),
)
def test_a_record_survives_its_bytes(position, layout, runs, end, held, failed):
    record = Record(position, layout, tuple(runs), end, tuple(held), failed)
    assert unpack_record(pack_record(record)) == record


@given(position=st.integers(0, 2**48 - 1), newest=INT64, exists=st.booleans(), values=st.binary(max_size=50))
def test_a_plain_record_is_sixteen_bytes_and_its_values(position, newest, exists, values):
    data = pack_record(Record(position, 3, (Run(7, newest, exists, True, values),)), plain=True)
    assert len(data) == 16 + len(values)
    found = unpack_record(data)
    assert (found.position, found.layout, found.end) == (position, 3, FOREVER)
    assert (found.runs[0].newest, found.runs[0].exists, found.runs[0].any_event, found.runs[0].values) == (
        newest,
        exists,
        True,
        values,
    )


@given(layout=st.integers(0, 255), newest=INT64, block=st.binary(max_size=50))
def test_a_tile_survives_its_bytes(layout, newest, block):
    assert unpack_tile(pack_tile(layout, newest, block)) == (layout, newest, block)


def test_a_cursor_survives_its_bytes_and_its_fence_is_epoch_and_position():
    cursor = Cursor(7, 1 << 40, 5, 1, (1 << 63) + 5, 3)
    assert Cursor.unpack(cursor.pack()) == cursor
    assert cursor.pack().startswith(cursor.fence)
    assert cursor.fence != Cursor(8, 1 << 40, 5, 1, 0, 0).fence
    assert cursor.fence == Cursor(7, 1 << 40, 99, 0, 1, 1).fence


@given(st.data())
def test_a_block_survives_its_bytes_whatever_is_null(data):
    kinds = data.draw(st.lists(st.sampled_from(list(VALUES)), max_size=10))
    row = [data.draw(st.none() | VALUES[kind]) for kind in kinds]
    block = Block(kinds)
    assert block.to_arrow_row(block.unpack(b"xx" + block.pack(row), 2)) == row


def test_ten_doubles_take_their_eighty_bytes_and_a_mask():
    assert len(Block(["DOUBLE"] * 10).pack([1.5] * 10)) == 82


def test_run_at_picks_by_the_clock_and_never_claims_more_than_is_known():
    record = Record(1, 0, (Run(100), Run(200)), end=300)
    assert record.run_at(50) == (Run(100), 100)
    assert record.run_at(199) == (Run(100), 199)
    assert record.run_at(200) == (Run(200), 200)
    assert record.run_at(1000) == (Run(200), 299)
    assert math.isfinite(record.run_at(1 << 62)[1])


def test_answers_show_decimals_as_text_dates_as_days_and_no_infinity():
    block = Block(["DECIMAL(10,2)", "DATE", "DOUBLE", "TIMESTAMP"])
    row = block.unpack(block.pack([Decimal("1.50"), date(2026, 2, 3), float("inf"), datetime(2026, 1, 1, 0, 0, 0, 5)]))
    assert block.to_json_row(row) == ["1.50", "2026-02-03", None, "2026-01-01T00:00:00.000005Z"]


def test_an_open_column_keeps_what_sql_over_nulls_gave_and_is_null_in_arrow():
    block = Block(["BIGINT", None, None, None])
    row = block.unpack(block.pack([1, "none", None, datetime(2026, 1, 1)]))
    assert orjson.loads(orjson.dumps(block.to_json_row(row))) == [1, "none", None, "2026-01-01T00:00:00Z"]
    assert block.to_arrow_row(row) == [1, None, None, None]


def test_a_block_is_carried_to_the_types_that_became_known():
    old, new = Block(["BIGINT", None, None, None]), Block(["BIGINT", "STRING", "DOUBLE", "BIGINT"])
    assert old.carried(b"x" + old.pack([1, "none", 0.0, "a guess"]), 1, new) == [1, "none", 0.0, None]
