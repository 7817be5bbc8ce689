"""The time since the first or last event, against brute force: newest values, many at once, Arrow, `at`, history, offline."""

from __future__ import annotations

import io
import itertools
import os
from typing import Any

import pyarrow as pa
import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.offline import tables
from backends.offline.evaluate import history, value_at
from backends.online import published
from core.clock import MICRO
from core.spec import GroupSpec
from processing import backfill
from serving import arrow, lookup
from tests import oracle
from tests.processing.world import PROJECT, World

LONG = bool(os.environ.get("JSTORE_TEST_LONG"))
BASE = 1_790_000_000 * MICRO
DAY = 86_400 * MICRO
FORMS = (
    "SELECT user_id, SUM(amount) AS total,"
    " TIMESTAMPDIFF(SECOND, MAX(timestamp), current_timestamp) AS seconds,"
    " TIMESTAMPDIFF(MINUTE, MIN(timestamp), now()) AS minutes,"
    " DATEDIFF(HOUR, MAX(timestamp) FILTER (WHERE kind = 'a'), current_timestamp()) AS hours_a,"
    " TIMESTAMPDIFF(DAY, current_timestamp, MIN(timestamp)) AS back,"
    " DATEDIFF(current_timestamp, MAX(timestamp)) AS dates,"
    " DATEDIFF(current_date(), DATE(MIN(CASE WHEN kind <> 'a' THEN timestamp END))) AS dates_else,"
    " UNIX_TIMESTAMP(current_timestamp) - UNIX_TIMESTAMP(MAX(timestamp)) AS unix,"
    " (UNIX_TIMESTAMP() - UNIX_TIMESTAMP(MAX(timestamp))) DIV 3600 AS unix_hours,"
    " MAX(timestamp) AS last"
)
KINDS = {
    "t": FORMS + " FROM input_data GROUP BY user_id",
    "r": FORMS + ", COLLECT_LIST(kind) AS kinds FROM input_data GROUP BY user_id",
    "c": FORMS
    + ", COUNT(*) FILTER (WHERE timestamp > current_timestamp - INTERVAL 90 SECONDS) AS fresh FROM input_data GROUP BY user_id",
}
WINDOWS = (None, "1h", "30d")
GROUPS = [(f"{kind}_{window or 'all'}", kind, window) for kind in KINDS for window in WINDOWS]
COLUMNS = {"amount": "BIGINT", "kind": "STRING"}
NAMES = ("seconds", "minutes", "hours_a", "back", "dates", "dates_else", "unix", "unix_hours")
_entities = itertools.count()
compared = {"values": 0}


@pytest.fixture
def world(fresh, monkeypatch):
    world = World(monkeypatch, BASE)
    for name, kind, window in GROUPS:
        spec = world.define(name, KINDS[kind], window=window, columns=COLUMNS, defaults={"seconds": -1, "total": 7})
        assert spec.current is not None
        assert spec.current.path == ("tiles" if kind == "t" else "recompute")
    world.settle()
    return world


