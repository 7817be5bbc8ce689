"""Celery: Redis is the broker; a task is a doorbell that may ring twice or never, so nothing is kept in its result."""

from typing import Any

from celery.schedules import crontab

from .environment import REDIS_URI

broker_url = REDIS_URI
result_backend = REDIS_URI
result_expires = 24 * 3600
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
# What a killed worker had taken is delivered again after this long, which nothing waits for: runs are taken up when their lease
# ends, everything else is rung again by beat. A task is over long before, or it would be started twice while it runs; only one
# that hangs, or a very long step, is ended, and taken up where it stood.
broker_transport_options: dict[str, Any] = {"visibility_timeout": 3600, "global_keyprefix": "jstore:celery:"}
task_time_limit = 1500
result_backend_transport_options: dict[str, Any] = {"global_keyprefix": "jstore:celery:"}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
timezone = "UTC"
task_track_started = False
# The schedule is in PostgreSQL: a killed beat leaves no torn file, and the admin can pause an entry.
beat_scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
beat_schedule: dict[str, Any] = {
    "reap-runs": {"task": "processing.reap_runs", "schedule": 2.0, "options": {"expires": 10}},
    "check-conservation": {"task": "processing.check_conservation", "schedule": 60.0, "options": {"expires": 60}},
    "check-conservation-whole": {
        "task": "processing.check_conservation",
        "args": [True],
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "prune-no-route": {"task": "processing.prune_no_route", "schedule": 60.0, "options": {"expires": 60}},
    "heal": {"task": "processing.heal_tonight", "schedule": crontab(hour=3, minute=10), "options": {"expires": 3600}},
    "ring-spark": {"task": "processing.ring_spark", "schedule": 15.0, "options": {"expires": 15}},
}
