"""Every metric of JStore, made once, for all processes. Import the object, call it; do not make metrics elsewhere.

    from backends import metrics
    metrics.PROCESSED.inc(rows_times_groups)  # rows x groups applied, once per batch
    metrics.PROCESSING_TIME.set(seconds)  # of the newest batch; the contract wants a gauge
    metrics.BATCH_DURATION.observe(seconds)  # of every batch; the histogram beside it
    metrics.JOB_RUNS.labels(type="backfill", status="succeeded").inc()  # when a run ends
    metrics.DEAD_LETTERS.labels(code="bad_timestamp").inc(n)  # when dead letters are stored
    metrics.KAFKA_LAG.labels(topic="feature-events", partition="0").set(n)  # by the consumer that owns the partition
    metrics.KAFKA_STOPPED, KAFKA_RECORDS, KAFKA_ROWS, KAFKA_GAPS, KAFKA_RETRIES, KAFKA_FAILURES  # processing/consume.py only
    metrics.PURGED.labels(project="default").inc(n)  # when rows of the log were deleted
    metrics.APPLIER_LAG.labels(project="default").set(n)  # by the applier, at each round and when idle
    metrics.GATED, BACKLOG, BACKLOG_AGE  # processing/backlog.py only
    metrics.CLOCK_SKEW  # backends/clocks.py only
    metrics.ONLINE_DURATION.labels(route="values").observe(seconds)  # serving only
    metrics.ONLINE_ERRORS.labels(route="values", status="404").inc()  # serving only

With PROMETHEUS_MULTIPROC_DIR set, each process writes its own file there and /metrics adds them up. Whoever starts the
whole stack empties that folder first; a process that dies alone leaves its counters, as a counter must not go back, while
its `live` gauges are dropped by `forget_dead`. Labels are bounded: never an entity, a key or a message.
"""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, values

_DIRECTORY = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
# Process 1 of two containers that share the folder must not share a file. No underscore: the reader splits file names at them.
_HOST = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
_SILENT_SECONDS = 600


def _identity() -> str:
    return f"{_HOST}-{os.getpid()}"


if _DIRECTORY:
    Path(_DIRECTORY).mkdir(parents=True, exist_ok=True)
    values.ValueClass = values.MultiProcessValue(_identity)  # type: ignore[no-untyped-call]

_BATCH = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_REQUEST = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

PROCESSED = Counter("feature_processor_processed", "Rows applied, times the groups they were applied to.")
PROCESSING_TIME = Gauge(
    "feature_processor_processing_time_seconds", "Duration of the newest batch applied.", multiprocess_mode="mostrecent"
)
BATCH_DURATION = Histogram("feature_processor_batch_duration_seconds", "Duration of applied batches.", buckets=_BATCH)
JOB_RUNS = Counter("jstore_job_runs", "Runs that ended.", ["type", "status"])
DEAD_LETTERS = Counter("jstore_dead_letters", "Rows refused or quarantined, by code.", ["code"])
PARKED = Counter("jstore_applier_parked", "Times a version was left aside because applying it failed.", ["group"])
FAILED_COMPUTATIONS = Counter(
    "jstore_failed_computations", "Times an entity alone could not be computed; it keeps its last value.", ["group", "kind"]
)
OVERFLOW = Counter("jstore_overflow", "Sums that became NULL for being beyond 64 bits, as often as computed.", ["group"])
NON_FINITE_OUTPUT = Counter(
    "jstore_non_finite_output", "Outputs that became NULL for being NaN or Infinity, as often as computed.", ["group"]
)
NEAR_MISSES = Counter("jstore_near_misses", "Rows with the key of a group that lack one of its columns.", ["group"])
HEAL_COMPARED = Counter("jstore_heal_compared", "Entities made again from the log and compared with the online store.", ["group"])
TILE_MISMATCH = Counter("jstore_tile_mismatch", "Of those, entities that differed; they were replaced. Must stay 0.", ["group"])
KAFKA_LAG = Gauge(
    "jstore_kafka_consumer_lag",
    "Records of a partition not yet in the event log.",
    ["topic", "partition"],
    multiprocess_mode="livemostrecent",
)
KAFKA_STOPPED = Gauge(
    "jstore_kafka_partition_stopped",
    "1 where Kafka's log is not the one that was read, so reading was stopped.",
    ["topic", "partition"],
    multiprocess_mode="livemostrecent",
)
KAFKA_RECORDS = Counter("jstore_kafka_records", "Kafka records read and judged.", ["topic"])
KAFKA_ROWS = Counter("jstore_kafka_rows", "Rows of Kafka records, by what became of them.", ["result"])
KAFKA_GAPS = Counter("jstore_kafka_gaps", "Places where Kafka no longer had what came next.")
CONSERVATION = Gauge(
    "jstore_conservation_difference",
    "By how much the accounts of a partition are off: records passed, rows stored, duplicate, refused; 0 where all is there.",
    ["topic", "partition"],
    multiprocess_mode="mostrecent",
)
LETTERS_WAITING = Gauge(
    "jstore_dead_letters_unsent", "Dead letters that their topic does not have yet.", multiprocess_mode="mostrecent"
)
KAFKA_RETRIES = Counter("jstore_kafka_retries", "Waits of the consumer, by the error that caused them.", ["error"])
KAFKA_FAILURES = Gauge(
    "jstore_kafka_failures_in_a_row",
    "Times in a row that a consumer could not read or store; 0 while it works. While it is larger nothing is read.",
    ["project"],
    multiprocess_mode="livemax",
)
PURGED = Counter("jstore_log_purged", "Rows deleted from the event log by a purge.", ["project"])
APPLIER_LAG = Gauge(
    "jstore_applier_lag_events", "Log positions not yet applied online.", ["project"], multiprocess_mode="livemax"
)
GATED = Gauge(
    "jstore_gated_entities",
    "Entities of a general group with too many events to be recomputed on each arrival.",
    ["project", "group"],
    multiprocess_mode="livesum",
)
BACKLOG = Gauge(
    "jstore_general_backlog",
    "Entities of a general group that are due and wait.",
    ["project", "group"],
    multiprocess_mode="livesum",
)
BACKLOG_AGE = Gauge(
    "jstore_general_backlog_age_seconds",
    "How long the first of the entities that wait has been due.",
    ["project", "group"],
    multiprocess_mode="livemax",
)
CLOCK_SKEW = Gauge(
    "jstore_clock_skew_seconds", "This host's clock less the store's.", ["store"], multiprocess_mode="livemostrecent"
)
ONLINE_DURATION = Histogram("jstore_online_request_duration_seconds", "Duration of online reads.", ["route"], buckets=_REQUEST)
ONLINE_ERRORS = Counter("jstore_online_errors", "Online reads answered with an error.", ["route", "status"])

if not PROCESSING_TIME._value.get():
    # A `mostrecent` series shows only once set; set as in 1970, it exists from the start and any real batch is newer.
    PROCESSING_TIME._value.set(0.0, timestamp=1.0)


def forget_dead(directory: str = _DIRECTORY) -> None:
    """Drop the `live` gauges of processes that are gone: of this host by pid, of another host once silent for ten minutes."""
    for file in Path(directory).glob("gauge_live*.db") if directory else ():
        host, _, pid = file.stem.split("_")[2].rpartition("-")
        try:
            gone = not _alive(int(pid)) if host == _HOST else time.time() - file.stat().st_mtime > _SILENT_SECONDS
            if gone:
                file.unlink()
        except FileNotFoundError:
            continue  # another worker answers the same scrape


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
