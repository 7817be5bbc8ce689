"""What was purged from the log, and reading it so that nothing can go between two statements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections, transaction

from core.retention import Purge, Shape, exact_from
from core.spec import GroupSpec, VersionSpec

MARKING, DELETING, DONE = "marking", "deleting", "done"
_known: dict[tuple[str, int, int], Purge] = {}  # (project, number, when it was begun): once it deletes, its facts stand


class Purged(Exception):
    """Rows that were needed have gone meanwhile: what was begun is begun again, from the checkpoints."""


@dataclass(frozen=True)
class Kept:
    """What a snapshot of the log has lost. `deleting`: some of the rows that a checkpoint holds are still there."""

    project: str
    purges: tuple[Purge, ...] = ()
    deleting: bool = False

    @property
    def number(self) -> int:
        """The newest purge that counts; 0 without."""
        return self.purges[-1].number if self.purges else 0

    @property
    def reaches(self) -> int:
        """The log is whole only for who stands at this position or beyond."""
        return max((purge.reaches for purge in self.purges), default=0)

    def exact_from(self, spec: GroupSpec, version: VersionSpec) -> int | None:
        """See core.retention."""
        return exact_from(self.purges, spec, version)

    def whole_at(self, spec: GroupSpec, version: VersionSpec, upto: int) -> bool:
        """Whether a version's checkpoints hold nothing that was not there yet, or was corrected since, at a position."""
        return all(purge.reaches <= upto for purge in self.purges if purge.touches(spec.route(version)))


def kept(project: str) -> Kept:
    """What is purged, as this transaction sees it."""
    with connections["default"].cursor() as c:
        c.execute(
            "SELECT number, begun_at, state FROM log_purge WHERE project = %s AND state <> %s ORDER BY number", [project, MARKING]
        )
        found = c.fetchall()
        missing = [number for number, begun_at, _ in found if (project, number, begun_at) not in _known]
        if missing:
            c.execute(
                "SELECT number, begun_at, before, latest, reaches, pairs::text, covered, shapes::text FROM log_purge"
                " WHERE project = %s AND number = ANY(%s)",
                [project, missing],
            )
            for number, begun_at, *facts in c.fetchall():
                _known[project, number, begun_at] = _purge(number, *facts)
    purges = tuple(_known[project, number, begun_at] for number, begun_at, _ in found)
    return Kept(project, purges, any(state == DELETING for _, _, state in found))


def _purge(number: int, before: int, latest: int, reaches: int, pairs: str, covered: Sequence[str], shapes: str | None) -> Purge:
    kinds = None if shapes is None else json.loads(shapes)
    return Purge(
        number,
        before,
        latest,
        reaches,
        frozenset((tuple(keys), column, kind) for keys, column, kind in json.loads(pairs)),
        frozenset(covered),
        None if kinds is None else frozenset(Shape(source, address, tuple(names)) for source, address, names in kinds),
    )


@contextmanager
def snapshot(project: str) -> Iterator[Kept]:
    """One state of the database for all that is read inside; what is purged by then. Nothing may be written. Not inside another
    transaction, which would have a state of its own for each statement."""
    with transaction.atomic(using="default", durable=True), connections["default"].cursor() as c:
        c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield kept(project)


def reaches(project: str) -> int:
    """The position up to which rows may be gone by now."""
    with connections["default"].cursor() as c:
        c.execute("SELECT purged FROM log_head WHERE project = %s", [project])
        found = c.fetchone()
    return int(found[0]) if found else 0
