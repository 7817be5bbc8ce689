"""A version becomes the active one: only when it is built and has caught up; until then the old one serves."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils import timezone

from backends.offline import log
from backends.offline.pairs import BUCKETS
from backends.online.client import client, redis_up
from backends.online.store import OnlineStore
from core.errors import Conflict, NotFound
from core.spec import VersionSpec
from features import selectors, services
from features.signals import activation_asked
from processing import runs
from processing.models import Run

KIND = "activate"


def activate(project: str, name: str, version: int, actor: str) -> Run | None:
    """-> a run that moves the pointer once the version has lag 0 (at once where it has), or None where it is active already.

    The last wish counts: runs of the group for other versions that are not over are cancelled, and one for the same version is
    answered again. Raises NotFound for a group or version that is not there.
    """
    spec = selectors.group_spec(project, name)
    if spec is None or spec.deleted or version not in spec.versions:
        raise NotFound("unknown_version", f"there is no version {version} of {name[:80]!r}")
    if spec.active == version:
        _withdraw(project, name, timezone.now())
        return None
    run = _open(project, name).filter(params__version=version, status__in=("queued", "running")).order_by("-created_at").first()
    if run is None:
        run = runs.create(project, KIND, f"{name}@{version}", actor, {"group": name, "version": version})
    _withdraw(project, name, run.created_at)
    advance(run)
    run.refresh_from_db()
    return run


def _open(project: str, name: str) -> QuerySet[Run]:
    return Run.objects.filter(project=project, type=KIND, status__in=("queued", "running", "paused"), params__group=name)


def _withdraw(project: str, name: str, before: datetime) -> None:
    """Cancel what was asked for earlier; of two that are asked for at once the later stays."""
    for run in _open(project, name).filter(created_at__lt=before):
        with contextlib.suppress(Conflict):  # it ended in this very moment
            runs.move(project, str(run.id), "cancel")


@receiver(activation_asked)
def activate_when_asked(sender: object, project: str, name: str, version: int, actor: str, **_: Any) -> str | None:
    """The admin's wish, which may not import this. -> the run's id, None where the version is active already."""
    run = activate(project, name, version, actor)
    return None if run is None else str(run.id)


def advance(run: Run) -> bool:
    """One try. -> whether the run is over; else it must be tried again later."""
    lease = runs.claim(run.id)
    if lease is None:
        return False
    name, version = run.params["group"], run.params["version"]
    spec = selectors.group_spec(run.project, name)
    if spec is None or spec.deleted or version not in spec.versions:
        runs.finish(lease, error=f"version {version} of {name} is gone")
        return True
    share = caught_up(run.project, spec.versions[version], spec.current)
    if share < 1.0:
        runs.advance(lease, share, 0)
        runs.release(lease)
        return False
    if not runs.advance(lease, share, 0):  # cancelled or paused while it was looked at
        return False
    services.set_active(run.project, name, version, run.actor)
    if not runs.finish(lease, result={"active": version}):
        run.refresh_from_db()
        if run.status == "cancelled" and spec.active is not None:  # between the look and the move: it is taken back
            services.set_active(run.project, name, spec.active, run.actor, instead_of=version)
    return True


def caught_up(project: str, version: VersionSpec, serving: VersionSpec | None = None) -> float:
    """The share of a version's buckets that are whole and as far as those of the version that serves. 1.0: it may take over.

    Compared with the serving version and not with the head alone: under a steady stream nobody is at the head for long. Of
    several windows each counts.
    """
    head = log.head(project).position
    mine, others = version.parts, () if serving is None else serving.parts
    with redis_up():
        found = OnlineStore(client()).cursors(
            project, [(part.code, bucket) for part in (*mine, *others) for bucket in range(BUCKETS)]
        )
    by_part = [found[at : at + BUCKETS] for at in range(0, len(found), BUCKETS)]
    good = 0
    for bucket in range(BUCKETS):
        wanted = [c.position for cursors in by_part[len(mine) :] if (c := cursors[bucket]) is not None and c.whole]
        upto = min(head, max(wanted)) if others and len(wanted) == len(others) else head
        good += sum(
            c is not None and c.whole and c.position >= upto for c in (cursors[bucket] for cursors in by_part[: len(mine)])
        )
    return good / (BUCKETS * len(mine))
