"""`application`: the hot path in front of Django."""

import os

from django.core.wsgi import get_wsgi_application

from jstore_site.checks import refuse_default_secrets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jstore_site.settings")

refuse_default_secrets()
_django = get_wsgi_application()

# Only now, as it needs Django's settings and apps.
from serving.hot import hot_app  # noqa: E402

application = hot_app(_django)
