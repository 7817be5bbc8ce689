"""The Celery application: `celery -A jstore_site.celery worker | beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jstore_site.settings")

app = Celery("jstore")
app.config_from_object("jstore_site.conf.queue")
app.autodiscover_tasks(["processing", "monitoring"])
