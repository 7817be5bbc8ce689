"""A version of several windows from its definition to its end: loaded, activated, typed, backfilled, rebuilt, deleted as one."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connections

from backends.offline import log_reading, tables
from backends.offline.pairs import BUCKETS
from backends.offline.routed import Routed
from backends.online import published
from core.clock import MICRO
from core.record import WHOLE
from core.spec import GroupSpec
from features import selectors
from monitoring import health
from processing import activation, backfill
from processing.applier import Applier
from processing.models import DeadLetter, Run
from processing.waiting import wait_applied
from serving import at, lookup
from tests import oracle
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, World, event

HOUR = 3600
WINDOWS = ["1h", "1d", "7d"]


@pytest.fixture
def group(world: World) -> World:
    """`g`, with an event in each of its windows."""
    world.define("g", SUMS, windows=WINDOWS)
    world.push([event("u", -60, 1.0), event("u", -5 * HOUR, 10.0), event("u", -50 * HOUR, 100.0), event("old", -90 * HOUR, 7.0)])
    world.settle()
    return world


def spec() -> GroupSpec:
    return published.published(PROJECT).groups["g"]


def codes(number: int = 1) -> list[str]:
    return [part.code for part in spec().versions[number].parts]


def totals(ref: str = "g", user: str = "u") -> list[float | None]:
    return [one["value"] for one in lookup.values(PROJECT, ref, {"user_id": user}, clock=NOON)["values"].values()]


def left(redis, code: str) -> list[bytes]:
    """The keys of values that hold a version's code in their names."""
    return [key for key in redis.keys("*") if code.encode() in key]


def tables_of(code: str) -> list[str]:
    with connections["default"].cursor() as c:
        c.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE %s ORDER BY 1", [f"fv\\_{code}%"])
        return [name for (name,) in c.fetchall()]


def test_each_window_stands_under_a_code_of_its_own(group, redis):
    code = group.code("g")
    assert codes() == [f"{code}_1h", f"{code}_1d", f"{code}_7d"]
    assert totals() == [1.0, 11.0, 111.0, 1, 2, 3]
    assert tables_of(code) == sorted(tables.table_name(part) for part in codes())
    assert not [key for key in left(redis, code) if f":{code}:".encode() in key], "nothing stands under the version's own"
    _, row = tables.latest(spec(), spec().versions[1].parts[1], "u")
    assert (row["total"], row["n"]) == (11.0, 2)


def test_statuses_are_those_of_the_window(group):
    values = lookup.values(PROJECT, "g", {"user_id": "old"}, clock=NOON)["values"]
    assert {name: one["status"] for name, one in values.items() if name.startswith("n")} == {
        "n_1h": "EMPTY_WINDOW",
        "n_1d": "EMPTY_WINDOW",
        "n_7d": "PRESENT",
    }
    assert {one["status"] for one in lookup.values(PROJECT, "g", {"user_id": "nobody"}, clock=NOON)["values"].values()} == {
        "NOT_FOUND"
    }


def test_the_time_since_an_event_and_conditions_on_the_clock_go_by_window_too(world):
    world.define(
        "g",
        "SELECT user_id, TIMESTAMPDIFF(SECOND, MIN(timestamp), current_timestamp) AS since, SUM(amount) AS total,"
        " COUNT(*) FILTER (WHERE timestamp > current_timestamp - INTERVAL 2 HOURS) AS fresh FROM input_data GROUP BY user_id",
        windows=["1h", "1d"],
    )
    world.push([event("u", -60, 1.0), event("u", -90 * 60, 10.0), event("u", -5 * HOUR, 100.0)])
    world.settle()
    assert totals() == [60, 5 * HOUR, 1.0, 111.0, 1, 2]
    later = NOON + 45 * 60 * MICRO
    world.clock = later
    world.settle()
    found = lookup.values(PROJECT, "g", {"user_id": "u"}, clock=later)["values"]
    assert [one["value"] for one in found.values()] == [46 * 60, 5 * HOUR + 45 * 60, 1.0, 111.0, 1, 1]
    past = at.values_at(PROJECT, "g", "u", {"at": oracle.iso(NOON)})["values"]
    assert [one["value"] for one in past.values()] == [60, 5 * HOUR, 1.0, 111.0, 1, 2]
    rows, _ = at.history_rows(PROJECT, lookup.plan_now(PROJECT, "g"), "u", None, later, 10)
    assert [list(values.values()) for _, values in rows] == [
        [0, 0, 100.0, 100.0, 1, 1],
        [0, 3 * HOUR + 1800, 10.0, 110.0, 1, 1],
        [0, 5 * HOUR - 60, 1.0, 111.0, 1, 2],
    ]


