"""Celery tasks: doorbells. They carry ids or positions, may run twice or never, and hand on to one function."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from processing import activation, backfill, runs
from processing.models import Run
from processing.spark import job

ADVANCE = {activation.KIND: activation.advance, backfill.KIND: backfill.advance}


@shared_task(name="processing.process_range")
def process_range(project: str, position: int) -> None:
    """Apply the log up to a position as a Spark job; the consumer and HTTP commits ring it when the engine is Spark."""
    job.process(project, position)


@shared_task(name="processing.advance_run")
def advance_run(run_id: str) -> None:
    """Go on with a run; what is not over is rung again by the reaper."""
    run = Run.objects.filter(id=UUID(run_id)).first()
    if run is not None and run.type in ADVANCE:
        ADVANCE[run.type](run)


@shared_task(name="processing.reap_runs")
def reap_runs() -> None:
    """Ring for runs whose doorbell was lost or whose worker is gone; beat calls this every two seconds."""
    for run_id, kind in runs.waiting():
        if kind in ADVANCE:
            advance_run.delay(str(run_id))
