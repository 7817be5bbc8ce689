"""core.strict_json against a slow reader of its own, and the rules one by one."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.strict_json import Malformed, parse, parse_many
from tests.core.slow_json import Refused, read

DEEP = 33
REFUSED = [
    (b"", "invalid_json"),
    (b"{", "invalid_json"),
    (b'{"a":1} x', "invalid_json"),
    (b"[1,]", "invalid_json"),
    (b"01", "invalid_json"),
    (b"1.", "invalid_json"),
    (b"'a'", "invalid_json"),
    (b'"\t"', "invalid_json"),
    (b'"\\u12g4"', "invalid_json"),
    (b'{"a":1 "b":2}', "invalid_json"),
    (b"// comment\n1", "invalid_json"),
    (b"\xff\xfe", "invalid_utf8"),
    (b"\xff tag", "invalid_utf8"),
    (b'\xef\xbb\xbf{"a":1}', "invalid_utf8"),
    ('{"a":1}'.encode("utf-16"), "invalid_utf8"),
    ('{"a":1}'.encode("utf-16-be"), "invalid_utf8"),
    ('{"a":1}'.encode("utf-32-le"), "invalid_utf8"),
    (b'"\xed\xa0\x80"', "invalid_utf8"),
    (b'"\xc0\xaf"', "invalid_utf8"),
    (b'{"a":1,"a":2}', "duplicate_key"),
    (b'{"a" : 1,"a":2}', "duplicate_key"),
    (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    (b'[{"x":{"a":1,"b":2,"a":3}}]', "duplicate_key"),
    (b'{"":1,"":2}', "duplicate_key"),
    (b'{"a":1,"a":2,"x":":"}', "duplicate_key"),
    (b"NaN", "non_finite"),
    (b'{"a":Infinity}', "non_finite"),
    (b"[-Infinity]", "non_finite"),
    (b"1e400", "non_finite"),
    (b'{"a":-1e400}', "non_finite"),
    (b"[" * 5000, "too_deep"),
    (b"[" * DEEP + b"]" * DEEP, "too_deep"),
    (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "too_deep"),
    (b'"' + b"a" * 65_537 + b'"', "too_large"),
    (b'["' + b"\xc3\xa9" * 32_769 + b'"]', "too_large"),
    (b'{"' + b"a" * 65_537 + b'":1}', "too_large"),
    (b'["' + b'\\"' * 65_537 + b'"]', "too_large"),
    (b"9" * 5000, "too_large"),
    (b'"\\u0000"', "nul_character"),
    (b'{"\\u0000":1}', "nul_character"),
    (b'{"a":"x\x00"}', "nul_character"),
    (b'"\\ud800"', "lone_surrogate"),
    (b'{"a":"\\udc00\\ud800"}', "lone_surrogate"),
]
KEPT: list[tuple[bytes, Any]] = [
    (b'"text"', "text"),
    (b" null\r\n\t", None),
    (b"-0", 0),
    (b"9007199254740993", 9_007_199_254_740_993),
    (b"18446744073709551615", 2**64 - 1),
    (b"18446744073709551616", 2**64),
    (b"-9223372036854775809", -(2**63) - 1),
    (b"[" + b"9" * 4300 + b"]", [10**4300 - 1]),
    (b"1" + b"0" * 400, 10**400),
    (b'["\\\\u0000"]', ["\\u0000"]),
    (b'"\\ud83d\\ude00"', "\U0001f600"),
    (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
    (b'"' + b"a" * 65_536 + b'"', "a" * 65_536),
    (b'["' + b'\\"' * 65_536 + b'"]', ['"' * 65_536]),
    (b'{"a:":"\\":","b":" : ","c":{"a:":1}}', {"a:": '":', "b": " : ", "c": {"a:": 1}}),
    (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    (b"0.12345678901234567890", 0.12345678901234568),
    (b"1e-400", 0.0),
]


@pytest.mark.parametrize(("data", "code"), REFUSED)
def test_it_refuses(data: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(data)
    assert caught.value.code == code
    assert caught.value.status == 400


@pytest.mark.parametrize(("data", "value"), KEPT)
def test_it_keeps(data: bytes, value: Any) -> None:
    found = parse(data)
    assert found == value
    assert type(found) is type(value)


PIECES = [
    b.encode()
    for b in ('{"a":1}', '"a":', '"a" :', '"\\u0061":', '"', '\\"', "\\u0000", "\\ud800", "\\ud83d\\ude00", ":", ",", "[", "]")
]
PIECES += [
    b"{",
    b"}",
    b"1e400",
    b"123456789012345678901",
    b"0.1234567890123456789",
    b"NaN",
    b"-0.0",
    b" ",
    b"\n",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
NAMES = st.sampled_from(["a", "b", "a:", 'q"', "é", ""]) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


def written(value: Any, ascii_only: bool, separators: tuple[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode(errors="surrogatepass")


DOCUMENTS = st.builds(written, VALUES, st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\n", "\t:")]))
RUBBISH = st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = draw(DOCUMENTS)
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.sampled_from([*PIECES, b""])) + data[at + draw(st.integers(0, 2)) :]


@settings(max_examples=600, deadline=None)
@given(DOCUMENTS | RUBBISH | mutated())
@example(b'{"a":1,"b":":","\\u0061":2}')
def test_it_agrees_with_a_slow_reader(data: bytes) -> None:
    try:
        wanted = repr(read(data))
    except Refused:
        with pytest.raises(Malformed):
            parse(data)
    else:
        assert repr(parse(data)) == wanted


@settings(max_examples=200, deadline=None)
@given(st.lists(DOCUMENTS | RUBBISH | mutated(), max_size=5))
def test_many_are_read_each_alone(documents: list[bytes]) -> None:
    found = parse_many(documents)
    assert len(found) == len(documents)
    for document, value in zip(documents, found, strict=True):
        try:
            wanted = repr(read(document))
        except Refused:
            assert isinstance(value, Malformed)
        else:
            assert repr(value) == wanted


def test_each_of_many_is_as_deep_as_one_alone() -> None:
    deep = b"[" * 32 + b"]" * 32
    assert parse_many([deep, deep + b"\r"]) == [parse(deep)] * 2
    (row, fault) = parse_many([deep, b"[" + deep + b"]"])
    assert row == parse(deep)
    assert isinstance(fault, Malformed)
    assert fault.code == "too_deep"


def test_long_strings_are_found_in_large_bodies() -> None:
    rows = [{"id": i, "text": "x" * 60_000} for i in range(20)]
    assert parse(json.dumps(rows).encode()) == rows
    rows[17]["text"] = "x" * 65_537
    with pytest.raises(Malformed, match="too_large"):
        parse(json.dumps(rows).encode())
