"""The doorbell of the Spark job. A lost ring costs time only: beat rings again, and the rows are in the log."""

from __future__ import annotations

import kombu.exceptions
import structlog

from processing.tasks import process_range

_logger = structlog.get_logger(__name__)


def ring(project: str, position: int) -> None:
    """Ask a worker to apply the log; the broker being down is no error of who committed rows."""
    try:
        process_range.apply_async((project, position), retry=False)
    except (kombu.exceptions.OperationalError, OSError) as error:
        _logger.warning("doorbell_lost", project=project, error=str(error)[:200])
