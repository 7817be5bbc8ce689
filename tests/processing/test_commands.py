"""manage.py explain_feature, backfill, rebuild_online, apply_events."""

from __future__ import annotations

import gc
import io
import re
import signal

import pytest
from django.core.management import CommandError, call_command

from core.record import REBUILDING, Cursor
from processing.models import Run
from tests.processing.world import NOON, SUMS, event


@pytest.fixture
def filled(world):
    world.define("g", SUMS, window="1d")
    world.push([event(user, -n, 1.0) for user in "uv" for n in (60, 30)])
    world.settle()
    return world


def said(capsys, name, *args):
    call_command(name, *args)
    return capsys.readouterr().out


class TestExplain:
    def test_it_says_how_and_why(self, filled, capsys):
        text = said(capsys, "explain_feature", "g")
        for part in (
            "g@1 (active), entity user_id",
            "path: tiles",
            "window: 1d",
            "hops of 900 s",
            "amount DOUBLE",
            "total DOUBLE, n BIGINT",
        ):
            assert part in text
        assert text.count("SELECT") >= 3
        assert "partials of a hop:" in text

    def test_in_spark_s_words_and_for_a_version_by_number(self, filled, capsys):
        filled.define("g", "SELECT user_id, COLLECT_LIST(kind) AS kinds FROM input_data GROUP BY user_id")
        text = said(capsys, "explain_feature", "g@2", "--dialect", "spark")
        assert "g@2 (draft)" in text
        assert "path: recompute" in text
        assert "partials" not in text

    @pytest.mark.parametrize("name", ["nobody", "g@7", "no name"])
    def test_what_is_not_there(self, filled, name):
        with pytest.raises(CommandError):
            call_command("explain_feature", name)


class TestBackfill:
    def test_it_runs_here_and_now_as_a_run_that_the_pages_show(self, filled, capsys):
        text = said(capsys, "backfill", "g", "--chunk", "1")
        run = Run.objects.get()
        assert text.strip() == f"run {run.id}: 4 rows in g"
        assert (run.status, run.type, run.actor) == ("succeeded", "backfill", "command")

    def test_a_range_and_a_dry_run(self, filled, capsys):
        start = event("u", -45, 0)["timestamp"]
        assert said(capsys, "backfill", "g", "--dry-run", "--start", start).strip() == "would read 2 events of 2 entities"
        assert Run.objects.count() == 0
        assert ": 2 rows" in said(capsys, "backfill", "g@1", "--start", start)

    @pytest.mark.parametrize(
        "args", [["nobody"], ["g", "--start", "yesterday"], ["g@7"], ["g", "--chunk", "0"], ["g", "--chunk", "-1"]]
    )
    def test_what_cannot_be(self, filled, args):
        with pytest.raises(CommandError):
            call_command("backfill", *args)


class TestRebuild:
    def test_everything_is_made_again_under_a_new_epoch(self, filled, capsys):
        before = filled.cursors("g")
        text = said(capsys, "rebuild_online")
        assert text.strip() == "[1/1] g@1: 16 of 16 buckets at position 4"
        assert all(new.epoch > old.epoch for new, old in zip(filled.cursors("g"), before, strict=True))
        assert filled.read("g", "u", NOON)[2] == {"total": 2.0, "n": 2}

    def test_what_redis_lost_comes_back_without_an_applier(self, filled, redis, capsys):
        redis.flushall()
        said(capsys, "rebuild_online")
        assert filled.read("g", "u", NOON)[2] == {"total": 2.0, "n": 2}

    def test_one_group_alone(self, filled, capsys):
        filled.define("h", SUMS)
        assert "h@1" in said(capsys, "rebuild_online", "h")
        assert {cursor.position for cursor in filled.cursors("h")} == {4}

    def test_who_watches_sees_how_far_it_is(self, filled):
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        call_command("rebuild_online", "g", stdout=terminal)
        bars = re.findall(r"g \[(#*)(\.*)\] +(\d+)%", terminal.getvalue())
        assert len(bars) > 2
        assert {len(full) + len(left) for full, left, _ in bars} == {40}
        shares = [int(share) for *_, share in bars]
        assert shares == sorted(shares)
        assert "16 of 16 buckets" in terminal.getvalue().splitlines()[-1]

    def test_an_unknown_one(self, filled):
        with pytest.raises(CommandError, match="nobody"):
            call_command("rebuild_online", "g", "nobody")

    def test_a_running_applier_that_takes_a_bucket_over_is_said(self, filled, monkeypatch, capsys):
        write = filled.store.write

        def taken_over(store, project, writes):
            first = [w for w in writes if w.bucket == 3 and w.cursor.state == REBUILDING]
            done = write(project, writes)
            if first:
                newer = Cursor(first[0].cursor.epoch + 1, 0, 0, REBUILDING, 0, 0)
                write(project, [type(first[0])(first[0].code, 3, first[0].cursor.fence, newer)])
            return done

        monkeypatch.setattr(type(filled.store), "write", taken_over)
        text = said(capsys, "rebuild_online", "g")
        assert "15 of 16 buckets" in text
        assert "an applier" in text


class TestApply:
    @pytest.fixture(autouse=True)
    def as_before(self):
        """The command changes how its process collects garbage and takes signals."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        thresholds = gc.get_threshold()
        yield
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def test_once_until_everything_is_applied(self, world):
        world.define("g", SUMS)
        world.push([event("u", -n, 1.0) for n in range(50)])
        call_command("apply_events", "--once")
        assert world.read("g", "u", NOON)[2]["n"] == 50

    def test_some_buckets_alone(self, world):
        world.define("g", SUMS)
        call_command("apply_events", "--once", "--buckets", "0-3")
        assert [cursor is not None for cursor in world.cursors("g")] == [True] * 4 + [False] * 12
        call_command("apply_events", "--once", "--buckets", "15")
        assert world.cursors("g")[15].whole

    @pytest.mark.parametrize("buckets", ["x", "", "3-1", "0-16", "-1", "1-2-3"])
    def test_buckets_that_are_none(self, fresh, buckets):
        with pytest.raises(CommandError, match="buckets"):
            call_command("apply_events", "--once", f"--buckets={buckets}")
