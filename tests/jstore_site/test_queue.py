"""Celery's settings hold what the design says of tasks."""

import inspect

from celery.schedules import crontab
from django.conf import settings

from core.clock import MICRO
from jstore_site.celery import app
from processing import runs, tasks


def test_every_scheduled_task_exists_and_goes_stale():
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        if not isinstance(entry["schedule"], crontab):
            assert entry["options"]["expires"] >= entry["schedule"]


def test_a_task_of_a_killed_worker_is_delivered_again():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


def test_no_task_runs_so_long_that_it_is_delivered_a_second_time_meanwhile():
    app.loader.import_default_modules()
    limits = [app.conf.task_time_limit, *(task.time_limit for task in app.tasks.values() if task.time_limit)]
    assert max(limits) < app.conf.broker_transport_options["visibility_timeout"] / 2
    assert app.conf.task_time_limit / 2 > tasks.SLICE, "long runs come back of themselves"


def test_a_run_whose_worker_died_is_taken_up_within_15_seconds():
    assert runs.LEASE / MICRO + app.conf.beat_schedule["reap-runs"]["schedule"] <= 15


def test_tasks_are_given_ids_positions_and_switches_and_never_rows():
    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        if name.startswith(("processing.", "monitoring.")):
            kinds = {str(one.annotation) for one in inspect.signature(task.run).parameters.values()}
            assert kinds <= {"str", "int", "bool"}, name


def test_redis_is_the_broker_and_its_keys_are_apart():
    assert app.conf.broker_url == settings.REDIS_URI
    assert app.conf.broker_transport_options["global_keyprefix"] == "jstore:celery:"
