"""Celery tasks: doorbells. They carry ids or positions, may run twice or never, and hand on to one function."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.conf import settings

from backends import metrics
from backends.offline import log
from processing import activation, backfill, conservation, healing, letters_bulk, no_route, outgoing, runs
from processing.models import Run

SLICE = 30.0  # seconds of one ring: a long run takes its turns with others


def _activation(run: Run, seconds: float) -> bool:
    return activation.advance(run)


def _backfill(run: Run, seconds: float) -> bool:
    if run.params.get("engine") != "spark":
        return backfill.advance(run, seconds=seconds)
    from processing.spark.job import spark_engine  # noqa: PLC0415 - pyspark (400 MB) is not in the embedded default

    return backfill.advance(run, spark_engine(), seconds)


ADVANCE: dict[str, Callable[..., bool]] = {
    activation.KIND: _activation,
    backfill.KIND: _backfill,
    healing.KIND: healing.advance,
    **dict.fromkeys(letters_bulk.VERBS, letters_bulk.advance),
}


@shared_task(name="processing.process_range")  # type: ignore[untyped-decorator]  # celery has no types
def process_range(project: str, position: int) -> None:
    """Apply the log up to a position as a Spark job; the consumer and HTTP commits ring it when the engine is Spark."""
    from processing.spark.job import process  # noqa: PLC0415 - pyspark (400 MB) is not in the embedded default

    process(project, position)


@shared_task(name="processing.ring_spark")  # type: ignore[untyped-decorator]  # celery has no types
def ring_spark() -> None:
    """With the Spark engine: ring for every project, since a doorbell may have been lost; beat calls this."""
    if settings.JSTORE_ENGINE == "spark":
        for project in log.projects():
            process_range.delay(project, 0)


@shared_task(name="processing.prune_no_route")  # type: ignore[untyped-decorator]  # celery has no types
def prune_no_route() -> None:
    """Drop the `no_route` records of rows that a group takes by now; beat calls this."""
    for project in log.projects():
        no_route.prune(project)


@shared_task(name="processing.check_conservation")  # type: ignore[untyped-decorator]  # celery has no types
def check_conservation(whole: bool = False) -> None:
    """Hold the counters of the log against what is in it: what came since the last time each minute, all each day, by beat."""
    conservation.check_all(whole)
    metrics.LETTERS_WAITING.set(outgoing.count())


@shared_task(name="processing.heal_tonight")  # type: ignore[untyped-decorator]  # celery has no types
def heal_tonight() -> None:
    """Begin the night's comparison of the online store with the log, project by project; beat calls this."""
    for project in log.projects():
        healing.tonight(project)


@shared_task(name="processing.advance_run")  # type: ignore[untyped-decorator]  # celery has no types
def advance_run(run_id: str) -> None:
    """Go on with a run; what is not over is rung again by the reaper."""
    run = Run.objects.filter(id=UUID(run_id)).first()
    if run is not None and run.type in ADVANCE:
        ADVANCE[run.type](run, seconds=SLICE)


@shared_task(name="processing.reap_runs")  # type: ignore[untyped-decorator]  # celery has no types
def reap_runs() -> None:
    """Ring for runs whose doorbell was lost or whose worker is gone; beat calls this every two seconds."""
    for run_id in runs.waiting(ADVANCE.keys()):
        advance_run.delay(str(run_id))
