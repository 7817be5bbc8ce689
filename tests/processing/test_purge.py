"""What a purge takes and leaves, who stands against it, what becomes of corrections that come too late."""

from __future__ import annotations

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from backends import metrics
from backends.offline import purging
from backends.online import published
from core.clock import MICRO, format_time
from core.errors import Conflict, Invalid
from features.models import AuditEntry
from processing import kafka_ingest, no_route, purge
from processing.dead_letters import Filter
from processing.models import DeadLetter
from tests.processing.ages import DAY
from tests.processing.purged import OLD, at_its_clock, go, positions, rows_of
from tests.processing.test_crash_points import dying
from tests.processing.test_kafka_ingest import PLACE, message
from tests.processing.world import NOON, PROJECT, SUMS, at, event

HOUR = 3600 * MICRO


@pytest.fixture
def world(world, monkeypatch):
    return at_its_clock(world, monkeypatch)


class TestWhatGoes:
    def test_rows_up_to_the_time_and_no_others(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0), event("u", -2 * 86_400, 2.0), event("u", -2 * 86_400 + 1e-6, 3.0), event("v", 0, 4.0)])
        assert go() == 2
        assert (positions(), rows_of("log_index")) == ([3, 4], 2)
        assert go() == 0, "and nothing again"

    def test_every_time_column_has_to_be_old(self, world):
        world.define("g", SUMS)
        world.define("h", SUMS, timestamp_column="shipped")
        world.push([event("u", seconds, 1.0, shipped=at(shipped)) for seconds, shipped in ((OLD, 0), (OLD, OLD), (0, OLD))])
        world.settle()
        assert go() == 1
        assert positions() == [1, 3]

    def test_what_no_index_holds_goes_by_the_time_of_its_record(self, world):
        world.define("g", SUMS)
        world.settle()
        world.clock = NOON + OLD * MICRO
        world.push([{"other": 1}, {"event_id": "x", "deleted": True}])
        world.clock = NOON
        world.push([{"other": 2}])
        assert [letter.code for letter in no_route.list_letters(Filter(PROJECT))[0]] == ["no_route"] * 2
        assert go() == 2
        assert positions() == [3]
        assert len(no_route.list_letters(Filter(PROJECT))[0]) == 1, "a letter without its row is no letter"

    def test_corrected_rows_go_and_what_replaced_them_stays_where_it_is_young(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0, event_id="a")])
        world.push([event("u", -5, 2.0, event_id="a", revision=1)])
        world.settle()
        assert go() == 1
        call_command("rebuild_online")
        assert world.read("g", "u", NOON)[2] == {"total": 2.0, "n": 1}

    def test_counters_of_partitions_say_how_many_went(self, world):
        rows = [[event("u", OLD, 1.0), event("u", 0, 1.0)], [event("v", OLD, 2.0)]]
        kafka_ingest.accept_kafka(PROJECT, [message(offset, of) for offset, of in enumerate(rows)])
        world.define("g", SUMS)
        before = metrics.PURGED.labels(project=PROJECT)._value.get()
        assert go() == 2
        with connections["default"].cursor() as c:
            c.execute("SELECT stored, purged FROM log_source_offset WHERE topic_id = %s", [PLACE[0]])
            assert c.fetchone() == (3, 2)
        assert metrics.PURGED.labels(project=PROJECT)._value.get() == before + 2
        world.push([event("u", OLD, 1.0)])
        assert go() == 1
        call_command("check_conservation", "--project", PROJECT)  # which fails where an account is off
        entry = AuditEntry.objects.filter(action="purge")[0]
        assert (entry.actor, entry.object) == ("ann", f"log to {format_time(NOON - 2 * DAY)}")

    def test_rows_that_no_index_could_place_leave_nothing_behind(self, world):
        world.define("g", SUMS)
        world.define("h", "SELECT user_id, MAX(level) AS m FROM input_data GROUP BY user_id", timestamp_column="seen")
        world.settle()
        world.push([event("u", OLD, 1.0, level=1.0, seen="never")])
        assert rows_of("log_unplaced") == 1
        assert go() == 1
        assert rows_of("log_unplaced") == rows_of("log_index") == 0


