"""Purging the log: what would go, who stands against it, the checkpoints of what is still needed, and then the rows.

May be killed anywhere: begun again, a purge that only marked starts over, one that deletes goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connections

from backends import metrics
from backends.offline import checkpoints, log, log_reading, purging, retention
from backends.offline.evaluate import events_between, pair_of
from backends.offline.pairs import BUCKETS, known_pairs
from backends.offline.program import program
from backends.offline.purging import Begun
from core import retention as rules
from core.clock import FOREVER, MICRO, format_time, now_us
from core.errors import Conflict, Invalid, NotFound, Unavailable
from core.retention import MOST_SHAPES, Shape
from core.spec import GroupSpec, VersionSpec
from core.windows import Window
from features import audit, selectors, services
from features.database import registry_up
from processing import settle
from processing.waiting import wait_applied

MARGIN = 10 * 60 * MICRO  # nothing younger goes: clocks differ, and a record may lag behind them
PATIENCE = 30.0  # seconds that appliers are waited for; who is later is loaded again
_CHUNK = 500  # entities of one computation
_LOCK = 0x6A74  # advisory lock class: one purge a project

Say = Callable[[str], None]
Target = tuple[GroupSpec, VersionSpec]


@dataclass
class Found:
    """Rows that go: how many, up to where anything became of them, of which shapes (None: too many to tell)."""

    rows: int = 0
    reaches: int = 0
    shapes: set[Shape] | None = field(default_factory=set)

    def add(self, shapes: set[Shape]) -> None:
        """More shapes."""
        if self.shapes is not None:
            self.shapes |= shapes
            if len(self.shapes) > MOST_SHAPES:
                self.shapes = None


class Refused(Conflict):
    """Some versions need the rows; `reasons` names them."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("purge_refused", "; ".join(reasons))
        self.reasons = tuple(reasons)


def preview(project: str, before: int) -> tuple[int, list[str]]:
    """What a purge would do now. -> (rows that would go, why it would be refused). Nothing is written."""
    _check(before)
    found = Found()
    for rows in purging.old_rows(project, before, log.head(project).position, known_pairs(project)):
        found.rows += len(rows)
        found.add({Shape.of(row.source, row.address, row.row) for row in rows if not row.deleted})
    return found.rows, _against(_touched(project, found.shapes), before)


def purge(project: str, before: int, actor: str, say: Say, patience: float = PATIENCE) -> int:
    """Delete the rows whose event times are all not after `before` (us). -> how many went, of an interrupted purge too.

    Raises Invalid (too young a time), Conflict (another purge runs), Refused, Unavailable (run it again), EngineFailed.
    """
    _check(before)
    with _alone(project):
        gone = 0
        left = purging.unfinished(project)
        if left is not None and left.state == retention.DELETING:
            say(f"going on with the purge to {format_time(left.before)} that was interrupted")
            gone += _delete(left, actor, say)
        elif left is not None:
            purging.call_off(left)
        for spec, _ in _versions(project):
            pair_of(spec)  # an index that is made later could not say which rows are old
        begun = purging.begin(project, before)
        try:
            found = _mark(begun, say)
            if found.rows:
                _cover(begun, found.shapes, say)
            if found.rows and not wait_applied(project, _versions(project), found.reaches, patience):
                say("an applier is behind: what it has not applied it will load again")
        except Exception:
            purging.call_off(begun)
            raise
        if not found.rows:
            purging.call_off(begun)
            say("nothing is old enough to go")
            return gone
        purging.turn(begun, found.rows, found.reaches, found.shapes)
        return gone + _delete(begun, actor, say)


def _check(before: int) -> None:
    if before > now_us() - MARGIN:
        raise Invalid("purge_too_young", "a purge leaves the last 10 minutes alone", pointer="/before")


@contextmanager
def _alone(project: str) -> Iterator[None]:
    with connections["default"].cursor() as c:
        c.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, project])
        if not c.fetchone()[0]:
            raise Conflict("purge_running", f"another process purges the log of {project}")
    try:
        yield
    finally:
        with connections["default"].cursor() as c:
            c.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [_LOCK, project])


