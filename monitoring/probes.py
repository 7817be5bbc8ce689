"""What other machines ask: /healthz, /readyz and /metrics, each without a key."""

from __future__ import annotations

import os

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backends import metrics
from monitoring.health import ADVISORY, ready


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return _json({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where every store answers and the applier keeps up, else 503; the body says which does not and why.

    A Kafka partition whose reading was stopped, accounts that are off and a wrong clock are told in the body alone.
    """
    checks = ready()
    good = all(check["ok"] for name, check in checks.items() if name not in ADVISORY)
    return _json({"status": "ready" if good else "not ready", "checks": checks}, 200 if good else 503)


@never_cache
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format, of all processes where PROMETHEUS_MULTIPROC_DIR is set, else of this one."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        metrics.forget_dead()
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _json(document: dict[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(document), status=status, content_type="application/json")