def want(sent: list[Any], t: int, window: str | None) -> dict[str, Any] | None:
    """The forms by hand."""
    events = oracle.inside(sent, t, window)
    if not events:
        return None
    times = [e["us"] for e in events]
    a, others = [e["us"] for e in events if e["kind"] == "a"], [e["us"] for e in events if e["kind"] != "a"]
    first, last = min(times), max(times)
    return {
        "seconds": (t - last) // MICRO,
        "minutes": (t - first) // (60 * MICRO),
        "hours_a": (t - max(a)) // (3600 * MICRO) if a else None,
        "back": -((t - first) // DAY),
        "dates": t // DAY - last // DAY,
        "dates_else": t // DAY - min(others) // DAY if others else None,
        "unix": t // MICRO - last // MICRO,
        "unix_hours": (t // MICRO - last // MICRO) // 3600,
    }


def wrong(name: str, window: str | None, user: str, sent: list[Any], clock: int) -> list[Any]:
    """What the newest values say at a clock, and the same of many at once and in Arrow, that brute force does not."""
    document = lookup.values(PROJECT, name, {"user_id": user}, clock=clock)
    as_of = oracle.from_iso(document["as_of"])
    row = want(sent, as_of, window)
    found = []
    for feature in NAMES:
        compared["values"] += 1
        got, status = document["values"][feature]["value"], document["values"][feature]["status"]
        value = row[feature] if row else (-1 if feature == "seconds" and status in ("NOT_FOUND", "EMPTY_WINDOW") else None)
        if got != value or (row is not None and status not in ("STALE", "NULL" if value is None else "PRESENT")):
            found.append((name, feature, status, got, value))
    asked = {"user_id": [user, f"no-{user}", user]}
    many = lookup.online_features(PROJECT, [name], asked, clock=clock)["results"]
    answer = lookup.online_answer(PROJECT, [name], asked, clock=clock, arrow=True)
    table = pa.ipc.open_stream(io.BytesIO(arrow.online_arrow(answer.plan, answer.rows, answer.columns, False))).read_all()
    names = list(document["values"])
    for place, feature in enumerate(names):
        shown = document["values"][feature]["value"]
        # of an entity that is not there: nothing is said while the bucket may be behind
        absent = {"seconds": -1, "total": 7}.get(feature) if many[place]["statuses"][1] == "NOT_FOUND" else None
        if many[place]["values"] != [shown, absent, shown]:
            found.append((name, feature, "many", many[place]["values"], shown))
        column = table.column(f"{name}:{feature}")
        if feature in NAMES and (column.type != pa.int64() or column.to_pylist() != [shown, absent, shown]):
            found.append((name, feature, "arrow", column.type, column.to_pylist(), shown))
    return found


def push(world: World, user: str, sent: list[Any], times: list[int], data: Any) -> None:
    events = [
        {"us": us, "amount": data.draw(st.integers(-9, 9)), "kind": data.draw(st.sampled_from("ab")), "user_id": user}
        for us in times
    ]
    world.push([{**{k: v for k, v in e.items() if k != "us"}, "timestamp": oracle.iso(e["us"])} for e in events])
    sent += events


@settings(
    max_examples=100 if LONG else 8,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_forms_at_any_clock_equal_brute_force_at_and_history(world, data):
    user, sent = f"u{next(_entities)}", []
    near = st.integers(-3 * DAY, 299 * MICRO) | st.integers(-4000 * MICRO, 0) | st.sampled_from([-DAY, -3600 * MICRO, -MICRO, 0])
    for _ in range(data.draw(st.integers(1, 2), label="batches")):
        world.clock += data.draw(st.integers(0, DAY), label="step")
        push(world, user, sent, [world.clock + data.draw(near) for _ in range(data.draw(st.integers(1, 4)))], data)
        world.settle()
        last = max(e["us"] for e in sent)
        edges = [last + unit + one for unit in (MICRO, 3600 * MICRO, DAY) for one in (-1, 0, 1)]
        midnight = (world.clock // DAY + 1) * DAY
        # strategies take no clock in: the world's goes on from example to example
        for ahead in data.draw(st.lists(st.integers(0, 2 * DAY) | st.integers(-11, -1), min_size=2, max_size=5), label="clocks"):
            clock = world.clock + ahead if ahead >= 0 else [*edges, midnight - 1, midnight][ahead]
            for name, _, window in GROUPS:
                assert wrong(name, window, user, sent, max(clock, world.clock)) == []
    specs = published.published(PROJECT).groups
    for ahead in data.draw(st.lists(st.integers(-4 * DAY, DAY), min_size=1, max_size=3), label="at"):
        t = world.clock + ahead
        for name, _, window in GROUPS:
            got, row = value_at(specs[name], 1, user, t).values, want(sent, t, window)
            assert (got is None) == (row is None)
            assert row is None or {n: got[n] for n in NAMES} == row
    for name, _, window in GROUPS:
        rows, _ = history(specs[name], 1, user, min(e["us"] for e in sent), world.clock, 100, None)
        assert rows
        for t, got in rows:
            assert {n: got[n] for n in NAMES} == want(sent, t, window), (name, t)


def test_enough_was_compared():
    print(compared)
    assert compared["values"] > 2_000, compared


def test_the_record_keeps_the_moment_and_the_answer_counts_from_it(world):
    world.push([{"user_id": "u", "amount": 1, "kind": "a", "timestamp": oracle.iso(BASE - MICRO)}])
    world.settle()
    _, _, kept = world.read("t_all", "u", BASE)
    assert kept["seconds"] == kept["last"] == BASE - MICRO
    for later in (0, 1, 7, 59):
        found = lookup.values(PROJECT, "t_all:seconds", {"user_id": "u"}, clock=BASE + later * MICRO)
        assert found["values"]["seconds"]["value"] == 1 + later


def test_dtypes_and_specs(world):
    spec = published.published(PROJECT).groups["t_all"]
    version = spec.versions[1]
    assert dict(zip(version.outputs, version.layouts[0].outputs, strict=True)) == {
        "total": "BIGINT",
        **dict.fromkeys(NAMES, "BIGINT"),
        "last": "TIMESTAMP",
    }
    assert [kind for kind, form in zip(version.kept(0), version.forms, strict=True) if form] == ["TIMESTAMP"] * len(NAMES)
    assert GroupSpec.loads(spec.dumps()).versions[1] == version


def test_offline_rows_hold_the_feature_as_of_their_time(world):
    sent: list[Any] = []
    for age in (3 * DAY, 2 * 3600 * MICRO):
        sent.append({"us": BASE - age, "amount": 1, "kind": "b", "user_id": "u"})
    world.push([{**{k: v for k, v in e.items() if k != "us"}, "timestamp": oracle.iso(e["us"])} for e in sent])
    world.settle()
    version = published.published(PROJECT).groups["t_all"].versions[1]
    _, row = tables.latest(published.published(PROJECT).groups["t_all"], version, "u")
    assert {n: row[n] for n in NAMES} == want(sent, BASE, None)
    run = backfill.create(PROJECT, "r_all", None, None, BASE, "test")
    assert backfill.advance(run)
    with connections["default"].cursor() as c:
        code = world.code("r_all")
        c.execute(f"SELECT __as_of, {', '.join(NAMES)} FROM {tables.table_name(code)} WHERE __backfilled ORDER BY __as_of")
        rows = c.fetchall()
    assert [dict(zip(NAMES, cells, strict=True)) for _, *cells in rows] == [want(sent, e["us"], None) for e in sent]


def test_each_of_several_windows_counts_from_its_own_moment(world):
    sql = "SELECT user_id, TIMESTAMPDIFF(MINUTE, MIN(timestamp), now()) AS minutes FROM input_data GROUP BY user_id"
    world.define("many", sql, windows=["1h", "1d"])
    world.settle()
    world.push([{"user_id": "u", "timestamp": oracle.iso(BASE - age * 60 * MICRO)} for age in (50, 500)])
    world.settle()
    found = lookup.values(PROJECT, "many", {"user_id": "u"}, clock=BASE + MICRO)["values"]
    assert {name: one["value"] for name, one in found.items()} == {"minutes_1h": 50, "minutes_1d": 500}