def _versions(project: str) -> list[Target]:
    """All versions that are kept up, drafts too; of several windows their parts."""
    return [
        (spec, part)
        for spec in selectors.group_specs(project)
        for version in spec.versions.values()
        if version.status != "retired"
        for part in version.parts
    ]


def _touched(project: str, shapes: set[Shape] | None) -> list[Target]:
    """Those that may take such rows and are not beyond telling already."""
    kept = retention.kept(project)
    return [
        (spec, version)
        for spec, version in _versions(project)
        if (shapes is None or any(shape.routes_to(spec.route(version)) for shape in shapes))
        and kept.exact_from(spec, version) != FOREVER
    ]


def _against(targets: Sequence[Target], before: int) -> list[str]:
    """Why versions stand against a purge."""
    now = now_us() - MARGIN
    reasons = []
    for spec, version in targets:
        name = f"{spec.name}@{version.number}"
        if version.window is not None:
            if before > (edge := Window.parse(version.window).lower(now)):
                reasons.append(f"{name} (window {version.window}) still needs rows back to {format_time(edge)}")
        elif version.path == "recompute" or program(spec, version).compiled.tallied:
            reasons.append(f"{name} is computed from all of its events ({version.path_reason})")
    return reasons


def _mark(begun: Begun, say: Say) -> Found:
    found = Found()
    for rows in purging.old_rows(begun.project, begun.before, begun.head, begun.pairs):
        if rows:
            count, reaches = purging.mark(begun, rows)
            found.rows, found.reaches = found.rows + count, max(found.reaches, reaches)
            found.add({Shape.of(row.source, row.address, row.row) for row in rows if not row.deleted})
    say(f"{found.rows} of {begun.head} positions are to go")
    return found


def _cover(begun: Begun, shapes: set[Shape] | None, say: Say) -> None:
    """Checkpoints of every version that needs any, those too that come meanwhile. Raises Refused."""
    pairs = {(pair.keys, pair.time_column, pair.time_kind) for pair in begun.pairs}
    done: set[str] = set()
    while targets := [target for target in _touched(begun.project, shapes) if target[1].code not in done]:
        if reasons := _against(targets, begun.before):
            raise Refused(reasons)
        for spec, version in targets:
            done.add(version.code)
            if rules.pair_of(spec) in pairs:
                purging.cover(begun, version.code)
                say(f"{spec.name}@{version.number}: {_checkpoint(begun, spec, version)} checkpoints")


def _checkpoint(begun: Begun, spec: GroupSpec, version: VersionSpec) -> int:
    """What a version needs of the rows that go, entity by entity. -> how many have any."""
    try:
        spec = settle.settle(spec, version, begun.head)
    except NotFound:  # deleted meanwhile
        return 0
    current = spec.part(version.code)
    if current is None:
        return 0
    made, pair = program(spec, current), pair_of(spec)
    before = retention.kept(begun.project)
    written = 0
    for bucket in range(BUCKETS):
        after = ""
        while keys := log_reading.keys_of(pair, bucket, after, _CHUNK):
            after = keys[-1]
            found = events_between(made, pair, [(key, -1, begun.before) for key in keys], begun.head)
            marked = checkpoints.leaving(begun.project, [e.row.position for events in found for e in events])
            going = {
                key: events
                for key, of in zip(keys, found, strict=True)
                if (events := [e for e in of if e.row.position in marked])
            }
            if going:
                news = checkpoints.merged(made, going, checkpoints.bases(before, made, list(going)))
                checkpoints.write(version.code, pair, begun.number, news)
                written += len(news)
    return written


def _delete(begun: Begun, actor: str, say: Say) -> int:
    """Tell every reader, then delete. Goes on wherever it was left."""
    with registry_up():
        services.ensure_published(begun.project)
        behind = services.unpublished(begun.project)
    if behind:
        raise Unavailable("not_published", f"readers do not know yet, so nothing was deleted: {', '.join(behind)}; run it again")
    while count := purging.delete_some(begun):
        metrics.PURGED.labels(project=begun.project).inc(count)
    for code in purging.covered(begun):
        for bucket in range(BUCKETS):
            checkpoints.forget_older(code, bucket, begun.number)
    audit.record(begun.project, actor, "purge", f"log to {format_time(begun.before)}", number=begun.number)
    gone = purging.end(begun)
    say(f"{gone} rows are gone")
    return gone
