"""JSON values -> Arrow -> answers, one by one and as columns."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from core.types import Mismatch, arrow_type, coerce, coerce_column, from_arrow, parse_type, to_json
from tests.core.strategies import COLUMN_TYPES, EDGES, SIMPLE, values_for


def fits(text: str, value: Any) -> bool:
    try:
        coerce(parse_type(text), value)
    except Mismatch:
        return False
    return True


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any]]:
    text = draw(COLUMN_TYPES)
    return text, draw(st.lists(values_for(parse_type(text)), max_size=6))


@settings(max_examples=500, deadline=None)
@given(columns())
def test_a_column_is_its_values_one_by_one(column: tuple[str, list[Any]]) -> None:
    text, values = column
    column_type = parse_type(text)
    array, bad = coerce_column(column_type, values)
    array.validate(full=True)
    assert array.type == arrow_type(column_type)
    assert bad == [i for i, value in enumerate(values) if not fits(text, value)]
    good = [None if i in bad else coerce(column_type, value) for i, value in enumerate(values)]
    assert repr(array.to_pylist()) == repr(pa.array(good, arrow_type(column_type)).to_pylist())


@pytest.mark.parametrize("text", SIMPLE)
def test_a_column_of_one_value_is_that_value(text: str) -> None:
    """Columns of like values take the fast way, so each edge stands alone here."""
    for value in EDGES:
        array, bad = coerce_column(parse_type(text), [value, None])
        assert (bad == []) is fits(text, value), value
        good = coerce(parse_type(text), value) if fits(text, value) else None
        assert repr(array.to_pylist()) == repr(pa.array([good, None], array.type).to_pylist())


def test_there_is_no_negative_zero_decimal() -> None:
    assert str(coerce(parse_type("DECIMAL(10,2)"), "-0.00")) == str(coerce(parse_type("DECIMAL(10,2)"), -0.0)) == "0.00"


@settings(max_examples=200, deadline=None)
@given(columns().filter(lambda c: "EPOCH" not in c[0]))
def test_an_answer_is_a_value_of_the_same_type(column: tuple[str, list[Any]]) -> None:
    """Nested values are stored as their answers, so they must come back."""
    column_type = parse_type(column[0])
    array, _ = coerce_column(column_type, column[1])
    answers = [to_json(column_type, value) for value in array.to_pylist()]
    again, bad = coerce_column(column_type, answers)
    assert bad == []
    assert repr(again.to_pylist()) == repr(array.to_pylist())


@pytest.mark.parametrize(
    ("text", "value", "stored"),
    [
        ("BIGINT", 2**63 - 1, 2**63 - 1), ("BIGINT", 2.0**53, 2**53), ("BIGINT", -0.0, 0), ("DOUBLE", 2**53, 2.0**53),
        ("DOUBLE", 5, 5.0), ("DECIMAL(10,2)", "1.50", Decimal("1.50")), ("DECIMAL(10,2)", "1.5000", Decimal("1.50")),
        ("DECIMAL(10,2)", 0.1, Decimal("0.10")), ("DECIMAL(10,2)", "-0", Decimal("0.00")),
        ("DECIMAL(38,0)", 10**38 - 1, Decimal(10**38 - 1)), ("DECIMAL(3,1)", "1e1", Decimal("10.0")),
        ("DATE", "2024-02-29", date(2024, 2, 29)), ("TIMESTAMP", "1970-01-01T00:00:00.0000019Z", 1),
        ("TIMESTAMP", "1969-12-31T23:59:59Z", -1_000_000), ("EPOCH_S", 1.5, 1_500_000),
        ("EPOCH_S", 1_700_000_000.1, 1_700_000_000_100_000), ("EPOCH_S", -0.0000005, -1), ("EPOCH_MS", 1.0009, 1000),
        ("STRUCT<a:DOUBLE,b:STRING>", {"b": "x"}, {"a": None, "b": "x"}), ("MAP<STRING,BIGINT>", {"a": 1}, [("a", 1)]),
    ],
)  # fmt: skip
def test_it_fits(text: str, value: Any, stored: Any) -> None:
    found = coerce(parse_type(text), value)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("BIGINT", 2**63), ("BIGINT", 1.5), ("BIGINT", 2.0**53 + 2), ("BIGINT", True), ("BIGINT", "1"), ("DOUBLE", 2**53 + 1),
        ("DOUBLE", True), ("DOUBLE", "1.5"), ("DOUBLE", float("nan")), ("DOUBLE", 10**400), ("DECIMAL(10,2)", "1.555"),
        ("DECIMAL(10,2)", "123456789.00"), ("DECIMAL(10,2)", True), ("DECIMAL(10,2)", "NaN"), ("DECIMAL(10,2)", "1_0"),
        ("DECIMAL(10,2)", 10**400), ("DECIMAL(10,2)", "1e999"), ("DECIMAL(18,2)", 1234567890123456.78), ("STRING", 1),
        ("STRING", True), ("STRING", ["a"]), ("BOOLEAN", 1), ("BOOLEAN", "true"), ("DATE", "2024-02-30"), ("DATE", "20240101"),
        ("DATE", "2024-01-01T00:00:00Z"), ("TIMESTAMP", 1_700_000_000), ("TIMESTAMP", "yesterday"), ("EPOCH_S", "1700000000"),
        ("EPOCH_S", True), ("EPOCH_S", 10**12), ("EPOCH_MS", float("inf")), ("ARRAY<DOUBLE>", "abc"), ("ARRAY<DOUBLE>", [True]),
        ("ARRAY<DOUBLE>", {}), ("STRUCT<a:DOUBLE>", {"a": 1, "z": 1}), ("STRUCT<a:DOUBLE>", [["a", 1]]),
    ],
)  # fmt: skip
def test_it_does_not_fit(text: str, value: Any) -> None:
    assert not fits(text, value)
    assert coerce_column(parse_type(text), [None, value])[1] == [1]


def test_a_mismatch_says_what_and_why_in_few_words() -> None:
    with pytest.raises(Mismatch) as caught:
        coerce(parse_type("DATE"), "x" * 10_000)
    assert caught.value.code == "type_mismatch"
    assert "YYYY-MM-DD" in caught.value.detail
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize(
    ("text", "value", "answer"),
    [
        ("DECIMAL(10,2)", Decimal("1.5"), "1.50"), ("DECIMAL(38,10)", Decimal("1E-10"), "0.0000000001"),
        ("DOUBLE", float("nan"), None), ("DOUBLE", float("-inf"), None), ("BIGINT", Decimal(2**63 - 1), 2**63 - 1),
        ("BIGINT", Decimal(2**63), None), ("DATE", date(2024, 2, 29), "2024-02-29"),
        ("TIMESTAMP", datetime(2024, 1, 1), "2024-01-01T00:00:00Z"),
        ("TIMESTAMP", datetime(2024, 1, 1, 0, 0, 0, 5, UTC), "2024-01-01T00:00:00.000005Z"),
        ("TIMESTAMP", 0, "1970-01-01T00:00:00Z"), ("ARRAY<DOUBLE>", [1.0, None, float("inf")], [1.0, None, None]),
        ("STRUCT<a:DATE>", {"a": date(2024, 1, 1)}, {"a": "2024-01-01"}),
        ("MAP<STRING,DATE>", [("k", date(2024, 1, 1))], {"k": "2024-01-01"}), ("STRING", None, None),
    ],
)  # fmt: skip
def test_its_answer(text: str, value: Any, answer: Any) -> None:
    assert to_json(parse_type(text), value) == answer


def test_an_open_column_answers_null() -> None:
    assert to_json(None, "anything") is None


@given(COLUMN_TYPES.filter(lambda text: "EPOCH" not in text))
def test_arrow_gives_the_type_back(text: str) -> None:
    column_type = parse_type(text)
    assert from_arrow(arrow_type(column_type), hugeint=False) == column_type


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (pa.int8(), "BIGINT"), (pa.uint64(), "BIGINT"), (pa.float32(), "DOUBLE"), (pa.large_string(), "STRING"),
        (pa.null(), "STRING"), (pa.date64(), "DATE"), (pa.timestamp("ns", "UTC"), "TIMESTAMP"),
        (pa.decimal128(38, 0), "BIGINT"), (pa.decimal128(38, 2), "DECIMAL(38,2)"),
        (pa.dictionary(pa.int32(), pa.string()), "STRING"), (pa.large_list(pa.int32()), "ARRAY<BIGINT>"),
        (pa.list_(pa.int32(), 2), "ARRAY<BIGINT>"), (pa.map_(pa.string(), pa.int32()), "MAP<STRING,BIGINT>"),
        (pa.struct([("a", pa.int32())]), "STRUCT<a:BIGINT>"),
    ],
)  # fmt: skip
def test_outputs_of_engines_have_a_type(data_type: pa.DataType, text: str) -> None:
    assert str(from_arrow(data_type)) == text


@pytest.mark.parametrize(
    "data_type", [pa.time64("us"), pa.binary(), pa.duration("us"), pa.month_day_nano_interval(), pa.map_(pa.int32(), pa.string())]
)
def test_outputs_no_feature_can_have_are_refused(data_type: pa.DataType) -> None:
    with pytest.raises(Invalid) as caught:
        from_arrow(data_type)
    assert caught.value.code == "unsupported_type"
