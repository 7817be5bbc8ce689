"""The served application on a real granian: addresses as they travel, bodies of every kind."""

from __future__ import annotations

import http.client
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings

from core.clock import now_us
from jstore_site.embedded.ports import free_port
from tests.servers.process import Process, answers
from tests.serving import world

ROOT = Path(__file__).resolve().parents[2]
ENTITIES = ["u1", "a/b", "a//b/", "/", "a b", "josé/ação 日本 🚲", "100%", "a?b#c", "..", "%2F", "+", "a\nb", "é" * 256]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "2", "--no-ws", "jstore_site.wsgi:application"]
    home = tmp_path_factory.mktemp("granian")
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(home / "metrics")}
    env = {**os.environ, "JSTORE_ANONYMOUS_LOCAL": "1", "PYTHONPATH": str(ROOT), "REDIS_URI": settings.REDIS_URI, **metrics}
    server = Process("granian", command, home / "granian.log", env)
    server.start()
    server.wait_until(lambda: answers(port), 120)
    yield port
    server.stop()


def _ask(port, method, target, body=None, headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body, {"Host": f"localhost:{port}", **dict(headers)})
        reply = connection.getresponse()
        return reply.status, reply.read(), reply
    finally:
        connection.close()


@pytest.fixture
def trips(redis):
    spec = world.publish(world.group("trips"))
    world.put_cursors(redis, spec)
    for i, entity in enumerate(ENTITIES):
        world.put(redis, spec, [entity], world.run(spec, [1.5, i], now_us()))
    return spec


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_entity_travels_as_it_is(port, trips, entity):
    for ref in ("trips:n", "trips%401%3An"):
        for target in (
            f"/values/{quote(entity, safe='')}",
            f"/values/{quote(entity, safe='/')}",
            f"/values/?user_id={quote(entity, safe='')}",
        ):
            if entity == ".." and target.startswith("/values/.."):
                target = "/values/%2E%2E"  # what a client must send, as addresses are folded at bare dots
            status, body, _ = _ask(port, "GET", f"/api/v1/features/{ref}{target}")
            found = json.loads(body)
            assert (status, found.get("entity")) == (200, {"user_id": entity}), (target, found)
            assert found["values"]["n"]["value"] == ENTITIES.index(entity)


def test_bytes_that_are_no_text_are_400(port, trips):
    for target in ("trips/values/%ff", "trips/values/a%00b", "tr%ffips/values/u1", "trips/values/?user_id=%ff"):
        status, body, _ = _ask(port, "GET", f"/api/v1/features/{target}")
        assert (status, json.loads(body)["status"]) == (400, 400), target


def test_bodies_of_every_kind(port, trips):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    body = json.dumps({"features": ["trips:n"], "entities": {"user_id": ENTITIES}}).encode()
    status, found, _ = _ask(port, "POST", "/api/v1/online-features/", body, headers)
    assert (status, json.loads(found)["results"][0]["values"]) == (200, list(range(len(ENTITIES))))
    chunks = (body[i : i + 50] for i in range(0, len(body), 50))
    status, found, _ = _ask(port, "POST", "/api/v1/online-features", chunks, headers)
    assert (status, json.loads(found)["results"][0]["values"]) == (200, list(range(len(ENTITIES))))
    for content in (b"", b"{", b"\xff\xfe", b"[" * 5000, b"null", b"9" * 5000):
        status, found, reply = _ask(port, "POST", "/api/v1/online-features", content, headers)
        assert 400 <= status < 500, (content[:20], found)
        assert reply.headers["content-type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_413(port, trips):
    headers = {"Content-Type": "application/json", "Content-Length": str(16 * 1024 * 1024 + 1)}
    status, body, _ = _ask(port, "POST", "/api/v1/online-features", b" " * (16 * 1024 * 1024 + 1), headers)
    assert (status, json.loads(body)["code"]) == (413, "too_large")


def test_its_requests_are_in_the_metrics(port, trips):
    _ask(port, "GET", "/api/v1/features/trips/values/u1")
    _ask(port, "GET", "/api/v1/features/trips/values/" + "x" * 513)
    status, body, _ = _ask(port, "GET", "/metrics")
    lines = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
    assert status == 200
    assert float(lines['jstore_online_request_duration_seconds_count{route="values"}']) >= 2
    assert float(lines['jstore_online_errors_total{route="values",status="422"}']) >= 1
    assert float(lines["feature_processor_processed_total"]) == 0
    assert float(lines["feature_processor_processing_time_seconds"]) == 0
