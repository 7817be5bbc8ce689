"""Doorbells: of the Spark job, and of runs. A lost ring costs time only: what is to be done is in PostgreSQL, and beat rings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import kombu.exceptions
import structlog

from processing.tasks import advance_run, process_range

_logger = structlog.get_logger(__name__)


def ring(project: str, position: int) -> None:
    """Ask a worker to apply the log; the broker being down is no error of who committed rows."""
    _ring(process_range, project, position)


def ring_run(run_id: UUID) -> None:
    """Ask a worker to go on with a run; likewise."""
    _ring(advance_run, str(run_id))


def _ring(task: Any, *args: Any) -> None:
    try:
        task.apply_async(args, retry=False)
    except (kombu.exceptions.OperationalError, OSError) as error:
        _logger.warning("doorbell_lost", task=task.name, error=str(error)[:200])
