"""Runs: the only writer of their table. Every move is a conditional UPDATE that counts its rows; "already so" is done.

A worker holds a run by a lease with an epoch; each of its writes names the epoch, so one that lost its lease changes nothing.
A lease is short, so that the run of a worker that died is soon taken up; a thread renews it while a long step is computed.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError, connections
from django.db.models import F
from django.utils import timezone

from backends import metrics
from core.clock import MICRO, now_us
from core.errors import Conflict, NotFound
from processing.models import Run

LEASE = 12 * MICRO
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Lease:
    """A worker's hold on a run."""

    run_id: uuid.UUID
    epoch: int


def create(project: str, kind: str, target: str, actor: str, params: dict[str, Any] | None = None) -> Run:
    """A new run, queued."""
    return Run.objects.create(project=project, type=kind, target=target, actor=actor, params=params or {})


def get(project: str, run_id: str) -> Run:
    """One run; raises NotFound."""
    try:
        wanted = uuid.UUID(run_id)
    except ValueError:
        wanted = uuid.UUID(int=0)
    found = Run.objects.filter(project=project, id=wanted).first()
    if found is None:
        raise NotFound("unknown_run", f"there is no run {run_id[:64]!r}")
    return found


def claim(run_id: uuid.UUID) -> Lease | None:
    """Take a queued run, or a running one whose worker is gone. None: it is ended, paused, or somebody has it."""
    now = now_us()
    free = Run.objects.filter(id=run_id, status__in=("queued", "running"), lease_until__lt=now)
    taken = free.update(
        epoch=F("epoch") + 1, lease_until=now + LEASE, owner=f"{os.uname().nodename}:{os.getpid()}", status="running"
    )
    if not taken:
        return None
    Run.objects.filter(id=run_id, started_at=None).update(started_at=timezone.now())
    return Lease(run_id, Run.objects.values_list("epoch", flat=True).get(id=run_id))


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """While the block runs the lease does not end, however long one of its steps takes; it ends soon after this process died."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(LEASE / MICRO / 4):
            try:
                held = Run.objects.filter(id=lease.run_id, epoch=lease.epoch, status="running")
                if not held.update(lease_until=now_us() + LEASE):
                    break  # paused, cancelled or taken over: the next `advance` says so
            except DatabaseError as error:
                _logger.warning("lease_not_renewed", run=str(lease.run_id), error=repr(error)[:200])
                connections.close_all()
        connections.close_all()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def advance(lease: Lease, progress: float, rows: int, params: dict[str, Any] | None = None) -> bool:
    """Renew the lease and say how far it is. -> False where the run was paused, cancelled or taken over: stop."""
    changes: dict[str, Any] = {"lease_until": now_us() + LEASE, "progress": progress, "rows": rows}
    if params is not None:
        changes["params"] = params
    return bool(Run.objects.filter(id=lease.run_id, epoch=lease.epoch, status="running").update(**changes))


def release(lease: Lease) -> None:
    """Give a run back unfinished, to be continued later."""
    Run.objects.filter(id=lease.run_id, epoch=lease.epoch, status="running").update(status="queued", lease_until=0)


def finish(lease: Lease, *, rows: int = 0, result: dict[str, Any] | None = None, error: str = "") -> bool:
    """End a run as succeeded, or failed where there is an error. -> whether it was still ours."""
    status = "failed" if error else "succeeded"
    changes: dict[str, Any] = {
        "status": status,
        "error": error[:2000],
        "finished_at": timezone.now(),
        "lease_until": 0,
        "result": result or {},
    }
    if not error:
        changes |= {"progress": 1.0, "rows": rows}
    ended = bool(Run.objects.filter(id=lease.run_id, epoch=lease.epoch, status="running").update(**changes))
    if ended:
        run = Run.objects.get(id=lease.run_id)
        metrics.JOB_RUNS.labels(type=run.type, status=status).inc()
    return ended


_MOVES = {
    "pause": (("queued", "running"), "paused"),
    "resume": (("paused",), "queued"),
    "cancel": (("queued", "running", "paused"), "cancelled"),
}


def move(project: str, run_id: str, verb: str) -> Run:
    """pause, resume or cancel. Raises NotFound, Conflict where the run is in no state for it; already so is done."""
    run = get(project, run_id)
    states, status = _MOVES[verb]
    changes: dict[str, Any] = {"status": status, "lease_until": 0}
    if status == "cancelled":
        changes["finished_at"] = timezone.now()
    moved = Run.objects.filter(id=run.id, status__in=states).update(**changes)
    run.refresh_from_db()
    if not moved and run.status != status:
        raise Conflict("run_state", f"a run that is {run.status} cannot {verb}")
    if moved and status == "cancelled":
        metrics.JOB_RUNS.labels(type=run.type, status=status).inc()
    return run


def waiting(kinds: Collection[str]) -> list[uuid.UUID]:
    """Runs of some types that nobody holds and that should go on: what a doorbell that was lost would have rung."""
    found = Run.objects.filter(type__in=list(kinds), status__in=("queued", "running"), lease_until__lt=now_us())
    return list(found.order_by("created_at").values_list("id", flat=True)[:100])
