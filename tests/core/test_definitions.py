"""The document of a definition: what it may say, what comes of it, and which error stands where."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.definitions import Definition, parse_words
from core.errors import Invalid
from tests.core.strategies import COLUMN_TYPES

SQL = "SELECT user_id, AVG(session_duration) AS avg_session_duration FROM input_data GROUP BY user_id"
BODY = {
    "name": "Customer Metrics",
    "description": "What customers do",
    "type": "numerical",
    "entity_id": "user_id",
    "transformation": {"sql_query": SQL, "aggregation_window": "7d"},
}


def faults(document: Any) -> dict[str, str]:
    """pointer -> code of everything that is wrong."""
    with pytest.raises(Invalid) as caught:
        Definition.parse(document)
    error = caught.value
    assert (error.code, error.pointer) == (error.errors[0]["code"], error.errors[0]["pointer"])
    assert all(found["detail"] for found in error.errors)
    return {found["pointer"]: found["code"] for found in error.errors}


def fault(**changes: Any) -> tuple[str, str]:
    """(pointer, code) of the one thing that is wrong with the changed body."""
    (found,) = faults(BODY | changes).items()
    return found


def test_the_contracts_body() -> None:
    found = Definition.parse(BODY)
    assert (found.name, found.title) == ("customer_metrics", "Customer Metrics")
    assert (found.description, found.type, found.entity) == ("What customers do", "numerical", ("user_id",))
    assert (found.sql, found.window, found.query) == (SQL, "7d", SQL)
    assert (found.columns, found.defaults, found.tags) == ({}, {}, ())
    assert (found.timestamp_column, found.time_kind, found.source, found.ttl) == ("timestamp", "TIMESTAMP", "events", None)


def test_without_a_transformation_the_column_named_like_the_group_is_the_feature() -> None:
    for transformation in ({}, {"transformation": None}):
        found = Definition.parse({"name": "page_views", "entity_id": "user_id,item_id"} | transformation)
        assert (found.sql, found.window) == (None, None)
        assert found.query == "SELECT user_id, item_id, page_views FROM input_data"
    assert fault(name="user_id", transformation=None) == ("/name", "invalid_name")
    assert fault(name="timestamp", transformation=None) == ("/name", "invalid_name")


@pytest.mark.parametrize(
    ("window", "label"), [("1h", "1h"), ("6h", "6h"), ("12h", "12h"), ("1d", "1d"), ("7d", "7d"), ("30d", "30d")]
)
def test_the_contracts_windows(window: str, label: str) -> None:
    assert Definition.parse(BODY | {"transformation": {"sql_query": SQL, "aggregation_window": window}}).window == label


@pytest.mark.parametrize(
    ("window", "label"),
    [("5m", "5m"), ("60m", "1h"), ("24h", "1d"), ("90m", "90m"), ("36h", "36h"), ("365d", "365d"), (None, None)],
)
def test_other_windows(window: str | None, label: str | None) -> None:
    assert Definition.parse(BODY | {"transformation": {"sql_query": SQL, "aggregation_window": window}}).window == label


@pytest.mark.parametrize(
    "window", ["", "4m", "366d", "1w", "0h", "01h", "1H", " 1h", "-1h", "1.5h", 7, 3600, True, ["1h"], {}, "9" * 5000 + "d"]
)
def test_unknown_windows(window: Any) -> None:
    found = fault(transformation={"sql_query": SQL, "aggregation_window": window})
    assert found == ("/transformation/aggregation_window", "unknown_window")


@pytest.mark.parametrize(
    ("entity_id", "keys"),
    [("user_id", ("user_id",)), ("user_id, item_id", ("user_id", "item_id")), (["user_id", "item_id"], ("user_id", "item_id"))],
)
def test_entities(entity_id: Any, keys: tuple[str, ...]) -> None:
    assert Definition.parse(BODY | {"entity_id": entity_id}).entity == keys


@pytest.mark.parametrize(
    ("entity_id", "code"),
    [
        (None, "invalid_entity_id"), ("", "invalid_name"), ([], "invalid_entity_id"), (7, "invalid_entity_id"),
        ([1], "invalid_entity_id"), ("a,a", "invalid_entity_id"), ([f"k{i}" for i in range(9)], "invalid_entity_id"),
        ("user id", "invalid_name"), ("User", "invalid_name"), ("a,", "invalid_name"), ("k" * 64, "invalid_name"),
        ("user_id\n; DROP", "invalid_name"),
    ]
    + [(key, "invalid_name") for key in ("at", "start_time", "end_time", "limit", "cursor", "as_known", "u,at")],
)  # fmt: skip
def test_wrong_entities(entity_id: Any, code: str) -> None:
    assert fault(entity_id=entity_id) == ("/entity_id", code)


@pytest.mark.parametrize("name", [None, 7, "", "  ", "___", "1st", "a" * 201, "a\u202eb", "x" * 64, "日本", ["a"], "\ud800"])
def test_wrong_names(name: Any) -> None:
    assert fault(name=name) == ("/name", "invalid_name")


def test_a_title_may_stand_beside_the_name() -> None:
    found = Definition.parse(BODY | {"name": "customer_metrics", "title": "Métricas"})
    assert (found.name, found.title) == ("customer_metrics", "Métricas")


def test_everything_optional() -> None:
    found = Definition.parse(
        BODY
        | {
            "columns": {"amount": "decimal(10, 2)", "at_time": "epoch_s", "user_id": "string"},
            "timestamp_column": "at_time",
            "source": "events",
            "ttl": "7d",
            "owner": "Ana",
            "tags": ["fraud", "fraud", " demo "],
            "defaults": {"total": 0, "kind": "none"},
            "windows": None,
        }
    )
    assert found.columns == {"amount": "DECIMAL(10,2)", "at_time": "EPOCH_S", "user_id": "STRING"}
    assert (found.timestamp_column, found.time_kind, found.ttl) == ("at_time", "EPOCH_S", 604_800)
    assert (found.owner, found.tags, found.defaults) == ("Ana", ("fraud", "demo"), {"total": 0, "kind": "none"})


@pytest.mark.parametrize(
    ("ttl", "seconds"), [(1, 1), ("90", 90), ("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), (None, None)]
)
def test_ttl(ttl: Any, seconds: int | None) -> None:
    assert Definition.parse(BODY | {"ttl": ttl}).ttl == seconds


ODD_KINDS: list[Any] = ["", "Numerical", "text", 1, ["numerical"], {}]
WRONG: list[tuple[dict[str, Any], tuple[str, str]]] = [
    *(({"ttl": ttl}, ("/ttl", "invalid_ttl")) for ttl in (0, -1, True, 1.5, "", "7w", "1 d", 10**12, [1], "99999999999d")),
    *(({"type": kind}, ("/type", "unknown_type")) for kind in ODD_KINDS),
    *(({"source": source}, ("/source", "unknown_source")) for source in ("", "kafka", 1, {"a": 1})),
    *(({"owner": text}, ("/owner", "invalid_text")) for text in (1, "x" * 201, "a\0b", "a\u200bb", "\ud800")),
    *(
        ({"tags": tags}, ("/tags", "invalid_text"))
        for tags in ("fraud", [1], [""], [" "], ["x" * 65], ["a"] * 51, {"a": "b"}, ["\0"])
    ),
    ({"description": {}}, ("/description", "invalid_text")),
    ({"windows": "1h"}, ("/windows", "invalid_windows")),
    ({"agregation_window": "1h"}, ("/agregation_window", "unknown_field")),
    ({"a/b~c": 1}, ("/a~1b~0c", "unknown_field")),
    ({"timestamp_column": "user_id"}, ("/timestamp_column", "invalid_name")),
    *(({"timestamp_column": name}, ("/timestamp_column", "invalid_name")) for name in ("", "a b", 1, "x" * 64, "é")),
    ({"columns": ["a"]}, ("/columns", "not_an_object")),
    ({"columns": {"a b": "DOUBLE"}}, ("/columns/a b", "invalid_name")),
    ({"columns": {"a/b": "DOUBLE"}}, ("/columns/a~1b", "invalid_name")),
    ({"columns": {"a": "INT"}}, ("/columns/a", "invalid_type")),
    ({"columns": {"a": 1}}, ("/columns/a", "invalid_type")),
    ({"columns": {"a": "ARRAY<MAP<STRING,DOUBLE>>"}}, ("/columns/a", "invalid_type")),
    ({"columns": {"a": "STRUCT<b:MAP<STRING,DOUBLE>>"}}, ("/columns/a", "invalid_type")),
    ({"columns": {"a": "DOUBLE", "A": "DOUBLE"}}, ("/columns", "invalid_name")),
    ({"columns": {"user_id": "BIGINT"}}, ("/columns/user_id", "invalid_type")),
    ({"columns": {"timestamp": "BIGINT"}}, ("/columns/timestamp", "invalid_type")),
    ({"columns": {f"c{i}": "DOUBLE" for i in range(501)}}, ("/columns", "not_an_object")),
    ({"defaults": 1}, ("/defaults", "not_an_object")),
    ({"defaults": {"total": None}}, ("/defaults/total", "invalid_default")),
    ({"defaults": {"a b": 1}}, ("/defaults/a b", "invalid_default")),
    ({"defaults": {"total": 2**64}}, ("/defaults", "invalid_default")),
    ({"defaults": {"total": "x" * 20_000}}, ("/defaults", "invalid_default")),
    ({"defaults": {"total": "\ud800"}}, ("/defaults", "invalid_default")),
    ({"transformation": "SELECT 1"}, ("/transformation", "not_an_object")),
    ({"transformation": {}}, ("/transformation/sql_query", "sql_syntax")),
    ({"transformation": {"sql_query": " \n"}}, ("/transformation/sql_query", "sql_syntax")),
    ({"transformation": {"sql_query": 7}}, ("/transformation/sql_query", "sql_syntax")),
    ({"transformation": {"sql_query": SQL + "\0"}}, ("/transformation/sql_query", "sql_syntax")),
    ({"transformation": {"sql_query": SQL + "\ud800"}}, ("/transformation/sql_query", "sql_syntax")),
    ({"transformation": {"sql_query": SQL, "sql": "x"}}, ("/transformation/sql", "unknown_field")),
    ({"transformation": {"sql_query": "é" * 16_385}}, ("/transformation/sql_query", "too_large")),
]


@pytest.mark.parametrize(("changes", "found"), WRONG, ids=[f"{found[0]}-{i}" for i, (_, found) in enumerate(WRONG)])
def test_what_is_wrong_is_named(changes: dict[str, Any], found: tuple[str, str]) -> None:
    assert fault(**changes) == found


def test_a_struct_may_be_declared() -> None:
    assert Definition.parse(BODY | {"columns": {"a": "struct<b: double>"}}).columns == {"a": "STRUCT<b:DOUBLE>"}


def test_all_faults_are_named_at_once() -> None:
    found = faults({"name": "1st", "entity_id": "at", "ttl": 0, "colour": 1, "transformation": {"aggregation_window": "3s"}})
    assert found == {
        "/colour": "unknown_field",
        "/name": "invalid_name",
        "/entity_id": "invalid_name",
        "/transformation/sql_query": "sql_syntax",
        "/transformation/aggregation_window": "unknown_window",
        "/ttl": "invalid_ttl",
    }


@pytest.mark.parametrize("document", [None, [], "x", 1, True])
def test_no_object_is_no_definition(document: Any) -> None:
    assert faults(document) == {"": "not_an_object"}


def test_a_typo_gets_a_hint() -> None:
    with pytest.raises(Invalid, match="did you mean 'entity_id'"):
        Definition.parse({"name": "a", "entity_ids": "user_id", "entity_id": "user_id"})


LABELS = st.sampled_from(["a", "b_1", "Cc"])
DOCUMENTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["abc", "Customer Metrics", "É uma métrica"]),
        "entity_id": st.sampled_from(["user_id", "u,i", ["x", "y"]]),
    },
    optional={
        "description": st.text("ab é\n", max_size=9),
        "type": st.sampled_from(["numerical", "categorical", "temporal"]),
        "transformation": st.none()
        | st.fixed_dictionaries(
            {"sql_query": st.just(SQL)}, optional={"aggregation_window": st.sampled_from(["24h", "7d", None])}
        ),
        "columns": st.dictionaries(LABELS, COLUMN_TYPES, max_size=2) | st.just({"timestamp": "EPOCH_MS"}),
        "timestamp_column": st.sampled_from(["timestamp", "Cc_time", None]),
        "source": st.just("events"),
        "ttl": st.integers(1, 10**6) | st.just("7d"),
        "owner": st.text("ab é", max_size=9),
        "tags": st.lists(st.text("ab", min_size=1, max_size=3), max_size=3),
        "defaults": st.dictionaries(LABELS, st.integers(-9, 9) | st.text("a", max_size=2) | st.floats(0, 1), max_size=2),
        "title": st.text("ab é", max_size=9),
    },
)


@settings(max_examples=150)
@given(DOCUMENTS)
def test_its_document_parses_to_itself(document: dict[str, Any]) -> None:
    found = Definition.parse(document)
    again = Definition.parse(found.document())
    assert again == found
    assert again.fingerprint() == found.fingerprint()


def test_words_are_outside_the_fingerprint() -> None:
    plain = Definition.parse(BODY).fingerprint()
    words = {"title": "x", "description": "y", "type": "temporal", "owner": "z", "tags": ["t"]}
    assert Definition.parse(BODY | words).fingerprint() == plain
    assert len(plain) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"entity_id": "item_id"}, {"entity_id": "user_id,item_id"}, {"columns": {"a": "BIGINT"}}, {"timestamp_column": "t"},
        {"ttl": 5}, {"defaults": {"a": 1}}, {"transformation": {"sql_query": SQL}},
        {"transformation": {"sql_query": SQL + " ", "aggregation_window": "7d"}},
        {"transformation": {"sql_query": SQL, "aggregation_window": "6d"}}, {"transformation": None},
    ],
)  # fmt: skip
def test_what_is_computed_is_inside_the_fingerprint(changes: dict[str, Any]) -> None:
    assert Definition.parse(BODY | changes).fingerprint() != Definition.parse(BODY).fingerprint()


def test_spelling_makes_no_new_fingerprint() -> None:
    spelled = BODY | {
        "transformation": {"sql_query": SQL.lower(), "aggregation_window": "168h"},
        "columns": {"b": "double", "a": "decimal(3, 1)"},
    }
    stored = BODY | {"columns": {"a": "DECIMAL(3,1)", "b": "DOUBLE"}}
    assert Definition.parse(spelled).fingerprint("normal") == Definition.parse(stored).fingerprint("normal")


def test_the_order_of_keys_is_part_of_the_entity() -> None:
    one, other = (Definition.parse(BODY | {"entity_id": keys}) for keys in ("a,b", "b,a"))
    assert one.fingerprint() != other.fingerprint()


def test_words_alone() -> None:
    assert parse_words({"title": " Über ", "tags": ["a"], "owner": None}) == {"title": "Über", "tags": ("a",), "owner": ""}
    assert parse_words({}) == {}
    assert parse_words({"type": "temporal", "description": "x"}) == {"type": "temporal", "description": "x"}


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"name": "x"}, "/name"),
        ({"transformation": None}, "/transformation"),
        ({"title": " "}, "/title"),
        ([], ""),
        ({"type": "x"}, "/type"),
    ],
)
def test_words_only(document: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_words(document)
    assert caught.value.pointer == pointer
