"""Who reads a log that is purged: snapshots, positions, published definitions, and appliers that are behind."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from backends.offline import checkpoints, evaluate, log_reading, purging, retention
from backends.offline.pairs import BUCKETS
from backends.offline.tables import table_name
from backends.online import published
from core.clock import FOREVER, MICRO
from core.codec import to_us
from features import selectors
from processing import backfill, share
from processing.applier import Applier
from tests.processing.ages import DAY
from tests.processing.purged import OLD, at_its_clock, go, rows_of
from tests.processing.test_crash_points import dying
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, event


@pytest.fixture
def world(world, monkeypatch):
    return at_its_clock(world, monkeypatch)


class TestReaders:
    def test_a_snapshot_is_no_part_of_another_transaction(self, world):
        with pytest.raises(RuntimeError), transaction.atomic(using="default"), retention.snapshot(PROJECT):
            pass

    @pytest.mark.parametrize("safe", [True, False])
    def test_rows_on_their_way_out_count_once(self, world, monkeypatch, safe):
        """Some are deleted, some are not, all are in the checkpoints; without the look at their marks they count twice."""
        monkeypatch.setattr(purging, "CHUNK", 2)
        world.define("g", SUMS, columns={"amount": "DOUBLE"})
        world.push([event("u", OLD, 1.0) for _ in range(5)])
        world.settle()
        with dying(purging, "delete_some", before=False):
            go()
        if not safe:
            monkeypatch.setattr(checkpoints, "leaving", lambda project, positions: set())
        call_command("rebuild_online")
        found = evaluate.value_at(published.published(PROJECT).groups["g"], 1, "u", NOON)
        assert found.values == world.read("g", "u", NOON)[2] == ({"total": 5.0, "n": 5} if safe else {"total": 8.0, "n": 8})

    def test_a_backfill_begins_where_values_can_be_told(self, world, monkeypatch, capsys):
        monkeypatch.setattr(backfill, "now_us", lambda: world.clock)
        world.define("g", SUMS, columns={"amount": "DOUBLE"})
        world.push([event("u", OLD, 1.0), event("u", -60, 2.0)])
        world.settle()
        go()
        world.push([event("u", OLD, 4.0)])
        call_command("backfill", "g")
        spec = selectors.group_spec(PROJECT, "g")
        with connections["default"].cursor() as c:
            c.execute(f"SELECT __as_of, total, n FROM {table_name(spec.versions[1].code)} WHERE __backfilled")
            found = [(to_us(as_of), total, n) for as_of, total, n in c.fetchall()]
        assert found == [(NOON - 60 * MICRO, 7.0, 3)], "the late event's own time lies before what can be told"

    def test_positions_by_time_where_rows_are_missing(self, world):
        world.define("g", SUMS)
        for n in range(6):
            world.clock = NOON + n * MICRO
            world.push([event("u", OLD if n in (0, 2, 3, 5) else 0, 1.0)])
        world.clock = NOON + 60 * MICRO
        assert go() == 4
        found = [log_reading.position_at(PROJECT, NOON + n * MICRO, 6) for n in range(-1, 7)]
        assert found == [0, 0, 2, 2, 2, 5, 6, 6], "a row that is gone counts as having come with the next one"

    def test_a_version_that_is_made_later_says_so_before_its_answer_is_sent(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0)])
        world.settle()
        go()
        world.define("late", SUMS)
        assert published.published(PROJECT).groups["late"].versions[1].exact_from == FOREVER
        assert published.published(PROJECT).groups["g"].versions[1].exact_from == NOON - 2 * DAY
        assert selectors.group_spec(PROJECT, "late").versions[1].exact_froms == (), "the registry itself knows nothing of it"

    def test_a_redis_that_forgot_the_purge_is_told_again(self, world, redis):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0)])
        world.settle()
        before = {key: redis.dump(key) for key in redis.keys("js:*")}
        go()
        redis.flushall()
        for key, data in before.items():
            redis.restore(key, 0, data)
        assert published.published(PROJECT).groups["g"].versions[1].exact_from is None
        world.settle()
        assert published.published(PROJECT).groups["g"].versions[1].exact_from == NOON - 2 * DAY

    def test_checkpoints_go_with_their_group(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0)])
        world.settle()
        go()
        assert rows_of("log_checkpoint") == 1
        world.drop("g")
        world.settle()
        assert rows_of("log_checkpoint") == 0


class TestAppliersThatAreBehind:
    """Each with its safety and, as a negative control, without."""

    @pytest.fixture
    def filled(self, world):
        world.define("g", SUMS, columns={"amount": "DOUBLE"})
        world.push([event("u", OLD, 1.0)])
        world.settle()
        world.push([event("u", OLD, 2.0), event("u", 0, 4.0)])
        return world

    @pytest.mark.parametrize("safe", [True, False])
    def test_one_that_has_not_read_what_went(self, filled, monkeypatch, safe):
        if not safe:
            monkeypatch.setattr(share, "_foreign", lambda cursor, head: False)
            monkeypatch.setattr(retention, "reaches", lambda project: 0)
        assert go() == 2
        filled.settle()
        assert filled.read("g", "u", NOON)[2]["total"] == (7.0 if safe else 5.0)

    @pytest.mark.parametrize("safe", [True, False])
    def test_one_that_reads_while_rows_go(self, filled, monkeypatch, safe):
        if not safe:
            monkeypatch.setattr(retention, "reaches", lambda project: 0)
        gone: list[int] = []

        def late(*args):
            if not gone:
                gone.append(go())
            return log_reading.read(*args)

        applier = Applier(filled.store, range(BUCKETS), read=late, rhythm=ALWAYS)
        while applier.step():
            pass
        assert gone == [2]
        assert filled.read("g", "u", NOON)[2]["total"] == (7.0 if safe else 5.0)
