"""Times: microseconds in, RFC 3339 out, and back."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.clock import LAST, format_time, parse_time, parse_timestamp

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02", DAY),
        ("1970-01-01T00:00", 0),
        ("1970-01-01 00:00:01z", 1_000_000),
        ("1970-01-01t00:00:01", 1_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:30:00-0030", 0),
        ("1970-01-01T05:30:00+0530", 0),
        ("1970-01-01T12:00:00+12", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00,5Z", 500_000),
        ("1970-01-01T00:00:00.0000019Z", 1),
        ("1970-01-01T00:00:00.999999999Z", 999_999),
        ("2261-12-31T23:59:59.999999Z", LAST - 1),
    ],
)
def test_what_is_read(text, us):
    assert parse_time(text) == us


@pytest.mark.parametrize(
    "text",
    ["", "now", "1970", "1970-1-1", "1970-01-01T", "1970-13-01", "1970-02-30", "1970-01-01T24:00:00", "1970-01-01T00:00:60Z",
     "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+00:60", "1970-01-01T00:00:00ZZ", " 1970-01-01", "1970-01-01\n",
     "１９７０-01-01", "1969-12-31T23:59:59.999999Z", "2262-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
     "9999-12-31T23:59:59-23:59"],
)  # fmt: skip
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def _read(text):
    try:
        return parse_timestamp(text)
    except ValueError:
        return None


def test_usual_texts_are_read_as_the_pattern_reads_them(monkeypatch):
    seed = 7
    print(f"seed {seed}")
    pick = random.Random(seed)
    texts = ["2026-11-25T02:07:49Z", "2024-02-29T23:59:59.123Z", "0001-01-01T00:00:00.000001Z"]
    for _ in range(20_000):
        text = list(pick.choice(texts[:3]))
        for _ in range(pick.randint(1, 3)):
            text[pick.randrange(len(text))] = pick.choice("0123456789-:TZ.,+ tz１")
        texts.append("".join(text))
    quick = [_read(text) for text in texts]
    assert sum(map(clock._usual, texts)) > 5000, "many are of the usual layout"
    monkeypatch.setattr(clock, "_usual", lambda text: False)
    assert quick == [_read(text) for text in texts]


def test_columns_may_hold_any_year():
    assert parse_timestamp("0001-01-01T00:00:00Z") < 0 < parse_timestamp("9999-12-31T23:59:59Z")


@given(st.integers(0, LAST - 1))
def test_what_is_written_is_read_back(us):
    text = format_time(us)
    assert parse_time(text) == us
    assert text.endswith("Z")
    assert ("." in text) == bool(us % 1_000_000)


def test_early_years_have_four_digits():
    assert format_time(parse_timestamp("0033-04-03T15:00:00Z")) == "0033-04-03T15:00:00Z"
