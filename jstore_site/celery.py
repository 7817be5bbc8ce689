"""The Celery application: `celery -A jstore_site.celery worker | beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jstore_site.settings")


def keep_logging(**_: Any) -> None:
    """Celery sets up no logging of its own where somebody listens: conf/logs.py is for every process."""


setup_logging.connect(keep_logging)
app = Celery("jstore")
app.config_from_object("jstore_site.conf.queue")
app.autodiscover_tasks(["processing", "monitoring"])
