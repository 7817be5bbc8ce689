"""Metrics of several processes, and what becomes of those that died."""

import os
import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backends import metrics


@pytest.fixture
def run(tmp_path):
    """Runs Python with the metrics in a process of its own."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", f"import os\nfrom backends import metrics as m\n{code}"], env=env, check=True)

    return run


@pytest.fixture
def series(tmp_path):
    def series() -> dict[str, float]:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(tmp_path / "metrics"))
        lines = generate_latest(registry).decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    return series


def test_the_two_promised_names_exist_before_anything_was_processed(run, series):
    run("")
    found = series()
    assert found["feature_processor_processed_total"] == 0
    assert found["feature_processor_processing_time_seconds"] == 0
    assert found["feature_processor_batch_duration_seconds_count"] == 0


def test_counters_add_up_and_the_newest_gauge_stands(run, series):
    run("m.PROCESSED.inc(3); m.PROCESSING_TIME.set(0.5); m.BATCH_DURATION.observe(0.5)")
    run("m.PROCESSED.inc(4); m.PROCESSING_TIME.set(0.25); m.JOB_RUNS.labels(type='backfill', status='succeeded').inc()")
    run("")
    found = series()
    assert found["feature_processor_processed_total"] == 7
    assert found["feature_processor_processing_time_seconds"] == 0.25
    assert found['jstore_job_runs_total{status="succeeded",type="backfill"}'] == 1


def test_a_fork_counts_for_itself(run, series):
    run("m.PROCESSED.inc(3)\nif os.fork() == 0:\n    m.PROCESSED.inc(4)\n    os._exit(0)\nos.wait()\nm.PROCESSED.inc(5)")
    assert series()["feature_processor_processed_total"] == 12


def test_the_gauges_of_the_dead_go_and_their_counters_stay(run, series, tmp_path):
    run("m.APPLIER_LAG.labels(project='default').set(9); m.DEAD_LETTERS.labels(code='bad_timestamp').inc(2)")
    run("m.KAFKA_LAG.labels(topic='t', partition='0').set(4)")
    silent = tmp_path / "metrics" / "gauge_livemax_otherhost-1.db"
    os.rename(next((tmp_path / "metrics").glob("gauge_livemax_*.db")), silent)
    assert series()['jstore_applier_lag_events{project="default"}'] == 9
    metrics.forget_dead(str(tmp_path / "metrics"))
    left = series()
    assert left['jstore_applier_lag_events{project="default"}'] == 9, "another host's process may be alive"
    assert not [name for name in left if "kafka_consumer_lag" in name]
    assert left['jstore_dead_letters_total{code="bad_timestamp"}'] == 2
    os.utime(silent, (0, 0))
    metrics.forget_dead(str(tmp_path / "metrics"))
    assert not [name for name in series() if "applier_lag" in name]


def test_a_living_process_keeps_its_gauges(tmp_path, run, series):
    code = (
        "m.APPLIER_LAG.labels(project='default').set(9)\n"
        "m.forget_dead()\nfrom pathlib import Path\n"
        "assert list(Path(os.environ['PROMETHEUS_MULTIPROC_DIR']).glob('gauge_livemax_*.db'))"
    )
    run(code)