def test_a_batch_is_read_and_routed_once_for_all_windows(group, monkeypatch):
    asked = []

    def read(*range_of_the_log):
        asked.append(range_of_the_log)
        return log_reading.read(*range_of_the_log)

    group.applier = Applier(group.store, range(BUCKETS), read=read, rhythm=ALWAYS)
    taken, routed = Routed._taken, []
    monkeypatch.setattr(Routed, "_taken", lambda self, route, upto: routed.append(route) or taken(self, route, upto))
    group.push([event("u", -30, 1.0)])
    group.settle()
    assert totals() == [2.0, 12.0, 112.0, 2, 3, 4]
    assert (len(asked), len(routed)) == (1, 1)


def test_waiting_waits_for_every_window(group):
    version = spec().versions[1]
    assert wait_applied(PROJECT, [(spec(), version)], 4, 0)
    late = version.parts[2]
    with_one_late = group.store.cursors(PROJECT, [(late.code, 3)])[0]
    group.store.drop(PROJECT, [3], late.code)
    assert not wait_applied(PROJECT, [(spec(), version)], 4, 0)
    assert with_one_late.state == WHOLE
    group.applier.forget()
    group.settle()
    assert wait_applied(PROJECT, [(spec(), version)], 4, 0)


def test_it_becomes_active_when_every_window_has_caught_up(group):
    group.define("g", SUMS.replace("SUM(amount)", "SUM(amount * 2)"), windows=["6h", "30d"])
    one, two = spec().versions[1], spec().versions[2]
    run = activation.activate(PROJECT, "g", 2, "me")
    assert activation.caught_up(PROJECT, two, one) == 0.0
    assert not activation.advance(run)
    group.settle()
    group.store.drop(PROJECT, [5], two.parts[1].code)
    assert activation.caught_up(PROJECT, two, one) == 1 - 1 / (2 * BUCKETS)
    assert not activation.advance(run)
    group.applier.forget()
    group.settle()
    assert activation.advance(run)
    assert totals() == [22.0, 222.0, 2, 3]
    assert totals("g@1") == [1.0, 11.0, 111.0, 1, 2, 3], "the one it replaces is kept up"
    group.push([event("u", -50, 1.0)])
    assert activation.caught_up(PROJECT, one, two) == 1.0, "as far as each window of the one that serves"
    assert activation.caught_up(PROJECT, one) == 0.0


def test_a_group_of_one_window_becomes_one_of_several_and_goes_back(world):
    world.define("g", SUMS, window="1d")
    world.push([event("u", -60, 1.0)])
    world.settle()
    world.define("g", SUMS, windows=["1d"])
    world.settle()
    activation.activate(PROJECT, "g", 2, "me")
    assert list(lookup.values(PROJECT, "g", {"user_id": "u"}, clock=NOON)["values"]) == ["total_1d", "n_1d"]
    activation.activate(PROJECT, "g", 1, "me")
    assert list(lookup.values(PROJECT, "g", {"user_id": "u"}, clock=NOON)["values"]) == ["total", "n"]


def test_deleted_nothing_of_any_window_stays(group, redis):
    code = group.code("g")
    assert left(redis, code)
    group.drop("g")
    assert published.dropped(PROJECT) == {f"{code}_1h", f"{code}_1d", f"{code}_7d"}
    group.settle()
    assert (left(redis, code), tables_of(code), published.dropped(PROJECT)) == ([], [], frozenset())