class TestLateCorrections:
    @pytest.fixture
    def purged(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0, event_id="a"), event("u", 0, 2.0, event_id="b")])
        world.settle()
        assert go() == 1
        return world

    def test_they_are_rejected_and_kept_as_letters(self, purged):
        rows = [
            event("u", 0, 9.0, event_id="a", revision=1),
            event("u", 0, 3.0, event_id="b", revision=1),
            {"event_id": "a", "deleted": True},
            event("u", OLD, 1.0, event_id="a"),
            event("u", OLD, 5.0, event_id="c"),
        ]
        done = purged.push(rows)
        assert [(index, code) for index, code, _ in done.rejected] == [(0, "beyond_retention"), (2, "beyond_retention")]
        assert (done.accepted, done.duplicates, done.position) == (2, 1, 4)
        assert done.fates == ["rejected", "stored", "rejected", "duplicates", "stored"]
        assert [letter.code for letter in DeadLetter.objects.order_by("id")] == ["beyond_retention"] * 2
        purged.settle()
        assert purged.read("g", "u", NOON)[2] == {"total": 9.0, "n": 3}, "1 of the checkpoint, 3 for b, 5 that came late"

    def test_by_kafka_they_are_among_the_rejected(self, purged):
        rows = [event("u", 0, 9.0, event_id="a", revision=1), event("v", 0, 1.0)]
        done = kafka_ingest.accept_kafka(PROJECT, [message(0, rows)])
        assert (done.stored, done.dead, done.duplicates) == (1, 1, 0)

    def test_a_correction_between_looking_and_marking_keeps_its_row(self, world, monkeypatch):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0, event_id="a"), event("u", OLD, 2.0)])
        world.settle()
        real = purging.mark

        def overtaken(begun, rows):
            monkeypatch.setattr(purging, "mark", real)
            assert world.push([event("v", OLD, 5.0, event_id="a", revision=1)]).rejected == []
            return real(begun, rows)

        monkeypatch.setattr(purging, "mark", overtaken)
        assert go() == 1
        assert positions() == [1, 3], "the corrected row, for whoever has not applied it, and what replaced it"
        world.settle()
        for _ in range(2):
            assert world.read("g", "u", NOON)[2] == {"total": 2.0, "n": 1}
            assert world.read("g", "v", NOON)[2] == {"total": 5.0, "n": 1}
            call_command("rebuild_online")

    def test_a_marked_row_can_no_longer_be_corrected_and_after_calling_off_it_can(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0, event_id="a")])
        with dying(purging, "cover", before=True) as deaths:
            go()
        assert deaths
        correction = event("u", 0, 2.0, event_id="a", revision=1)
        assert [code for _, code, _ in world.push([correction]).rejected] == ["beyond_retention"]
        purging.call_off(purging.unfinished(PROJECT))
        assert world.push([correction]).rejected == []


class TestWhoStandsAgainstIt:
    def test_they_are_named_and_nothing_is_touched(self, world, capsys):
        world.define("week", SUMS, window="7d")
        world.define("hours", SUMS, windows=["1h", "6h"])
        world.define("kinds", "SELECT user_id, COUNT(DISTINCT amount) AS n FROM input_data GROUP BY user_id")
        world.define("plain", SUMS)
        world.push([event("u", OLD, 1.0)])
        time = format_time(NOON - 2 * DAY)
        with pytest.raises(CommandError) as refused:
            call_command("purge_log", "--before", time)
        reasons = str(refused.value).splitlines()[1:]
        assert [reason.split(" ")[0] for reason in reasons] == ["kinds@1", "week@1"]
        edge = format_time((NOON - 7 * DAY - 600 * MICRO) // HOUR * HOUR)
        assert reasons[1] == f"week@1 (window 7d) still needs rows back to {edge}"
        assert (positions(), rows_of("log_purge"), rows_of("log_leaving")) == ([1], 0, 0)
        capsys.readouterr()
        call_command("purge_log", "--before", time, "--dry-run")
        assert capsys.readouterr().out.splitlines() == ["would delete 1 rows", *(f"refused: {reason}" for reason in reasons)]

    def test_drafts_stand_against_it_too(self, world):
        world.define("g", SUMS)
        world.define("g", SUMS, window="30d")
        world.push([event("u", OLD, 1.0)])
        with pytest.raises(purge.Refused, match="purge_refused: g@2 "):
            go()

    def test_groups_that_take_no_such_row_do_not(self, world):
        world.define("g", SUMS)
        world.define("other", "SELECT user_id, MODE(score) AS m FROM input_data GROUP BY user_id")
        world.push([event("u", OLD, 1.0), {"user_id": "u", "score": 1.0, "timestamp": at(0)}])
        world.settle()
        assert go() == 1
        world.drop("other")
        world.define("later", "SELECT user_id, MODE(score) AS m FROM input_data GROUP BY user_id")
        assert published.published(PROJECT).groups["later"].versions[1].exact_from is None
        world.settle()
        assert world.read("later", "u", NOON)[2] == {"m": 1.0}

    def test_the_last_ten_minutes_are_left_alone(self, world):
        with pytest.raises(Invalid, match="10 minutes"):
            go(-599)
        with pytest.raises(CommandError):
            call_command("purge_log", "--before", "yesterday")

    def test_one_at_a_time(self, world):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0)])
        seen: list[Exception] = []

        def second() -> None:
            try:
                go()
            except Conflict as error:
                seen.append(error)
            finally:
                connections.close_all()

        with purge._alone(PROJECT):
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        assert [error.code for error in seen] == ["purge_running"]

    def test_a_checkpoint_that_cannot_be_computed_calls_it_off(self, world, monkeypatch):
        world.define("g", SUMS)
        world.push([event("u", OLD, 1.0)])

        def broken(*_args):
            raise OSError("no engine")

        monkeypatch.setattr("backends.offline.checkpoints.merged", broken)
        with pytest.raises(OSError):
            go()
        assert (positions(), rows_of("log_purge"), rows_of("log_leaving"), rows_of("log_checkpoint")) == ([1], 0, 0, 0)
