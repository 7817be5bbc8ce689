"""Which group takes which row, and when the row happened."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import parse_time
from core.entity import InvalidKey, key_text
from core.epoch import epoch_us
from core.routing import BAD_KEY, NEAR_MISS, NULL_KEY, SKIPS, TAKES, BadTime, Outcome, Route, entity_key, row_time, takes

ONE = Route(("user_id",), ("amount", "kind"), "timestamp", "TIMESTAMP", "spending")
TWO = Route(("user_id", "item_id"), ("score",), "at_time", "EPOCH_S", "ratings")
NO_COLUMNS = Route(("user_id",), (), "timestamp", "TIMESTAMP", "visits")
GOOD = {"user_id": "u1", "amount": 1.0, "kind": "a", "timestamp": "2024-01-01T00:00:00Z"}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (GOOD | changes).items() if name not in names}


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (GOOD, TAKES),
        (without(amount=None, kind=None), TAKES),
        (without("timestamp"), TAKES),
        (without(other=[1]), TAKES),
        (without(user_id=42), TAKES),
        (without("kind"), NEAR_MISS),
        (without("user_id"), SKIPS),
        (without("user_id", "kind"), SKIPS),
        (without(user_id=None), NULL_KEY),
        (without("kind", user_id=None), SKIPS),
        (without(user_id=1.5), BAD_KEY),
        (without(user_id=True), BAD_KEY),
        (without(user_id=""), BAD_KEY),
        (without(user_id=["u1"]), BAD_KEY),
        (without(user_id="x" * 512), TAKES),
        (without(user_id="x" * 513), BAD_KEY),
        (without(user_id="é" * 257), BAD_KEY),
        (without("kind", user_id=1.5), SKIPS),
        ({}, SKIPS),
    ],
)
def test_a_plain_row(row: dict[str, Any], outcome: Outcome) -> None:
    assert takes(ONE, row) is outcome


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (GOOD, TAKES),
        ({"user_id": "u1"}, TAKES),
        ({}, NULL_KEY),
        ({"user_id": None}, NULL_KEY),
        ({"user_id": 1.5}, BAD_KEY),
    ],
)
def test_an_addressed_row_needs_only_its_keys(row: dict[str, Any], outcome: Outcome) -> None:
    assert takes(ONE, row, "spending") is outcome
    assert takes(ONE, row, "ratings") is SKIPS


@pytest.mark.parametrize(
    ("keys", "outcome"),
    [
        ({"user_id": "u", "item_id": 7}, TAKES),
        ({"user_id": "u"}, SKIPS),
        ({"user_id": "u", "item_id": None}, NULL_KEY),
        ({"user_id": 1.5, "item_id": "i"}, BAD_KEY),
        ({"user_id": 1.5, "item_id": None}, NULL_KEY),
        ({"user_id": None, "item_id": 1.5}, NULL_KEY),
    ],
)
def test_a_composite_key_is_good_as_a_whole(keys: dict[str, Any], outcome: Outcome) -> None:
    assert takes(TWO, {**keys, "score": 1}) is outcome


def test_a_group_without_columns_takes_every_row_of_its_entity() -> None:
    assert takes(NO_COLUMNS, {"user_id": "u1"}) is TAKES


def test_the_time_column_is_never_needed() -> None:
    named = Route(("user_id",), ("timestamp", "user_id", "x"), "timestamp", "TIMESTAMP", "g")
    assert takes(named, {"user_id": "u", "x": None}) is TAKES


ROWS = st.dictionaries(
    st.sampled_from(["user_id", "item_id", "score", "amount", "kind", "at_time"]),
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=2) | st.just("x" * 600),
)


@given(ROWS, st.sampled_from([ONE, TWO, NO_COLUMNS]), st.sampled_from([None, "spending", "ratings", "none"]))
def test_it_is_the_rule_as_written(row: dict[str, Any], route: Route, address: str | None) -> None:
    def good(key: str) -> bool:
        try:
            key_text(row[key])
        except InvalidKey:
            return False
        return True

    addressed = address is not None
    complete = addressed or set(route.input_columns) <= row.keys()
    if address != route.group_name if addressed else not set(route.keys) <= row.keys():
        wanted = SKIPS
    elif any(row.get(key) is None for key in route.keys):
        wanted = NULL_KEY if complete else SKIPS
    elif not all(good(key) for key in route.keys):
        wanted = BAD_KEY if complete else SKIPS
    else:
        wanted = TAKES if complete else NEAR_MISS
    assert takes(route, row, address) is wanted
    if wanted is TAKES:
        assert entity_key(route, row)


def test_numbers_and_text_are_one_entity() -> None:
    assert entity_key(ONE, {"user_id": 42}) == entity_key(ONE, {"user_id": "42"}) == "42"
    with pytest.raises(InvalidKey):
        entity_key(ONE, {})


SECOND = 1_000_000


@pytest.mark.parametrize(
    ("value", "kind", "us"),
    [
        ("1970-01-01T00:00:00Z", "TIMESTAMP", 0),
        ("2024-01-01T00:00:00.1234569Z", "TIMESTAMP", 1_704_067_200_123_456),
        ("2024-01-01T02:00:00+02:00", "TIMESTAMP", 1_704_067_200 * SECOND),
        (1_704_067_200, "EPOCH_S", 1_704_067_200 * SECOND),
        (1_704_067_200.1234567, "EPOCH_S", 1_704_067_200_123_456),
        (1_704_067_200_123, "EPOCH_MS", 1_704_067_200_123_000),
        (1_704_067_200_123.4, "EPOCH_MS", 1_704_067_200_123_400),
        (0, "EPOCH_S", 0),
    ],
)
def test_the_time_of_a_row(value: Any, kind: str, us: int) -> None:
    assert row_time({"t": value}, "t", kind, 7) == us


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "TIMESTAMP"), ("yesterday", "TIMESTAMP"), (1_704_067_200, "TIMESTAMP"), (True, "TIMESTAMP"),
        ("1969-12-31T23:59:59Z", "TIMESTAMP"), ("2262-01-01T00:00:00Z", "TIMESTAMP"), ("2024-13-01T00:00:00Z", "TIMESTAMP"),
        ("", "TIMESTAMP"), (None, "EPOCH_S"), ("1704067200", "EPOCH_S"), (True, "EPOCH_S"), (-1, "EPOCH_S"),
        (1_704_067_200_000, "EPOCH_S"), (10**400, "EPOCH_MS"), (float("nan"), "EPOCH_S"), (1e300, "EPOCH_S"),
    ],
)  # fmt: skip
def test_a_bad_time(value: Any, kind: str) -> None:
    with pytest.raises(BadTime) as caught:
        row_time({"t": value}, "t", kind, 7)
    assert caught.value.code == "bad_timestamp"


def test_an_absent_time_is_the_records() -> None:
    assert row_time({}, "t", "TIMESTAMP", 7) == 7


@given(st.integers(0, 9_214_646_399_999_999))
def test_whole_and_broken_numbers_of_time_agree(ms: int) -> None:
    assert epoch_us(ms, 1000) == ms * 1000
    assert epoch_us(float(ms), 1000) == int(float(ms)) * 1000
    assert epoch_us(ms // 1000, SECOND) == ms // 1000 * SECOND


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))
def test_text_and_seconds_agree(moment: datetime) -> None:
    text = moment.isoformat() + "Z"
    us = parse_time(text)
    assert row_time({"t": text}, "t", "TIMESTAMP", 0) == us
    assert row_time({"t": us // 1000}, "t", "EPOCH_MS", 0) == us // 1000 * 1000
