"""Logs: one line an event, to stderr; the embedded stack keeps a file for each process."""

from typing import Any

from .environment import env

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s"},
    },
    "filters": {"keys": {"()": "jstore_site.conf.masking.MaskKeys"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["keys"]}},
    "root": {"handlers": ["stderr"], "level": env.str("JSTORE_LOG_LEVEL", default="INFO")},
}
