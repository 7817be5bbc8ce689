"""Several windows of one definition: what may be given, what the features are called, and the parts that are computed."""

from __future__ import annotations

from typing import Any

import pytest

from core.definitions import Definition
from core.errors import Invalid
from core.spec import GroupSpec, Layout, VersionSpec

SQL = "SELECT user_id, SUM(x) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"


def body(*, inside: Any = None, window: Any = None, **more: Any) -> dict[str, Any]:
    transformation = {"sql_query": SQL, "windows": inside, "aggregation_window": window}
    return {"name": "spending", "entity_id": "user_id", "transformation": transformation, **more}


def faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        Definition.parse(document)
    return [(found["pointer"], found["code"]) for found in caught.value.errors]


@pytest.mark.parametrize(
    ("given", "windows"),
    [
        (["1h", "1d", "7d"], ("1h", "1d", "7d")),
        (["7d", "24h", "60m"], ("1h", "1d", "7d")),
        (["1h"], ("1h",)),
        ([f"{n}h" for n in range(12, 0, -1)], tuple(f"{n}h" for n in range(1, 13))),
    ],
)
def test_they_are_put_in_order_beside_the_transformation_or_in_it(given: list[str], windows: tuple[str, ...]) -> None:
    outer, inner = Definition.parse(body(windows=given)), Definition.parse(body(inside=given))
    both = Definition.parse(body(windows=given, inside=given[::-1]))
    assert outer == inner == both
    assert (outer.windows, outer.window) == (windows, None)
    assert outer.document()["windows"] == outer.document()["transformation"]["windows"] == list(windows)
    again = Definition.parse(outer.document())
    assert (again, again.fingerprint()) == (outer, outer.fingerprint())


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (body(windows=[]), [("/windows", "invalid_windows")]),
        (body(inside=[]), [("/transformation/windows", "invalid_windows")]),
        (body(windows="1h"), [("/windows", "invalid_windows")]),
        (body(windows={"1h": 1}), [("/windows", "invalid_windows")]),
        (body(windows=[f"{n}h" for n in range(1, 14)]), [("/windows", "invalid_windows")]),
        (body(windows=["1h", "8w"]), [("/windows/1", "unknown_window")]),
        (body(inside=["1h", "1d", "366d"]), [("/transformation/windows/2", "unknown_window")]),
        (body(windows=["4m", 3600, None]), [(f"/windows/{n}", "unknown_window") for n in range(3)]),
        (body(windows=["1h", "60m"]), [("/windows/1", "invalid_windows")]),
        (body(windows=["1h", "1d"], window="1h"), [("/windows", "invalid_windows")]),
        (body(inside=["1h"], window="1d"), [("/transformation/windows", "invalid_windows")]),
        (body(windows=["1h"], inside=["1d"]), [("/transformation/windows", "invalid_windows")]),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert faults(document) == found


def test_the_fingerprint_covers_them_and_that_of_other_definitions_is_as_it_was() -> None:
    plain = Definition.parse(body())
    assert plain.fingerprint() == "deb8f858e8c4fbf421e8579c038756913833af54d8680804bcda9c594584181a"
    others = [Definition.parse(body(windows=given)) for given in (["1h"], ["1d"], ["1h", "1d"], ["1d", "1h"])]
    single = Definition.parse(body(window="1h"))
    assert len({found.fingerprint() for found in (plain, single, *others)}) == 5
    assert others[2].fingerprint() == others[3].fingerprint()


def test_features_are_named_by_column_and_window_in_the_order_of_both() -> None:
    assert Definition.parse(body(windows=["1h", "1d"])).features(("total", "n")) == ("total_1h", "total_1d", "n_1h", "n_1d")
    assert Definition.parse(body(windows=["1h"])).features(("total",)) == ("total_1h",), "one of a list has its suffix too"
    assert Definition.parse(body(window="1h")).features(("total",)) == ("total",)


@pytest.mark.parametrize("outputs", [("total", "total_1h"), ("Total_1H", "total"), ("x" * 61,), ("user",), ("time",)])
@pytest.mark.parametrize(("place", "pointer"), [("windows", "/windows"), ("inside", "/transformation/windows")])
def test_names_that_clash_or_are_too_long_are_refused(outputs: tuple[str, ...], place: str, pointer: str) -> None:
    document = body(entity_id="user_1h", timestamp_column="time_1h") | {"name": "g"}
    if place == "windows":
        document["windows"] = ["1h"]
    else:
        document["transformation"]["windows"] = ["1h"]
    with pytest.raises(Invalid) as caught:
        Definition.parse(document).features(outputs)
    assert (caught.value.code, caught.value.pointer) == ("invalid_name", pointer)


def test_names_just_short_enough() -> None:
    assert Definition.parse(body(windows=["1h"])).features(("x" * 60, "total_2h"))[1] == "total_2h_1h"


VERSION = VersionSpec(
    number=3,
    code="abcdefghij",
    status="active",
    sql=SQL,
    window=None,
    ttl=60,
    defaults={"total_1d": 0.5, "n_1h": 0},
    path="tiles",
    path_reason="",
    input_columns=("x",),
    outputs=("total_1h", "total_1d", "n_1h", "n_1d"),
    layouts=(
        Layout((None,), (None, None, "BIGINT", "BIGINT"), ("BIGINT",)),
        Layout(("DOUBLE",), ("DOUBLE", "BIGINT"), ("BIGINT", "DOUBLE")).over(("a", "b")),
    ),
    windows=("1h", "1d"),
)


def test_a_part_is_a_version_of_one_window() -> None:
    one, other = VERSION.parts
    assert (one.code, other.code) == ("abcdefghij_1h", "abcdefghij_1d")
    assert (one.window, other.window, one.windows, other.windows) == ("1h", "1d", (), ())
    assert one.outputs == other.outputs == ("total", "n")
    assert (one.defaults, other.defaults) == ({"n": 0}, {"total": 0.5})
    assert [layout.outputs for layout in one.layouts] == [(None, "BIGINT"), ("DOUBLE", "BIGINT")]
    assert [layout.partials for layout in one.layouts] == [layout.partials for layout in VERSION.layouts]
    assert (one.number, one.ttl, one.sql, one.path) == (3, 60, SQL, "tiles")
    assert one.parts == (one,)
    assert VERSION.parts is VERSION.parts


def test_a_group_finds_what_a_code_stands_for_and_comes_back_from_json() -> None:
    spec = GroupSpec("p", "g", "g", "", "", ("user_id",), "timestamp", "TIMESTAMP", "events", {"x": None}, {}, 1, 3, {3: VERSION})
    assert [spec.part(code) for code in ("abcdefghij_1d", "abcdefghij_1h")] == [VERSION.parts[1], VERSION.parts[0]]
    assert (spec.part("abcdefghij"), spec.part("abcdefghij_7d")) == (None, None), "nothing stands under the version's own"
    assert GroupSpec.loads(spec.dumps()) == spec
    assert spec.route(VERSION.parts[0]) is spec.route(VERSION)
