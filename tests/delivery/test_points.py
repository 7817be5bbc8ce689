"""Every crash point of the delivery and the test that dies there. A point without a living test fails this file.

c: on the way into the log. r: from the log to Redis. x: the stores. m: materialization. s: sweeps. h: healing. d: the steps of
delivery that write, beyond these.
"""

from __future__ import annotations

import ast

import pytest

from jstore_site.conf.environment import BASE_DIR

POINTS = {
    "c1 after poll, before the transaction": ("processing/test_crash_points.py", "test_on_the_way_into_the_log"),
    "c2 in the transaction, before the rows": ("processing/test_crash_points.py", "test_on_the_way_into_the_log"),
    "c3 before COMMIT": ("processing/test_crash_points.py", "test_on_the_way_into_the_log"),
    "c4 after COMMIT, before the broker knows": ("processing/test_crash_points.py", "test_on_the_way_into_the_log"),
    "c5 after the broker knows": ("processing/test_crash_points.py", "test_on_the_way_into_the_log"),
    "c6 a zombie holds an old assignment": (
        "processing/test_kafka_ingest.py",
        "test_two_consumers_with_the_same_batch_store_it_once",
    ),
    "r1 before applying": ("processing/test_crash_points.py", "test_on_the_way_out_of_it"),
    "r2 between entities and buckets": ("processing/test_crash_points.py", "test_on_the_way_out_of_it"),
    "r3 applied, the cursor unknown": ("processing/test_crash_points.py", "test_on_the_way_out_of_it"),
    "r4 after the cursor": ("processing/test_crash_points.py", "test_on_the_way_out_of_it"),
    "r5 two appliers at once": ("processing/test_controls.py", "test_two_appliers_with_the_same_rows"),
    "r any call of a store, by any of two appliers": (
        "delivery/test_schedules.py",
        "test_after_any_schedule_what_is_served_is_brute_force",
    ),
    "x1 Redis killed": ("chaos/test_chaos.py", "test_nothing_is_lost_double_or_wrong_whatever_dies"),
    "x2 Redis loses its tail": ("processing/test_controls.py", "test_a_redis_that_loses_its_tail"),
    "x2 in the middle of a load": (
        "delivery/test_histories.py",
        "test_a_redis_that_loses_the_last_writes_of_a_load_refuses_the_next",
    ),
    "x3 Redis emptied": ("processing/test_share.py", "test_a_redis_that_was_emptied_is_made_again"),
    "x4 PostgreSQL killed": ("chaos/test_chaos.py", "test_nothing_is_lost_double_or_wrong_whatever_dies"),
    "x4 PostgreSQL restored to an older state": (
        "delivery/test_histories.py",
        "test_a_postgresql_restored_to_an_older_state_takes_the_values_of_the_lost_events_with_it",
    ),
    "x5 the disk of PostgreSQL is full": ("delivery/test_disk_full.py", "test_x5_the_disk_of_postgresql_is_full"),
    "x6 the disk of Redis is full": ("delivery/test_disk_full.py", "test_x6_the_disk_of_valkey_is_full"),
    "m1 k of n entities of a backfill written": (
        "processing/test_backfill.py",
        "test_killed_it_repeats_a_chunk_and_nothing_is_double",
    ),
    "m1 k of n entities of a load written": (
        "processing/test_load.py",
        "test_a_load_that_was_killed_begins_again_and_counts_nothing_twice",
    ),
    "m2 a worker whose lease is lost": ("processing/test_backfill.py", "test_who_lost_the_lease_in_a_long_chunk_stops"),
    "m2 a load that was taken over": (
        "processing/test_load.py",
        "test_who_opens_the_bucket_later_has_it_and_the_first_is_refused",
    ),
    "s1 a due entity taken, not written": ("processing/test_crash_points.py", "test_on_the_way_out_of_it"),
    "h1 compared, not replaced": ("processing/test_heal.py", "test_what_changed_while_it_was_compared_is_left_to_its_writer"),
    "d the pointer moved, not published": (
        "delivery/test_steps.py",
        "test_d_a_pointer_moved_while_redis_was_away_is_published_later",
    ),
    "d the index of a new pair half made": ("delivery/test_steps.py", "test_d_an_index_that_was_half_made_is_finished"),
    "d a withdrawn version half dropped": ("delivery/test_steps.py", "test_d_a_version_half_dropped_is_dropped_wholly"),
}


@pytest.mark.parametrize("point", POINTS)
def test_the_test_of_this_point_is_there(point):
    path, name = POINTS[point]
    tree = ast.parse((BASE_DIR / "tests" / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
