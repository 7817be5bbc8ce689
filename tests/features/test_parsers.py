"""Bodies are read up to their limit and not a byte further."""

import io

import pytest

from core.errors import TooLarge
from features.parsers import StrictJSONParser, read_body


def test_a_body_of_the_limit_is_read_and_a_longer_one_is_refused():
    assert read_body(io.BytesIO(b"12345"), most=5) == b"12345"
    stream = io.BytesIO(b"1234567890")
    with pytest.raises(TooLarge):
        read_body(stream, most=5)
    assert stream.tell() == 6


def test_numbers_stay_exact():
    assert StrictJSONParser().parse(io.BytesIO(b'{"n": 9007199254740993}')) == {"n": 9007199254740993}
