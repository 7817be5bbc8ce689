"""Celery's settings hold what the design says of tasks."""

from django.conf import settings

from jstore_site.celery import app


def test_every_scheduled_task_exists_and_goes_stale():
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] >= entry["schedule"]


def test_a_task_of_a_killed_worker_is_delivered_again():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] <= 300


def test_redis_is_the_broker_and_its_keys_are_apart():
    assert app.conf.broker_url == settings.REDIS_URI
    assert app.conf.broker_transport_options["global_keyprefix"] == "jstore:celery:"
