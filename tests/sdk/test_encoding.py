"""What a row may hold, and how it is written."""

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from j_feature_store import NotEncodable
from j_feature_store.encoding import encode_event, format_time

BRASILIA = timezone(timedelta(hours=-3))


class NaTType(datetime):
    """Stands for pandas.NaT, which claims to be a datetime."""


def written(value: Any) -> Any:
    return json.loads(encode_event({"x": value}, "events[0]"))["x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2025, 2, 27, 12), "2025-02-27T12:00:00Z"),
        (datetime(2025, 2, 27, 12, 0, 0, 5, UTC), "2025-02-27T12:00:00.000005Z"),
        (datetime(2025, 2, 27, 12, tzinfo=BRASILIA), "2025-02-27T15:00:00Z"),
        (np.datetime64("2025-02-27T12:00:00.123456789"), "2025-02-27T12:00:00.123456Z"),
        (np.datetime64("2025-02-27T12"), "2025-02-27T12:00:00.000000Z"),
        (np.datetime64("2025-02-27"), "2025-02-27"),
        (date(2025, 2, 27), "2025-02-27"),
        (UUID("12345678123456781234567812345678"), "12345678-1234-5678-1234-567812345678"),
    ],
)
def test_it_writes_times_in_utc(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([1, 2]), [1, 2]),
        (np.array(["2025-02-27T12:00:00"], dtype="datetime64[ns]"), ["2025-02-27T12:00:00.000000Z"]),
        (np.datetime64("NaT"), None),
        (NaTType(2025, 1, 1), None),
        (OrderedDict(a=1), {"a": 1}),
        ((1, 2), [1, 2]),
        (2**70, 2**70),
    ],
)
def test_it_writes_what_data_people_have(value, json_value):
    assert written(value) == json_value


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (Decimal("12.30"), 12.3),
        (Decimal("5"), 5),
        (Decimal("1E+3"), 1000),
        (Decimal("-0.1"), -0.1),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        (Decimal("9007199254740993"), "9007199254740993"),
        (Decimal("12.3000000000000000000"), 12.3),
        (Decimal("1234567890123.456"), "1234567890123.456"),
        (Decimal("1E-400"), "0." + "0" * 399 + "1"),
    ],
)
def test_it_writes_a_decimal_as_a_number_where_that_is_exact(value, json_value):
    result = written(value)
    assert result == json_value
    assert type(result) is type(json_value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_no_decimal_changes_its_value(value):
    result = written(value)
    assert Decimal(repr(result) if isinstance(result, float) else result) == value


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"amount": float("nan")}, "events[3].amount: nan is not a finite number"),
        ({"a": {"b": [1, float("inf")]}}, "events[3].a.b[1]: inf is not a finite number"),
        ({"amount": Decimal("NaN")}, "events[3].amount: NaN is not a finite number"),
        ({"amount": np.float32("nan")}, "events[3].amount: "),
        ({"name": "a\0b"}, "events[3].name: holds a NUL"),
        ({"name": "\ud800"}, "events[3].name: holds a lone surrogate"),
        ({"tags": {"a", "b"}}, "events[3].tags: a set has no order"),
        ({"raw": b"bytes"}, "events[3].raw: bytes has no JSON form"),
        ({1: "a"}, "events[3]: column names must be text"),
        (["not", "a", "row"], "events[3] must be a mapping, not list"),
    ],
)
def test_it_refuses_with_the_place(row, place):
    with pytest.raises(NotEncodable) as caught:
        encode_event(row, "events[3]")
    assert place in str(caught.value)


def test_the_text_backslash_u0000_is_no_nul():
    assert written("\\u0000") == "\\u0000"


def test_text_stays_readable():
    assert encode_event({"city": "São Paulo"}, "events[0]") == '{"city":"São Paulo"}'.encode()


def test_times_in_arguments():
    assert format_time("2025-02-26T00:00:00Z") == "2025-02-26T00:00:00Z"
    assert format_time(datetime(2025, 2, 26)) == "2025-02-26T00:00:00Z"
    with pytest.raises(TypeError, match="not date"):
        format_time(date(2025, 2, 26))  # type: ignore[arg-type]
