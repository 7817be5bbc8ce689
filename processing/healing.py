"""Heal as runs: every night a seventh of the entities of each project, or all of them when asked."""

from __future__ import annotations

import math
import time
from binascii import crc32
from collections.abc import Iterator
from typing import Any

from backends.engine import Engine
from backends.offline import log
from backends.offline.evaluate import pair_of
from backends.offline.pairs import BUCKETS
from backends.online.client import client, redis_up
from backends.online.store import OnlineStore
from core.clock import MICRO, now_us
from core.errors import JStoreError, Unavailable
from core.spec import GroupSpec, VersionSpec
from features import selectors
from processing import runs, settle
from processing.heal import Healed, heal
from processing.load import chunks
from processing.models import Run

KIND = "heal"
SHARES = 7  # of the entities: all are compared within a week of nights


def create(project: str, actor: str, share: int | None = None) -> Run:
    """A queued run over share 0 to 6 of the entities, over all without."""
    return runs.create(project, KIND, "all" if share is None else f"{share + 1}/{SHARES}", actor, {"share": share})


def tonight(project: str) -> Run | None:
    """The night's run; None where an earlier one is not over."""
    if Run.objects.filter(project=project, type=KIND, status__in=("queued", "running", "paused")).exists():
        return None
    return create(project, "beat", now_us() // (86_400 * MICRO) % SHARES)


def advance(run: Run, on: Engine | None = None, seconds: float = math.inf) -> bool:
    """Go on with a run from where it stands, for about so long. -> whether it is over. Raises Unavailable: ring again."""
    lease = runs.claim(run.id)
    if lease is None:
        return False
    run.refresh_from_db()
    params: dict[str, Any] = dict(run.params)
    found, end = Healed(*params.get("found", ())), time.monotonic() + seconds
    try:
        with runs.kept(lease):
            for step, number, of in _steps(run.project, params, on):
                found.add(step)
                params["found"] = [found.compared, found.different, found.replaced, found.examples]
                if not runs.advance(lease, number / of, found.compared, params):
                    return False
                if time.monotonic() > end and number < of:
                    runs.release(lease)
                    return False
    except Unavailable:
        runs.release(lease)
        raise
    except JStoreError as error:
        runs.finish(lease, error=f"{error.code}: {error.detail}")
    else:
        names = ("compared", "different", "replaced", "examples")
        result = dict(zip(names, (found.compared, found.different, found.replaced, found.examples), strict=True))
        runs.finish(lease, rows=found.compared, result=result)
    return True


def _steps(project: str, params: dict[str, Any], on: Engine | None) -> Iterator[tuple[Healed, int, int]]:
    """What each version's bucket came to, with its number and of how many; those up to `params["after"]` were done before."""
    places = {
        f"{spec.name}@{version.number:06} {part.code} {bucket:05}": (spec, part, bucket)
        for spec in selectors.group_specs(project)
        for version in spec.versions.values()
        if version.status != "retired"
        for part in version.parts
        for bucket in range(BUCKETS)
    }
    for number, place in enumerate(sorted(places), 1):
        if place > params.get("after", ""):
            step = _bucket(*places[place], params["share"], on)
            params["after"] = place
            yield step, number, len(places)


def _bucket(spec: GroupSpec, part: VersionSpec, bucket: int, share: int | None, on: Engine | None) -> Healed:
    found = Healed()
    settled = settle.settle(spec, part, log.head(spec.project).position)
    now = settled.part(part.code)
    if now is None:  # deleted meanwhile
        return found
    store = OnlineStore(client())
    for keys in chunks(pair_of(settled), now.code, bucket):
        chosen = [key for key in keys if share is None or crc32(key.encode()) // BUCKETS % SHARES == share]
        with redis_up():
            (cursor,) = store.cursors(spec.project, [(now.code, bucket)])
            if cursor is not None and chosen:
                found.add(heal(store, settled, now, chosen, {bucket: cursor}, now_us(), on))
    return found
