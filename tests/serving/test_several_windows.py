"""Groups of several windows on the online routes: read in one round trip, each feature told by its own window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pyarrow as pa
import pytest

from core.clock import format_time, now_us, parse_time
from core.errors import NotFound, Unavailable
from core.record import REBUILDING
from core.spec import GroupSpec
from core.windows import Window
from serving import lookup
from serving.arrow import online_arrow
from tests.serving import world
from tests.serving.world import SECOND
from tests.serving.wsgi import call

WINDOWS = ("1h", "1d", "7d")
FEATURES = [f"{output}_{window}" for output in ("total", "n") for window in WINDOWS]


@pytest.fixture
def spend(redis) -> GroupSpec:
    """Two columns in three windows; every bucket of every window is whole and fresh."""
    outputs = {name: "DOUBLE" if name.startswith("total") else "BIGINT" for name in FEATURES}
    version = replace(world.version(outputs=outputs, defaults={"n_1h": 0, "total_1d": 0.5}), windows=WINDOWS)
    spec = world.publish(world.group("spend", version))
    for window in WINDOWS:
        world.put_cursors(redis, of(spec, window))
    return spec


def of(spec: GroupSpec, window: str) -> GroupSpec:
    """The group as the writer of one window sees it."""
    return replace(spec, versions={1: spec.versions[1].parts[WINDOWS.index(window)]})


def put(redis, spec: GroupSpec, window: str, row: Any, newest: int, *, user: str = "u", **more: Any) -> None:
    part = of(spec, window)
    world.put(redis, part, [user], world.run(part, row, newest, valid_from=newest), **more)


def mgets(redis) -> int:
    return int(redis.info("commandstats").get("cmdstat_mget", {"calls": 0})["calls"])


def test_each_feature_is_told_by_its_own_window(redis, spend):
    now = now_us()
    put(redis, spend, "1h", None, now - 9000 * SECOND)
    put(redis, spend, "1d", [5.0, 1], now - 9000 * SECOND)
    put(redis, spend, "7d", [None, 3], now - 9001 * SECOND, end=now - 3 * SECOND)
    found = lookup.values("default", "spend", {"user_id": "u"}, clock=now)
    assert [(name, one["value"], one["status"]) for name, one in found["values"].items()] == [
        ("total_1h", None, "EMPTY_WINDOW"),
        ("total_1d", 5.0, "PRESENT"),
        ("total_7d", None, "NULL"),
        ("n_1h", 0, "EMPTY_WINDOW"),
        ("n_1d", 1, "PRESENT"),
        ("n_7d", 3, "PRESENT"),
    ]
    assert [found["values"][f"n_{window}"]["event_time"] for window in WINDOWS] == [
        None,
        format_time(now - 9000 * SECOND),
        format_time(now - 9001 * SECOND),
    ]
    assert found["values"]["n_1d"]["age_seconds"] == 9000
    late = now - 3 * SECOND - 1
    assert found["values"]["n_7d"]["age_seconds"] == (late - now) / SECOND + 9001
    assert (found["as_of"], found["window"]) == (format_time(late), None), "the earliest of the windows"
    assert found["windows"] == {
        window: {"size": window, "start": format_time(Window.parse(window).lower(end)), "end": format_time(end)}
        for window, end in (("1h", now), ("1d", now), ("7d", late))
    }


def test_all_windows_come_in_one_round_trip(redis, spend):
    other = world.publish(world.group("other"))
    world.put_cursors(redis, other)
    now = now_us()
    for window in WINDOWS:
        put(redis, spend, window, [1.0, 2], now)
    lookup.online_features("default", ["spend", "other"], {"user_id": ["u"]})  # the definitions are known from here on
    before = mgets(redis)
    found = lookup.online_features("default", ["other:n", "spend"], {"user_id": ["u", "nobody"]}, clock=now)
    assert mgets(redis) == before + 1
    assert found["metadata"]["feature_names"] == ["other:n", *(f"spend:{name}" for name in FEATURES)]
    assert found["metadata"]["versions"] == [1] * 7
    assert [one["values"] for one in found["results"]] == [
        [None, None],
        [1.0, None],
        [1.0, 0.5],
        [1.0, None],
        [2, 0],
        [2, None],
        [2, None],
    ]
    before = mgets(redis)
    lookup.values("default", "spend", {"user_id": "u"})
    assert mgets(redis) == before + 1


def test_a_reference_to_a_feature_reads_its_window_alone(redis, spend):
    now = now_us()
    put(redis, spend, "1d", [7.0, 2], now)
    found = lookup.values("default", "spend:n_1d", {"user_id": "u"}, clock=now)
    assert list(found["values"]) == ["n_1d"]
    assert (found["values"]["n_1d"]["value"], list(found["windows"])) == (2, ["1d"])
    assert [part.version.code for part in lookup.plan_now("default", "spend:n_1d").parts] == [spend.versions[1].parts[1].code]
    mixed = lookup.online_features("default", ["spend:n_1d", "spend@1:total_1h", "spend:n_1d"], {"user_id": ["u"]}, clock=now)
    assert [one["values"] for one in mixed["results"]] == [[2], [None], [2]]


@pytest.mark.parametrize("name", ["total", "n", "total_6h", "total_1h_1d"])
def test_what_is_no_feature_is_not_found(spend, name):
    with pytest.raises(NotFound, match="has no feature"):
        lookup.values("default", f"spend:{name}", {"user_id": "u"})


def test_one_window_that_is_rebuilt_makes_its_features_stale_and_no_others(redis, spend):
    now = now_us()
    for window in WINDOWS:
        put(redis, spend, window, [1.0, 2], now)
    world.put_cursors(redis, of(spend, "1d"), world.cursor(state=REBUILDING))
    found = lookup.values("default", "spend", {"user_id": "u"}, clock=now)["values"]
    assert {name for name, one in found.items() if one["status"] == "STALE"} == {"total_1d", "n_1d"}
    assert found["total_1d"]["value"] == 1.0
    asked = {"user_id": ["u"]}
    assert lookup.online_features("default", ["spend:n_7d"], asked, on_stale="error", clock=now)["results"][0]["values"] == [2]
    with pytest.raises(Unavailable, match="stale"):
        lookup.online_features("default", ["spend"], asked, on_stale="error", clock=now)
    compact = lookup.online_features("default", ["spend"], asked, compact=True, on_stale="null", clock=now)["results"]
    assert [one.get("statuses") for one in compact] == [None, ["STALE"], None] * 2
    assert compact[1]["values"] == [None]


def test_as_arrow_each_window_has_its_columns(redis, spend):
    now = now_us()
    for window in WINDOWS[1:]:
        put(redis, spend, window, [1.0, 2], now)
    answer = lookup.online_answer("default", ["spend"], {"user_id": ["u", "nobody"]}, clock=now, arrow=True)
    table = pa.ipc.open_stream(online_arrow(answer.plan, answer.rows, answer.columns, compact=False)).read_all()
    assert [name for name in table.column_names if "__" not in name] == ["user_id", *(f"spend:{name}" for name in FEATURES)]
    assert table.column("spend:n_1h").to_pylist() == [0, 0]
    assert table.column("spend:total_1d").to_pylist() == [1.0, 0.5]
    assert table.column("spend:n_7d__status").to_pylist() == ["PRESENT", "NOT_FOUND"]


def test_the_path_before_django_answers_them(redis, spend, hot, key):
    now = now_us()
    for window in WINDOWS:
        put(redis, spend, window, [1.0, 2], now)
    answer = call(hot, "GET", "/api/v1/features/spend/values/u", key=key)
    found = orjson.loads(answer.body)
    assert (answer.status, list(found["values"]), list(found["windows"])) == (200, FEATURES, list(WINDOWS))
    assert parse_time(found["as_of"]) == min(parse_time(edge["end"]) for edge in found["windows"].values())
