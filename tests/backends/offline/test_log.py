"""The event log: dense positions in commit order, once per identity, live by position."""

from __future__ import annotations

import threading

import pytest
from django.db import connections, transaction

from backends.offline import log, log_reading, log_sources, pairs
from backends.offline.log import NewRow
from core.clock import now_us
from core.errors import Invalid
from core.rows import dump_row

pytestmark = pytest.mark.usefixtures("fresh")


def row(identity=None, address=None, revision=0, deleted=False, **columns) -> NewRow:
    return NewRow(columns, dump_row(columns), "events", address, now_us(), identity, revision, deleted)


def add(*rows: NewRow, project: str = "p") -> log.Appended:
    with transaction.atomic(using="default"):
        return log.append(project, rows)


def test_positions_are_dense_and_projects_count_for_themselves():
    assert add(row(a=1), row(a=2)).positions == (1, 2)
    assert add(row(a=3)).positions == (3,)
    assert add(row(a=1), project="q").positions == (1,)
    assert log.head("p").position == 3
    assert log.head("nobody").position == 0


def test_an_identity_is_stored_once_within_a_batch_and_across_batches():
    assert add(row("x", a=1), row("x", a=2), row("y", a=3)).positions == (1, None, 2)
    assert add(row("x", a=4), row(a=5), row(a=5)).positions == (None, 3, 4)
    assert [r.row["a"] for r in log_reading.read("p", 0, 10)] == [1, 3, 5, 5]


def test_the_same_id_plain_and_addressed_is_two_events():
    assert add(row("x", a=1), row("x", address="g", a=1)).positions == (1, 2)


def test_a_higher_revision_supersedes_and_a_tombstone_wins_at_an_equal_one():
    add(row("x", a=1))
    assert add(row("x", revision=1, a=2)).positions == (2,)
    assert add(row("x", revision=1, a=3), row("x", revision=0, a=3)).positions == (None, None)
    assert add(row("x", revision=1, deleted=True)).positions == (3,)
    assert add(row("x", revision=1, a=9), row("x", revision=1, deleted=True)).positions == (None, None)
    assert [(r.position, r.superseded_pos, r.supersedes, r.deleted) for r in log_reading.read("p", 0, 10)] == [
        (1, 2, None, False),
        (2, 3, 1, False),
        (3, None, 2, True),
    ]


def test_a_correction_within_one_batch_supersedes_there():
    add(row("x", a=1), row("x", revision=2, a=2))
    assert [(r.position, r.superseded_pos) for r in log_reading.read("p", 0, 10)] == [(1, 2), (2, None)]


def test_a_transaction_that_rolls_back_leaves_no_hole():
    def append_and_fail() -> None:
        with transaction.atomic(using="default"):
            log.append("p", [row(a=1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        append_and_fail()
    assert add(row(a=2)).positions == (1,)


def test_concurrent_appends_never_show_a_position_before_a_smaller_one():
    seen: list[list[int]] = []
    stop = threading.Event()

    def reader() -> None:
        known = 0
        while not stop.is_set():
            rows = log_reading.read("p", known, 1000)
            seen.append([r.position for r in rows])
            known = rows[-1].position if rows else known
        connections.close_all()

    def writer(n: int) -> None:
        for i in range(20):
            add(*(row(f"{n}-{i}-{k}", a=k) for k in range(3)))
        connections.close_all()

    watch = threading.Thread(target=reader)
    writers = [threading.Thread(target=writer, args=(n,)) for n in range(4)]
    watch.start()
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    stop.set()
    watch.join()
    read = [position for part in seen for position in part]
    assert read == list(range(1, len(read) + 1))
    assert log.head("p").position == 240


def test_ingestion_times_never_go_back():
    times = [add(row(a=i)).ingested_at for i in range(5)]
    assert times == sorted(times)


def test_exact_numbers_come_back_exactly():
    add(row(a=2**53 + 1, b=10**30, c=-0.0, d='é\\n\t"', e=[1, {"x": None}], f=1e17))
    (found,) = log_reading.read("p", 0, 10)
    assert found.row["a"] == 2**53 + 1
    assert found.row["b"] == 10**30
    assert str(found.row["c"]) == "-0.0"
    assert found.row["d"] == 'é\\n\t"'
    assert found.row["e"] == [1, {"x": None}]
    assert found.row["f"] == 1e17


def test_a_request_is_claimed_once_and_refused_with_another_body():
    assert log_sources.claim_request("p", "k", b"1") is True
    assert log_sources.claim_request("p", "k", b"1") is False
    with pytest.raises(Invalid, match="idempotency_key_reused"):
        log_sources.claim_request("p", "k", b"2")


def events(pair, key, low=-1, high=1 << 61, upto=None):
    return [
        (n, t, r.position)
        for n, t, r in log_reading.scan("p", pair, [(key, low, high)], log.head("p").position if upto is None else upto)
    ]


def test_a_new_pair_indexes_the_log_so_far_and_everything_after():
    add(*(row(user_id="u1", timestamp=f"2026-01-0{d}T00:00:00Z") for d in (3, 1, 2)))
    pair = pairs.ready_pair("p", ("user_id",), "timestamp", "TIMESTAMP")
    add(
        row(user_id="u1", timestamp="2026-01-04T00:00:00Z"),
        row(user_id="u2", timestamp="2026-01-04T00:00:00Z"),
        row(user_id="u1", timestamp="nonsense"),
    )
    assert [position for _, _, position in events(pair, "u1")] == [2, 3, 1, 4]
    assert log_reading.keys_of(pair, pair.bucket("u1"), "", 10) in (["u1"], ["u1", "u2"])


def test_scan_keeps_to_its_bounds_and_to_what_was_live_at_a_position():
    pair = pairs.ready_pair("p", ("user_id",), "timestamp", "EPOCH_S")
    add(row("x", user_id="u", timestamp=100), row("y", user_id="u", timestamp=200))
    add(row("x", revision=1, user_id="u", timestamp=300))
    assert [p for _, _, p in events(pair, "u")] == [2, 3]
    assert [p for _, _, p in events(pair, "u", upto=2)] == [1, 2]
    second = 1_000_000
    assert [p for _, _, p in events(pair, "u", low=200 * second)] == [3]
    assert [p for _, _, p in events(pair, "u", low=199 * second, high=200 * second)] == [2]


def test_offsets_are_locked_moved_and_remembered():
    with transaction.atomic(using="default"):
        assert log_sources.lock_offsets("p", [("t-id", "t", 0)]) == {("t-id", 0): None}
        place = ("t-id", 0)
        log_sources.move_offsets("p", {place: log_sources.Moved(0, 7, 4, rows=7, stored=5, duplicates=1, rejected=1)})
    assert log_sources.places("p", [("t-id", 0), ("t-id", 1)]) == {("t-id", 0): (7, 4), ("t-id", 1): None}
    assert log_sources.places("q", [("t-id", 0)]) == {("t-id", 0): None}
