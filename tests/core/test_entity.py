"""Entity keys: text everywhere, one text for several, the same bucket everywhere."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entity import InvalidKey, bucket_of, decode_key, encode_key, key_of, key_text

PARTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("value", "text"), [("u", "u"), (42, "42"), (-1, "-1"), (10**30, "1" + "0" * 30), (" ", " "), ("é", "é")]
)
def test_text_and_integers_are_keys(value, text):
    assert key_text(value) == text


@pytest.mark.parametrize("value", [None, 1.0, True, False, "", [], {}, "x" * 513, "é" * 257, 10**600])
def test_nothing_else_is(value):
    with pytest.raises(InvalidKey) as caught:
        key_text(value)
    assert caught.value.code == "invalid_entity"


def test_no_unicode_normalisation():
    assert key_text("e\u0301") != key_text("\u00e9")


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_several_keys_are_one_text_and_back(parts):
    assert decode_key(encode_key(parts), len(parts)) == tuple(parts)


@given(st.lists(PARTS, min_size=2, max_size=3), st.lists(PARTS, min_size=2, max_size=3))
def test_different_keys_are_different_texts(a, b):
    assert (encode_key(a) == encode_key(b)) == (a == b) or len(a) != len(b)


def test_one_key_stays_itself():
    assert (encode_key(["3:a"]), encode_key(["a", "b"]), encode_key(["é", ""])) == ("3:a", "1:ab", "2:é")


def test_the_bucket_is_crc32_of_the_bytes():
    assert bucket_of("é", 16) == zlib.crc32("é".encode()) % 16
    assert {bucket_of(f"u{n}", 16) for n in range(200)} == set(range(16))


@pytest.mark.parametrize("value", ["a", "x" * 512, "é" * 256, 7])
def test_the_key_of_a_row_is_that_of_its_columns(value):
    assert key_of({"a": value, "b": "c"}, ["a"]) == key_text(value)
    assert key_of({"a": value, "b": "c"}, ["b", "a"]) == encode_key(["c", key_text(value)])


@pytest.mark.parametrize("row", [{}, {"a": None}, {"a": ""}, {"a": "é" * 257}, {"a": 1.5}])
def test_a_row_without_a_good_key_has_none(row):
    with pytest.raises(InvalidKey):
        key_of(row, ["a"])
