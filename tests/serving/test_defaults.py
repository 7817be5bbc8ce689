"""Defaults are the same whoever reads: newest values, many at once, Arrow, `at`, history; never in the offline tables."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest

from backends.offline import tables
from backends.online import published
from core import types
from core.clock import MICRO, format_time
from serving import arrow, at, lookup
from tests.processing.world import NOON, PROJECT, World
from tests.processing.world import at as moment

HOUR = 3600
COLUMNS = {
    "x": "BIGINT",
    "word": "STRING",
    "ok": "BOOLEAN",
    "price": "DECIMAL(10,2)",
    "seen": "TIMESTAMP",
    "day": "DATE",
    "tags": "ARRAY<STRING>",
}
AGGREGATES = (
    "SELECT user_id, COUNT(*) AS n, AVG(x) AS mean, MAX(word) AS word, BOOL_OR(ok) AS ok, MAX(price) AS price, MAX(seen) AS seen,"
    " MAX(day) AS day, LAST(tags) AS tags, TIMESTAMPDIFF(SECOND, MAX(timestamp), current_timestamp) AS idle, MIN(x) AS bare{more}"
    " FROM input_data WHERE x > 0 GROUP BY user_id"
)
PATHS = {
    "tiles": AGGREGATES.format(more=""),
    "recompute": AGGREGATES.format(more=", SIZE(COLLECT_LIST(word)) AS words"),
    "row": "SELECT user_id, x AS n, x / 2 AS mean, word, ok, price, seen, day, tags, x AS bare FROM input_data WHERE x > 0",
}
DEFAULTS: dict[str, Any] = {
    "n": 0, "mean": 1, "word": "none", "ok": False, "price": "1.5", "seen": "2026-01-01", "day": "2026-01-02",
    "tags": ["a", None], "idle": -1,
}  # fmt: skip
# as values of their types are answered: what was declared, spelled as the store spells it
SHOWN: dict[str, Any] = {**DEFAULTS, "price": "1.50", "seen": "2026-01-01T00:00:00Z", "mean": 1.0, "bare": None, "words": None}


@pytest.fixture
def world(fresh, monkeypatch):
    return World(monkeypatch, NOON)


def define(world: World, path: str) -> list[str]:
    outputs = [name for name in SHOWN if f" AS {name}" in PATHS[path] or (path == "row" and f" {name}," in PATHS[path])]
    defaults = {name: value for name, value in DEFAULTS.items() if name in outputs}
    spec = world.define("g", PATHS[path], window="1h", columns=COLUMNS, defaults=defaults)
    assert spec.current is not None
    assert spec.current.path == path
    assert set(spec.current.outputs) == set(outputs)
    world.settle()
    return list(spec.current.outputs)


def everywhere(user: str, clock: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """{reader: (status of the first feature, {feature: value as JSON})}."""
    names = list(published.published(PROJECT).groups["g"].versions[1].outputs)
    entities = {"user_id": [user]}
    newest = lookup.values(PROJECT, "g", {"user_id": user}, clock=clock)["values"]
    many = lookup.online_features(PROJECT, ["g"], entities, clock=clock)["results"]
    compact = lookup.online_features(PROJECT, ["g"], entities, clock=clock, compact=True)["results"]
    answer = lookup.online_answer(PROJECT, ["g"], entities, clock=clock, arrow=True)
    table = pa.ipc.open_stream(io.BytesIO(arrow.online_arrow(answer.plan, answer.rows, answer.columns, False))).read_all()
    kinds = published.published(PROJECT).groups["g"].versions[1].layouts[-1].outputs
    cells = [(table.column(f"g:{name}").to_pylist()[0], kind) for name, kind in zip(names, kinds, strict=True)]
    typed = [None if cell is None else types.to_json(types.parse_type(kind or "STRING"), cell) for cell, kind in cells]
    past = at.values_at(PROJECT, "g", user, {"at": format_time(clock)})["values"]
    return {
        "newest": (newest["n"]["status"], {name: newest[name]["value"] for name in names}),
        "many": (many[0]["statuses"][0], dict(zip(names, (one["values"][0] for one in many), strict=True))),
        "compact": (
            compact[0].get("statuses", ["PRESENT"])[0],
            dict(zip(names, (one["values"][0] for one in compact), strict=True)),
        ),
        "arrow": (table.column("g:n__status").to_pylist()[0], dict(zip(names, typed, strict=True))),
        "at": (past["n"]["status"], {name: past[name]["value"] for name in names}),
    }


@pytest.mark.parametrize("path", PATHS)
def test_every_reader_gives_the_same_default(world, path):
    outputs = define(world, path)
    world.push(
        [
            {"user_id": "left out", "x": -1, "timestamp": moment(-5), **dict.fromkeys(list(COLUMNS)[1:])},
            {"user_id": "gone", "x": 1, "timestamp": moment(-HOUR + 10), **dict.fromkeys(list(COLUMNS)[1:])},
        ]
    )
    world.settle()
    world.clock += 120 * MICRO
    world.settle()
    want = {name: SHOWN[name] for name in outputs}
    for user, status in (("nobody", "NOT_FOUND"), ("left out", "EMPTY_WINDOW"), ("gone", "EMPTY_WINDOW")):
        found = everywhere(user, world.clock)
        assert found == dict.fromkeys(found, (status, want)), (user, found)
    # a history tells V at event times: there the one that was left out has no row either
    told = at.history(PROJECT, "g", "left out", {"start_time": format_time(NOON - HOUR * MICRO)})["history"]
    assert [row["values"] for row in told] == [want]


@pytest.mark.parametrize("path", PATHS)
def test_a_null_of_a_row_stays_null(world, path):
    outputs = define(world, path)
    world.push([{"user_id": "u", "x": 4, "timestamp": moment(-5), **dict.fromkeys(list(COLUMNS)[1:])}])
    world.settle()
    want = dict.fromkeys(outputs, None) | {"n": 1 if path != "row" else 4, "mean": 4.0 if path != "row" else 2.0, "bare": 4}
    want |= {name: value for name, value in {"idle": 5, "words": 0}.items() if name in outputs}
    found = everywhere("u", world.clock)
    assert found == dict.fromkeys(found, ("PRESENT", want)), found
    told = at.history(PROJECT, "g", "u", {"start_time": format_time(NOON - HOUR * MICRO)})["history"]
    assert [row["values"] for row in told] == [want | ({"idle": 0} if "idle" in outputs else {})]


@pytest.mark.parametrize("path", PATHS)
def test_offline_tables_keep_what_was_computed(world, path):
    outputs = define(world, path)
    world.push([{"user_id": "left out", "x": -1, "timestamp": moment(-5), **dict.fromkeys(list(COLUMNS)[1:])}])
    world.settle()
    spec = published.published(PROJECT).groups["g"]
    found = tables.latest(spec, spec.versions[1], "left out")
    assert found is not None
    assert found[1]["__exists"] is False
    assert {name: found[1][name] for name in outputs} == dict.fromkeys(outputs)


def test_a_default_of_a_column_whose_type_turned_out_to_be_another(world):
    world.define("g", "SELECT user_id, MAX(word) AS n FROM input_data GROUP BY user_id", window="1h", defaults={"n": 5})
    world.settle()
    found = everywhere("nobody", world.clock)
    assert {reader: values["n"] for reader, (_, values) in found.items()} == {
        **dict.fromkeys(("newest", "many", "compact", "at"), 5),
        "arrow": None,  # the type of the column is not known yet
    }
    world.push([{"user_id": "u", "word": "a", "timestamp": moment(-5)}])
    world.settle()
    found = everywhere("nobody", world.clock)
    assert found == dict.fromkeys(found, ("NOT_FOUND", {"n": None})), found
