"""Hypothesis strategies of the core's tests: types, and JSON values that fit them, nearly fit them, or do not."""

from typing import Any

from hypothesis import strategies as st

from core.types import ColumnType

SIMPLE = [
    "BIGINT",
    "DOUBLE",
    "STRING",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "EPOCH_S",
    "EPOCH_MS",
    "DECIMAL(10,2)",
    "DECIMAL(38,0)",
    "DECIMAL(38,38)",
]
_FIELDS = st.lists(st.sampled_from(["a", "b", "x y", "Ω`"]), min_size=1, max_size=3, unique=True)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    structs = st.tuples(_FIELDS, st.lists(inner, min_size=3, max_size=3)).map(_struct)
    return inner.map("ARRAY<{}>".format) | structs


def _struct(parts: tuple[list[str], list[str]]) -> str:
    names = ["`" + name.replace("`", "``") + "`" for name in parts[0]]
    return f"STRUCT<{','.join(f'{name}:{text}' for name, text in zip(names, parts[1], strict=False))}>"


COLUMN_TYPES = st.recursive(st.sampled_from(SIMPLE), _nested, max_leaves=4)

_TIMES = [
    "2024-02-29T12:00:00Z",
    "2024-01-01T00:00:00.123456Z",
    "2024-01-01T00:00:00.1234567Z",
    "2024-01-01T00:00:00+05:30",
    "1900-01-01T00:00:00",
]
_TIMES += [
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00Z",
    "2023-02-29T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59.999999Z",
]
_TIMES += [
    "0000-01-01T00:00:00Z",
    "2024-01-01",
    "2024-01-01T00:00:60Z",
    "2024-01-01t00:00:00z",
    "2024-01-01T00:00:00Z\n",
    "9999-12-31T23:59:59-01:00",
]
_DATES = [
    "2024-02-29",
    "2023-02-29",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "2024-1-1",
    "20240101",
    "2024-W01-1",
    " 2024-01-01",
    "2024-01-01\n",
]
_NUMBERS = [
    "1.5",
    "1.50",
    "1.555",
    "-0",
    "+1",
    ".5",
    "5.",
    "1e2",
    "1e-3",
    "1e999",
    "NaN",
    "1_0",
    " 1",
    "9" * 38,
    "9" * 39,
    "0." + "9" * 38,
    "-.1",
]
_INTEGERS = [
    0,
    1,
    -1,
    2**53,
    2**53 + 1,
    -(2**53),
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    10**30,
    1_700_000_000,
    253_402_300_800,
    -62_135_596_801,
]
_FLOATS = [
    0.0,
    -0.0,
    1.5,
    0.1,
    1e15,
    1e16,
    2.0**53,
    2.0**53 + 2,
    1e300,
    1e-7,
    0.30000000000000004,
    1_700_000_000.123,
    float("nan"),
    float("inf"),
]
EDGES: list[Any] = [None, True, False, *_INTEGERS, *_FLOATS, "", "x", "é", "\ud800", *_TIMES, *_DATES, *_NUMBERS, [], {}]


def values_for(column_type: ColumnType) -> st.SearchStrategy[Any]:
    """JSON values that mostly have the shape of the type."""
    edges = st.sampled_from(EDGES)
    if column_type.item is not None:
        return st.lists(values_for(column_type.item), max_size=3) | edges
    if column_type.kind == "STRUCT":
        return (
            st.fixed_dictionaries({}, optional={n: values_for(f) for n, f in column_type.fields} | {"other": st.none()}) | edges
        )
    shapes: dict[str, list[Any]] = {
        "DATE": _DATES,
        "TIMESTAMP": _TIMES,
        "STRING": ["a", "é", ""],
        "BOOLEAN": [True, False],
        "DOUBLE": _FLOATS,
    }
    shapes |= {"BIGINT": _INTEGERS, "EPOCH_S": _INTEGERS, "EPOCH_MS": _INTEGERS, "DECIMAL": _NUMBERS}
    return st.sampled_from([*shapes[column_type.kind], None]) | edges


_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aé\U0001f600", max_size=3)
)
PLAIN_JSON = st.recursive(
    _PLAIN, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text("ab", max_size=1), v, max_size=2), max_leaves=8
)
