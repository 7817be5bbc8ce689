"""The conservation law: it holds whatever comes and goes, also while rows are stored, and whatever is lost shows."""

from __future__ import annotations

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from backends import metrics
from backends.offline import conservation as accounts
from backends.offline import log_sources
from backends.offline.conservation import OTHERWISE
from processing import conservation, letters_bulk, poison, purge, tasks
from processing.conservation import check
from processing.kafka_ingest import accept_kafka
from processing.letter_filter import Filter
from processing.models import DeadLetter
from processing.replay import discard, replay
from tests.processing.test_kafka_ingest import PLACE, message, numbers
from tests.processing.world import NOON, PROJECT, SUMS, event


def sql(text, *values):
    with connection.cursor() as c:
        c.execute(text, values)
        return c.rowcount


def off(whole=True):
    """By how much each place is off, those that are not left out."""
    return {one.place: one.broken for one in check(PROJECT, whole) if one.broken}


@pytest.fixture
def busy(world):
    """All that can happen to a row: stored, duplicate, refused, several or none in a message, gaps, redelivery, poison."""
    world.define("g", SUMS)
    rows = [event("u", -1, 1.0, event_id="a"), event("u", -1, 1.0, event_id="a"), event(None, -1, 1.0), event("u", -1, 2.0)]
    batch = [
        message(5, {"feature_group": "g", "data": rows}),
        message(6, b"\xff\xfe"),
        message(7, None),
        message(12, []),
        message(13, event("u", -1, 4.0)),
        message(0, event("u", -1, 4.0), partition=1),
    ]
    accept_kafka(PROJECT, batch)
    accept_kafka(PROJECT, batch[2:])
    poison.put_aside(PROJECT, message(15, b"{}"), ValueError())
    world.push([event("u", -1, 5.0), event(None, -1, 5.0), {"nobody": 1}])
    return world


def test_all_accounts_agree_after_all_that_can_happen(busy):
    found = {one.place: one for one in check(PROJECT, True)}
    told = found[PLACE].told
    assert (told.next_offset - told.first_offset, told.records, told.gaps) == (11, 6, 5)
    assert (told.rows, told.stored, told.duplicates, told.rejected) == (8, 3, 1, 4)
    assert (found[PLACE].letters, found["topic-id", 1].told.stored, found[OTHERWISE].told.stored) == (4, 1, 2)
    assert [one.broken for one in found.values()] == [0, 0, 0]
    accept_kafka(PROJECT, numbers(16, 20))
    assert off(whole=False) == {}


def test_what_is_replayed_or_discarded_stays_accounted_for(busy):
    one, *_ = DeadLetter.objects.filter(topic_id="topic-id", code="missing_entity")
    replay(PROJECT, one.id, "me", event("u", -1, 9.0))
    discard(PROJECT, DeadLetter.objects.get(code="unstorable").id, "me")
    assert off() == {}
    letters_bulk.at_once(Filter(PROJECT), "discard", "me")
    (account,) = (one for one in check(PROJECT, True) if one.place == PLACE)
    assert (account.letters, account.gone, account.broken) == (0, 4, 0)


class TestNegativeControls:
    """What each of the accounts is there to find."""

    def test_a_row_that_vanished_is_found_by_counting_all(self, busy):
        assert off(whole=False) == {}
        sql("DELETE FROM log_event WHERE topic_id = 'topic-id' AND topic_partition = 1")
        assert (off(whole=False), off(whole=True)) == ({}, {("topic-id", 1): 1})

    def test_one_that_came_since_is_found_at_once_and_stays_found(self, busy):
        check(PROJECT, True)
        accept_kafka(PROJECT, numbers(16, 20))
        sql("DELETE FROM log_event WHERE topic_offset = 17")
        assert off(whole=False) == {PLACE: 1}
        accept_kafka(PROJECT, numbers(20, 22))
        assert off(whole=False) == {PLACE: 1}
        assert accounts.standing()[0] == 1
        assert off(whole=True) == {PLACE: 1}

    def test_a_row_stored_twice(self, busy):
        sql("UPDATE log_event SET topic_partition = 1 WHERE topic_offset = 13")
        assert off() == {PLACE: 1, ("topic-id", 1): 1}

    def test_a_row_of_a_partition_that_nobody_counted(self, busy):
        sql("UPDATE log_event SET topic_id = 'unknown', topic_partition = 9 WHERE topic_offset = 13")
        assert off() == {PLACE: 1, ("unknown", 9): 1}

    def test_a_letter_that_vanished(self, busy):
        DeadLetter.objects.filter(code="invalid_utf8").delete()
        assert off(whole=False) == {PLACE: 1}

    @pytest.mark.parametrize("counter", ["records", "gaps", "rows", "duplicates", "next_offset"])
    def test_a_counter_that_was_not_moved(self, busy, counter):
        sql(f"UPDATE log_source_offset SET {counter} = {counter} + 1 WHERE topic_partition = 0")
        assert off(whole=False) == {PLACE: 1}

    def test_a_row_of_http(self, busy):
        sql("DELETE FROM log_event WHERE topic_id IS NULL AND position = 6")
        assert off() == {OTHERWISE: 1}


