"""Types as text, and what JSON values tell about them."""

from typing import Any

import pytest
from hypothesis import given, settings

from core.errors import Invalid
from core.types import coerce, infer, parse_type
from tests.core.strategies import COLUMN_TYPES, PLAIN_JSON


@given(COLUMN_TYPES)
def test_its_text_parses_to_itself(text: str) -> None:
    assert str(parse_type(str(parse_type(text)))) == str(parse_type(text))


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("bigint", "BIGINT"),
        (" Double ", "DOUBLE"),
        ("decimal( 10 , 2 )", "DECIMAL(10,2)"),
        ("DECIMAL(5)", "DECIMAL(5,0)"),
        ("epoch_ms", "EPOCH_MS"),
        ("array<array<string>>", "ARRAY<ARRAY<STRING>>"),
        ("STRUCT<a: double, `x y`:array<date>>", "STRUCT<a:DOUBLE,`x y`:ARRAY<DATE>>"),
        ("struct<`a``b`:bigint>", "STRUCT<`a``b`:BIGINT>"),
        ("map<string, bigint>", "MAP<STRING,BIGINT>"),
    ],
)
def test_its_spelling_is_free(text: str, stored: str) -> None:
    assert str(parse_type(text)) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INT",
        "DECIMAL",
        "DECIMAL(0,0)",
        "DECIMAL(39,0)",
        "DECIMAL(2,3)",
        "DECIMAL(1,-1)",
        "ARRAY",
        "ARRAY<>",
        "ARRAY<BIGINT",
        "BIGINT>",
        "STRUCT<>",
        "STRUCT<a>",
        "STRUCT<a:BIGINT,A:DOUBLE>",
        "STRUCT<a:BIGINT,>",
        "MAP<BIGINT,STRING>",
        "BIGINT; DROP",
        "'BIGINT'",
        "ARRAY<" * 40 + "BIGINT" + ">" * 40,
        "BIGINT" + " " * 10_000,
        "STRUCT<é:BIGINT>",
    ],
)
def test_it_refuses(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_type(text)
    assert caught.value.code == "invalid_type"


def test_it_hints_at_the_name_used_here() -> None:
    with pytest.raises(Invalid, match="did you mean BIGINT"):
        parse_type("integer")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "DOUBLE"), (2**60, "DOUBLE"), (1.5, "DOUBLE"), (True, "BOOLEAN"), ("", "STRING"), ("2024-01-01", "STRING"),
        ([1, None, 2.5], "ARRAY<DOUBLE>"), ([[], ["a"]], "ARRAY<ARRAY<STRING>>"),
        ({"b": 1, "a": "x"}, "STRUCT<b:DOUBLE,a:STRING>"),
        ([{"a": None, "b": 1}, {"b": None, "a": True}], "ARRAY<STRUCT<a:BOOLEAN,b:DOUBLE>>"), (None, None), ([], None),
        ([None], None), ([[]], None), ({}, None), ([1, "a"], None), ([1, True], None), ({"a": None}, None),
        ([{"a": 1}, {"b": 1}], None), ({"a": 1, "A": 1}, None), ({"": 1}, None), ([{"a": 1}, {"a": "x"}], None),
    ],
)  # fmt: skip
def test_a_value_tells_its_type(value: Any, text: str | None) -> None:
    found = infer(value)
    assert (None if found is None else str(found)) == text


def test_depth_beyond_a_types_is_undecided() -> None:
    value: Any = 1
    for _ in range(30):
        value = [value]
    assert infer(value) is None


@settings(max_examples=150)
@given(PLAIN_JSON)
def test_a_value_fits_the_type_it_tells(value: Any) -> None:
    found = infer(value)
    if found is not None:
        assert parse_type(str(found)) == found
        coerce(found, value)