def test_back_after_a_deletion_it_has_all_events_and_none_of_the_old_values(group, redis):
    old = group.code("g")
    group.drop("g")
    group.define("g", SUMS, windows=["1h"])
    group.settle()
    assert (left(redis, old), tables_of(old)) == ([], [])
    assert totals() == [1.0, 1]


def test_types_are_decided_once_for_all_windows(world):
    world.define("g", "SELECT user_id, MAX(x) AS high, COUNT(*) AS n FROM input_data GROUP BY user_id", windows=["1h", "1d"])
    world.push([{"user_id": "u", "x": None, "timestamp": oracle.iso(NOON - 2 * HOUR * MICRO)}])
    world.settle()
    assert [part.layouts[-1].outputs for part in spec().versions[1].parts] == [(None, "BIGINT")] * 2
    assert totals() == [None, None, None, 1]
    world.push(
        [{"user_id": "u", "x": "b", "timestamp": oracle.iso(NOON)}, {"user_id": "u", "x": 5, "timestamp": oracle.iso(NOON)}]
    )
    world.settle()
    assert spec().columns == {"x": "STRING"}
    assert (spec().layout, len(spec().versions[1].layouts)) == (1, 2)
    assert spec().versions[1].layouts[1].outputs == ("STRING", "STRING", "BIGINT", "BIGINT")
    assert totals() == ["b", "b", 1, 2]
    assert [(letter.code, letter.group) for letter in DeadLetter.objects.all()] == [("type_mismatch", "g")], "noted once"


def test_a_backfill_keeps_every_window(group):
    run = backfill.create(PROJECT, "g", None, NOON - 60 * HOUR * MICRO, None, "me")
    assert backfill.advance(run)
    run.refresh_from_db()
    assert (run.status, run.rows) == ("succeeded", 3 * 3)
    events = [{"us": NOON + s * MICRO, "amount": a} for s, a in ((-60, 1.0), (-5 * HOUR, 10.0), (-50 * HOUR, 100.0))]
    for window, code in zip(WINDOWS, codes(), strict=True):
        wanted = oracle.history(events, 0, NOON, window, {"total": ("sum", "amount")})
        with connections["default"].cursor() as c:
            c.execute(f"SELECT total FROM {tables.table_name(code)} WHERE __backfilled ORDER BY __as_of")
            assert [total for (total,) in c.fetchall()] == [row["total"] for _, row in wanted]
    assert backfill.estimate(PROJECT, "g", None, None, None) == {"entities": 2, "events": 4}


def test_a_draft_of_several_windows_is_backfilled_when_all_are_built(group):
    group.define("g", SUMS, windows=["6h", "30d"])
    for built in (False, True):
        if built:
            group.settle()
        assert backfill.advance(backfill.create(PROJECT, "g", 2, None, None, "me"))
        assert selectors.group_spec(PROJECT, "g").versions[2].status == ("backfilled" if built else "draft")
    assert totals("g@2") == [11.0, 111.0, 2, 3]


def test_it_is_rebuilt_and_explained(group):
    for code in codes():
        group.store.drop(PROJECT, range(BUCKETS), code)
    said = io.StringIO()
    call_command("rebuild_online", "g", stdout=said)
    assert [line.partition(":")[0] for line in said.getvalue().splitlines()] == [
        f"[{n}/3] g@1 over {window}" for n, window in enumerate(WINDOWS, 1)
    ]
    assert totals() == [1.0, 11.0, 111.0, 1, 2, 3]
    said = io.StringIO()
    call_command("explain_feature", "g", stdout=said)
    for line in (
        "window: 1h, lower edge moves in hops of 60 s",
        "window: 7d, lower edge moves in hops of 3600 s",
        "total_1d DOUBLE",
    ):
        assert line in said.getvalue()


def test_health_counts_groups_not_windows(group):
    group.define("one", SUMS, window="1d")
    group.settle()
    for code in codes()[:2]:
        group.store.drop(PROJECT, range(BUCKETS), code)
    health._whole(PROJECT)  # one of two groups is being made again
    assert Run.objects.count() == 0