def test_it_is_true_of_one_moment_while_rows_are_stored(world):
    def consume():
        for n in range(40):
            accept_kafka(PROJECT, [*numbers(n * 5, n * 5 + 4), message(n * 5 + 4, b"\xff")])
        connections.close_all()

    writer = threading.Thread(target=consume)
    writer.start()
    seen = []
    while writer.is_alive():
        seen += [one.broken for one in check(PROJECT, len(seen) % 3 == 0)]
    writer.join()
    assert len(seen) > 10
    assert set(seen) == {0}
    assert off() == {}


def test_one_check_at_a_time(busy):
    locked, done, found = threading.Event(), threading.Event(), []

    def hold():
        with transaction.atomic():
            assert accounts.lock()
            locked.set()
            done.wait(10)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    found.append(check(PROJECT, True))
    done.set()
    holder.join()
    assert found == [[]]
    assert len(check(PROJECT, True)) == 3


def test_purged_rows_are_accounted_for_and_all_is_counted_again_after_a_while(busy, monkeypatch):
    clock = [10**15]
    monkeypatch.setattr(conservation, "now_us", lambda: clock[0])
    assert off() == {}
    sql("DELETE FROM log_event WHERE topic_offset = 13 OR position = 5")
    sql("UPDATE log_source_offset SET purged = 1 WHERE topic_partition = 0")
    sql(
        "INSERT INTO log_purge (project, number, state, before, head, latest, pairs, deleted, begun_at)"
        " VALUES (%s, 1, 'done', 0, 0, 0, '[]', 2, 0)",
        PROJECT,
    )
    try:
        assert check(PROJECT, False) == [], "while rows go only a count of all would tell"
        clock[0] += conservation.PAUSE + 1
        assert [one.broken for one in check(PROJECT, False)] == [0, 0, 0]
        accept_kafka(PROJECT, numbers(16, 20))
        assert [one.broken for one in check(PROJECT, False)] == [0, 0, 0], "and from there what is new"
    finally:
        sql("DELETE FROM log_purge")


def test_a_purge_leaves_no_account_open(busy):
    busy.settle()
    assert off() == {}
    purge.purge(PROJECT, NOON, "me", lambda said: None)
    found = {one.place: one for one in check(PROJECT, True)}
    assert (found[PLACE].told.purged, found[OTHERWISE].told.purged) == (3, 2)
    assert [one.broken for one in found.values()] == [0, 0, 0]


def test_very_much_at_once_is_left_to_a_count_of_all(busy, monkeypatch):
    check(PROJECT, True)
    monkeypatch.setattr(conservation, "AT_ONCE", 2)
    accept_kafka(PROJECT, numbers(16, 20))
    assert check(PROJECT, False) == []
    assert off(whole=True) == {}


def test_a_resumed_partition_is_counted_from_there(busy):
    log_sources.stop(PROJECT, *PLACE, 9)
    (stopped,) = log_sources.stopped()
    log_sources.resume(stopped, 9)
    assert off() == {}
    accept_kafka(PROJECT, numbers(9, 12))
    assert off() == {}


def test_the_task_checks_every_project_and_sets_the_series(busy):
    accept_kafka("another", numbers(0, 3))
    sql("DELETE FROM log_event WHERE project = 'another' AND topic_offset = 1")
    sql("DELETE FROM log_event WHERE project = %s AND topic_offset = 13", PROJECT)
    tasks.check_conservation(True)
    shown = {
        tuple(sample.labels.values()): sample.value
        for sample in next(iter(metrics.CONSERVATION.collect())).samples
        if (sample.labels["topic"], sample.labels["partition"])
        in (("feature-events", "0"), ("feature-events", "1"), ("http", ""))
    }
    assert shown == {("feature-events", "0"): 2.0, ("feature-events", "1"): 0.0, ("http", ""): 0.0}


class TestCommand:
    def test_it_prints_the_accounts(self, busy, capsys):
        call_command("check_conservation")
        head, http, first, second = capsys.readouterr().out.splitlines()
        assert head.split() == [
            *("project", "topic", "partition", "offsets", "records", "gaps", "rows", "stored", "duplicates", "rejected"),
            *("purged", "letters", "gone", "off"),
        ]
        assert http.split() == [PROJECT, "http", "2", "0", "0"]
        assert first.split() == [PROJECT, "feature-events", "0", "11", "6", "5", "8", "3", "1", "4", "0", "4", "0", "0"]
        assert second.split()[2:5] == ["1", "1", "1"]

    def test_it_fails_where_something_is_missing(self, busy):
        sql("DELETE FROM log_event WHERE topic_offset = 13")
        with pytest.raises(CommandError, match="off by 1"):
            call_command("check_conservation", "--project", PROJECT)

    def test_what_came_since_the_last_check_alone(self, busy, capsys):
        call_command("check_conservation")
        accept_kafka(PROJECT, numbers(16, 20))
        call_command("check_conservation", "--recent")
        assert " 15 " in capsys.readouterr().out
