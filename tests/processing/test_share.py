"""The rounds of an applier: what it does when versions fail, go, lag, or Redis and PostgreSQL are not what they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DataError, OperationalError, connections

from backends.offline import log, tables
from backends.offline.pairs import BUCKETS
from backends.online import published
from core.errors import Unavailable
from features import services
from processing import share
from processing.applier import Applier
from processing.rhythm import Every
from tests.processing.world import ALWAYS, NOON, PROJECT, SUMS, event


def keys(redis):
    return [key for key in redis.keys("js:{default.*") if b"}:" in key]


def has_table(code):
    with connections["default"].cursor() as c:
        c.execute("SELECT count(*) FROM pg_tables WHERE tablename = %s", [tables.table_name(code)])
        return bool(c.fetchone()[0])


class TestParking:
    @pytest.fixture
    def broken(self, world, monkeypatch):
        """Two groups; applying one of them fails as long as `broken` says so."""
        world.define("good", SUMS)
        world.define("bad", SUMS.replace("SUM", "MAX"))
        world.settle()
        error: list[Exception] = []
        apply = share.compute_batch

        def compute_batch(store, target, *rest):
            if target.spec.name == "bad" and error:
                raise error[0]
            return apply(store, target, *rest)

        monkeypatch.setattr(share, "compute_batch", compute_batch)
        return error

    @pytest.mark.parametrize("failure", [ZeroDivisionError("a bug"), DataError("a value that PostgreSQL cannot hold")])
    def test_its_trouble_is_its_own_and_it_catches_up(self, world, broken, failure):
        broken.append(failure)
        world.push([event("u", -5, 1.0)])
        world.settle()
        assert world.read("good", "u", NOON)[2]["n"] == 1
        assert world.read("bad", "u", NOON)[0] == "NOT_FOUND"
        assert {cursor.position for cursor in world.cursors("bad")} == {0}, "it says how far it is, so readers see STALE"
        world.push([event("u", -4, 1.0)])
        world.settle()
        assert world.read("good", "u", NOON)[2]["n"] == 2
        broken.clear()
        world.applier.parking.release()
        world.settle()
        assert world.read("bad", "u", NOON)[2]["n"] == 2

    def test_a_store_that_is_away_is_everybody_s_trouble(self, world, broken):
        broken.append(OperationalError("the server closed the connection"))
        world.push([event("u", -5, 1.0)])
        with pytest.raises(OperationalError):
            world.settle()
        broken.clear()
        world.applier.forget()
        world.settle()
        assert world.read("bad", "u", NOON)[2]["n"] == world.read("good", "u", NOON)[2]["n"] == 1

    def test_a_registry_that_is_down_alone_parks_who_needs_it(self, world, monkeypatch):
        world.define("good", SUMS, columns={"amount": "DOUBLE"})
        world.define("bad", SUMS.replace("SUM", "MAX"))
        world.settle()

        def down(*args):
            raise Unavailable("registry_down", "MongoDB does not answer")

        with monkeypatch.context() as patch:
            patch.setattr(services, "fix_types", down)
            world.push([event("u", -5, 1.0)])
            world.settle()
        assert world.read("good", "u", NOON)[2]["n"] == 1
        world.applier.parking.release()
        world.settle()
        assert world.read("bad", "u", NOON)[2]["n"] == 1

    def test_a_load_that_fails_is_parked_too(self, world, monkeypatch):
        world.push([event("u", -5, 1.0)])
        world.define("good", SUMS)
        world.define("bad", SUMS.replace("SUM", "MAX"))
        loading = share.loading
        with monkeypatch.context() as patch:
            patch.setattr(
                share,
                "loading",
                lambda store, spec, *rest: loading(store, spec, *rest) if spec.name == "good" else iter([1 / 0 for _ in "x"]),
            )
            world.settle()
        assert world.read("good", "u", NOON)[2]["n"] == 1
        assert set(world.cursors("bad")) == {None}
        world.applier.parking.release()
        world.settle()
        assert world.read("bad", "u", NOON)[2]["n"] == 1


class TestDropping:
    def test_a_deleted_group_leaves_nothing(self, world, redis):
        world.push([event("u", -5, 1.0)])
        spec = world.define("g", SUMS, window="1d")
        world.settle()
        code = world.code("g")
        assert has_table(code)
        world.drop("g")
        world.settle()
        assert (keys(redis), has_table(code), published.dropped(PROJECT)) == ([], False, frozenset())
        world.define("g", SUMS, window="1d")
        world.settle()
        assert world.code("g") != code == spec.versions[1].code
        assert world.read("g", "u", NOON)[2]["n"] == 1

    def test_every_applier_drops_its_buckets_before_the_last_word_is_spoken(self, world, redis, monkeypatch):
        clock = [1000.0]
        monkeypatch.setattr("processing.dropping.time.monotonic", lambda: clock[0])
        rhythm = type(ALWAYS)(registry=0, refresh=0, sweep=0, beat=0, drop=10)
        low, high = (Applier(world.store, half, rhythm=rhythm) for half in (range(8), range(8, BUCKETS)))
        world.push([event(f"u{n}", -5, 1.0) for n in range(40)])
        world.define("g", SUMS)
        for applier in (low, high):
            while applier.step():
                pass
        code = world.code("g")
        world.drop("g")
        low.step()
        assert published.dropped(PROJECT) == {code}, "the other one has not looked yet"
        assert {key.split(b"}")[0] for key in keys(redis)} == {b"js:{default.%d" % n for n in range(8, BUCKETS)}
        assert has_table(code)
        high.step()
        assert keys(redis) == []
        world.store._client.set(f"js:{{default.9}}:{code}:r:late", b"x")  # what a late one still wrote
        clock[0] += 11
        low.step()
        assert (keys(redis), has_table(code), published.dropped(PROJECT)) == ([], False, frozenset())


class TestHeartbeat:
    def test_idle_cursors_say_when_they_last_equalled_the_head(self, world):
        world.define("g", SUMS)
        world.settle()
        world.clock += 7_000_000
        world.settle()
        assert {cursor.equal_at for cursor in world.cursors("g")} == {NOON + 7_000_000}

    def test_it_is_the_time_at_which_the_head_was_read_and_not_the_time_after_the_work(self, world, monkeypatch):
        world.define("g", SUMS)
        world.settle()
        world.push([event("u", -5, 1.0)])
        apply = share.compute_batch

        def slow(*given):
            world.clock += 30_000_000  # and the log may have grown meanwhile
            return apply(*given)

        monkeypatch.setattr(share, "compute_batch", slow)
        world.applier.step()
        assert {cursor.equal_at for cursor in world.cursors("g")} == {NOON}

    def test_who_is_behind_does_not_claim_to_be_level(self, world):
        world.define("g", SUMS)
        world.settle()
        idle = Applier(world.store, range(BUCKETS), apply=False, rhythm=ALWAYS)
        world.push([event("u", -5, 1.0)])
        world.clock += 9_000_000
        idle.step()
        assert {cursor.equal_at for cursor in world.cursors("g")} == {NOON}


class TestAnotherHistory:
    def test_a_redis_that_was_emptied_is_made_again(self, world, redis):
        world.define("g", SUMS)
        world.push([event("u", -5, 1.0)])
        world.settle()
        redis.flushall()
        world.settle()
        assert world.read("g", "u", NOON)[2] == {"total": 1.0, "n": 1}

    @pytest.mark.parametrize("change", [{"system": 1}, {"timeline": 9}, {"position": -3}])
    def test_a_cursor_of_another_database_or_beyond_its_end_is_not_believed(self, world, monkeypatch, change):
        world.define("g", SUMS)
        world.push([event("u", -5, float(n)) for n in range(5)])
        world.settle()
        (epoch,) = {cursor.epoch for cursor in world.cursors("g")}
        real = log.head

        def restored(project):
            head = real(project)
            moved = {name: value if name != "position" else head.position + value for name, value in change.items()}
            return type(head)(**{**head.__dict__, **moved})

        monkeypatch.setattr(log, "head", restored)
        world.settle()
        assert all(cursor.epoch > epoch and cursor.position == restored(PROJECT).position for cursor in world.cursors("g"))
        assert world.read("g", "u", NOON)[2]["n"] == restored(PROJECT).position

    def test_cursors_that_somebody_else_moved_are_read_again(self, world):
        world.define("g", SUMS)
        world.settle()
        seldom = Applier(world.store, range(BUCKETS), rhythm=type(ALWAYS)(refresh=3600, sweep=0))
        seldom.step()
        world.push([event("u", -5, 1.0)])
        world.settle()
        world.push([event("u", -4, 1.0)])
        while seldom.step():  # the first write is refused, the second knows better
            pass
        assert world.read("g", "u", NOON)[2] == {"total": 2.0, "n": 2}


def test_a_retired_version_is_left_alone(world, monkeypatch):
    world.define("g", SUMS)
    spec = published.published(PROJECT).groups["g"]
    retired = replace(spec, versions={1: replace(spec.versions[1], status="retired")})
    monkeypatch.setattr(published, "published", lambda project: published.Published(1, {"g": retired}, {}))
    world.settle()
    monkeypatch.undo()
    assert set(world.cursors("g")) == {None}


def test_every_so_often_by_a_clock_that_cannot_be_set_back(monkeypatch):
    clock = [50.0]
    monkeypatch.setattr("processing.rhythm.time.monotonic", lambda: clock[0])
    every = Every(2.0)
    assert [every.due(), every.due()] == [True, False]
    clock[0] += 1.9
    assert not every.due()
    clock[0] += 0.2
    assert every.due()
