"""What other machines ask, without a key."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client

from backends import clocks
from backends.offline import log_sources
from core.clock import now_us
from core.record import REBUILDING
from features import services
from monitoring import health
from monitoring.views import health as home_health
from processing.tasks import check_conservation
from tests.serving import world
from tests.serving.world import SECOND

SQL = "SELECT user_id, SUM(amount) AS total FROM input_data GROUP BY user_id"


@pytest.fixture
def web():
    return Client()


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A machine that runs other tests may need more than a second."""
    monkeypatch.setattr(health, "SECONDS", 20.0)


def define(sql=SQL):
    document = {"name": "trips", "description": "", "type": "numerical", "entity_id": "user_id"}
    return services.register("default", {**document, "transformation": {"sql_query": sql}}, "test").group


@pytest.fixture
def trips(fresh):
    return define()


def test_healthz_asks_nobody(web):
    for path in ("/healthz", "/healthz/"):
        reply = web.get(path)
        assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert web.post("/healthz").status_code == 405


def test_metrics_has_the_promised_names(web):
    lines = [line for line in web.get("/metrics").content.decode().splitlines() if not line.startswith("#")]
    names = {line.split("{")[0].split(" ")[0] for line in lines}
    assert {"feature_processor_processed_total", "feature_processor_processing_time_seconds"} <= names
    assert {"feature_processor_batch_duration_seconds_bucket"} <= names


def test_an_empty_stack_is_ready(web, fresh):
    reply = web.get("/readyz")
    assert reply.status_code == 200, reply.json()
    assert {name: check["ok"] for name, check in reply.json()["checks"].items()} == {
        "postgres": True,
        "redis": True,
        "applier": True,
        "accounts": True,
        "clock": True,
    }


def test_a_stopped_partition_of_kafka_is_told_and_stops_nobody_else(web, fresh, settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:9092"
    assert web.get("/readyz").json()["checks"]["kafka"] == {"ok": True, "detail": "no partition is stopped"}
    with transaction.atomic():
        log_sources.lock_offsets("default", [("id", "feature-events", 3)])
        log_sources.move_offsets("default", {("id", 3): log_sources.Moved(0, 10)})
    log_sources.stop("default", "id", 3, 7)
    reply = web.get("/readyz")
    assert (reply.status_code, reply.json()["status"]) == (200, "ready")
    assert reply.json()["checks"]["kafka"]["ok"] is False
    assert "feature-events/3 at 7" in reply.json()["checks"]["kafka"]["detail"]
    assert [line["state"] for line in home_health() if line["name"] == "Kafka"] == ["behind"]


def test_accounts_that_are_off_are_told_and_stop_nobody(web, fresh):
    assert web.get("/readyz").json()["checks"]["accounts"] == {"ok": True, "detail": "nothing to check yet"}
    with transaction.atomic():
        log_sources.lock_offsets("default", [("id", "feature-events", 3)])
        log_sources.move_offsets("default", {("id", 3): log_sources.Moved(0, 2, records=2, rows=2, duplicates=2)})
        connection.cursor().execute("INSERT INTO log_head (project) VALUES ('default')")
    check_conservation(True)
    assert web.get("/readyz").json()["checks"]["accounts"]["ok"] is True
    connection.cursor().execute("UPDATE log_source_offset SET stored = 5")
    check_conservation(True)
    reply = web.get("/readyz")
    assert (reply.status_code, reply.json()["checks"]["accounts"]["ok"]) == (200, False)
    assert "check_conservation" in reply.json()["checks"]["accounts"]["detail"]
    assert [line["state"] for line in home_health() if line["name"] == "Accounts"] == ["down"]


def test_a_clock_that_is_wrong_is_told_and_stops_nobody(web, fresh, monkeypatch):
    good = web.get("/readyz").json()["checks"]["clock"]
    assert good["ok"] is True
    assert "s from redis's" in good["detail"]
    truth = clocks.now_us
    monkeypatch.setattr(clocks, "now_us", lambda: truth() + 3 * SECOND)
    reply = web.get("/readyz")
    assert (reply.status_code, reply.json()["status"]) == (200, "ready")
    assert reply.json()["checks"]["clock"]["ok"] is False
    assert "look at NTP" in reply.json()["checks"]["clock"]["detail"]
    assert [line["state"] for line in home_health() if line["name"] == "Clock"] == ["behind"]
    assert b'jstore_clock_skew_seconds{store="postgres"}' in web.get("/metrics").content


def test_it_is_ready_while_every_bucket_keeps_up(web, trips, redis):
    world.put_cursors(redis, trips, world.cursor(now_us() - 15 * SECOND))
    assert web.get("/readyz/").status_code == 200
    silent = world.cursor(now_us() - 25 * SECOND, REBUILDING)
    redis.set(f"js:{{default.7}}:{trips.versions[1].code}:c", silent.pack())
    reply = web.get("/readyz")
    assert (reply.status_code, reply.json()["checks"]["applier"]["ok"]) == (503, False)
    assert "25 s" in reply.json()["checks"]["applier"]["detail"]


def test_a_version_that_is_being_built_does_not_make_it_unready(web, trips, redis):
    define(SQL.replace("SUM", "MAX"))
    world.put_cursors(redis, trips, world.cursor())
    second = world.group("trips", world.version(2, code="buildingnn"), active=2)
    world.put_cursors(redis, second, world.cursor(0, REBUILDING), number=2)
    assert web.get("/readyz").status_code == 200


def test_a_policy_that_evicts_is_refused(web, fresh, redis):
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        reply = web.get("/readyz")
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    assert reply.status_code == 503
    assert "allkeys-lru" in reply.json()["checks"]["redis"]["detail"]


def test_a_question_that_does_not_come_back_is_answered_for(web, fresh, monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(health, "SECONDS", 0.2)
    monkeypatch.setattr(health, "_postgres", lambda: str(asked.wait(60)))
    started = time.monotonic()
    reply = web.get("/readyz")
    asked.set()
    assert time.monotonic() - started < 5
    assert (reply.status_code, reply.json()["checks"]["postgres"]["detail"]) == (503, "no answer within 0.2 s")


def test_a_store_that_is_down_is_named(web, fresh, settings):
    settings.REDIS_URI = "redis://127.0.0.1:1/0"
    reply = web.get("/readyz")
    assert reply.status_code == 503
    checks = reply.json()["checks"]
    assert (checks["postgres"]["ok"], checks["redis"]["ok"]) == (True, False)
    assert "ConnectionError" in checks["redis"]["detail"]
