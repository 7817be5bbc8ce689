"""Logs: one line an event, to stderr; the embedded stack keeps a file for each process."""

from collections.abc import MutableMapping
from typing import Any

import structlog

from .environment import env


def _without_traceback(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The standard library's logger prints it itself, once."""
    event.pop("exc_info", None)
    return event


# Plain tracebacks: the pretty ones show local variables, and those are rows, which may be somebody's personal data.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        _without_traceback,
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s"},
    },
    "filters": {"keys": {"()": "jstore_site.conf.masking.MaskKeys"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["keys"]}},
    "loggers": {"celery": {"level": "WARNING"}},  # it tells of every doorbell, every two seconds
    "root": {"handlers": ["stderr"], "level": env.str("JSTORE_LOG_LEVEL", default="INFO")},
}
