"""The Spark job behind the doorbell: from the cursors to the head, read and computed by Spark, written under the same fences."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connections

from backends.engine.spark import Spark
from backends.offline import log
from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from processing.applier import Applier
from processing.spark.reading import read_range

_LOCK = 0x6A73  # advisory lock class: one job a project
_logger = structlog.get_logger(__name__)


@functools.cache
def spark_engine() -> Spark:
    """The session of this worker process, kept from job to job: it takes twelve seconds to start and two to run a small job."""
    folder = Path(os.environ.get("JSTORE_SPARK_JARS") or Path(settings.BASE_DIR) / "target" / "spark-jars")
    jars = sorted(str(path) for path in folder.glob("*.jar"))
    return Spark(settings.JSTORE_SPARK_MASTER, {"spark.jars": ",".join(jars)} if jars else {})


def process(project: str, position: int) -> int:
    """Apply the log up to its head (`position` is only what rang). -> the position reached, or `position` where another job runs.

    Doorbells that ring meanwhile find the lock taken and go; the holder looks at the head once more after it has let go.
    """
    engine = spark_engine()
    while True:
        if not _locked(project):
            return position
        try:
            reached = _catch_up(engine, project)
        finally:
            _unlock(project)
        if log.head(project).position <= reached:
            return reached


def _catch_up(engine: Spark, project: str) -> int:
    applier = Applier(OnlineStore(client()), range(BUCKETS), on=engine, read=functools.partial(read_range, engine.session))
    while applier.step_project(project):
        pass
    reached = log.head(project).position
    _logger.info("spark_job", project=project, position=reached, application=engine.session.sparkContext.applicationId)
    return reached


def _locked(project: str) -> bool:
    with connections["default"].cursor() as c:
        c.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, project])
        return bool(c.fetchone()[0])


def _unlock(project: str) -> None:
    with connections["default"].cursor() as c:
        c.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [_LOCK, project])
