"""The conservation law, checked against what stands in the tables: of each Kafka partition

    offsets passed = records + gaps             rows of the records = stored + duplicates + rejected
    stored         = rows in the log + purged   rejected            = dead letters + those given back or thrown away

and of everything else: positions = rows in the log + purged. The left sides are counters that move with the offsets; the right
sides are counted anew. Every minute what came since the last check, every day all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import OperationalError, connections, transaction

from backends import metrics
from backends.offline import conservation as accounts
from backends.offline.conservation import OTHERWISE, Checked, Counters, Place
from backends.offline.log import projects
from core.clock import MICRO, now_us

AT_ONCE = 5_000_000  # new positions; where there are more, or rows were purged, all is counted
PAUSE = 600 * MICRO  # between two such counts, but for the daily one


@dataclass(frozen=True)
class Account:
    """One partition's accounts. gone: letters given back or thrown away; difference: rows that the log lacks by its counters."""

    project: str
    place: Place
    told: Counters
    letters: int
    gone: int
    difference: int

    @property
    def broken(self) -> int:
        """By how much its accounts are off, in records and rows; 0 where the law holds."""
        told = self.told
        if self.place == OTHERWISE:
            return abs(self.difference)
        return (
            abs(told.next_offset - told.first_offset - told.records - told.gaps)
            + abs(told.rows - told.stored - told.duplicates - told.rejected)
            + abs(self.difference)
            + abs(told.rejected - self.letters - self.gone)
        )


def check(project: str, whole: bool) -> list[Account]:
    """Check a project's accounts and remember the result. -> [] where another process is at it, or has just been."""
    try:
        with transaction.atomic(using="default"):
            accounts.isolate()
            return _check(project, whole) if accounts.lock() else []
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == "40001":  # somebody else's check ended in this very moment
            return []
        raise


def check_all(whole: bool) -> list[Account]:
    """The same of all projects, with the metric."""
    found = [account for project in projects() for account in check(project, whole)]
    show(found)
    return found


def show(found: Iterable[Account]) -> None:
    """A topic that was made anew, or is read into several projects, is one series."""
    sums: dict[tuple[str, str], int] = {}
    for one in found:
        key = (one.told.topic, "" if one.place == OTHERWISE else str(one.place[1]))
        sums[key] = sums.get(key, 0) + one.broken
    for (topic, partition), broken in sums.items():
        metrics.CONSERVATION.labels(topic, partition).set(broken)


def _check(project: str, whole: bool) -> list[Account]:
    head, told = accounts.counters(project)
    before = accounts.checked(project)
    base = before.get(OTHERWISE)
    purged, purged_before = (sum(one.purged for one in some.values()) for some in (told, before))
    news = base is not None and not whole and purged == purged_before and head - base.position <= AT_ONCE
    if base is not None and not whole and not news and now_us() - base.full_at < PAUSE:
        return []
    counted = accounts.rows(project, base.position if base is not None and news else 0, head)
    letters, gone = _letters(project)
    found = []
    for place in sorted(told.keys() | counted.keys()):
        one, old = told.get(place, Counters(place[0])), before.get(place) if news else None
        if news:
            difference = (old.difference if old else 0) + one.stored - (old.stored if old else 0) - counted.get(place, 0)
        else:
            difference = one.stored - one.purged - counted.get(place, 0)
        found.append(Account(project, place, one, letters.get(place, 0), gone.get(place, 0), difference))
    full_at = base.full_at if base is not None and news else now_us()
    accounts.keep(
        project, {a.place: Checked(head, a.told.stored, a.difference, a.told.purged, a.broken, full_at, now_us()) for a in found}
    )
    return found


def _letters(project: str) -> tuple[dict[Place, int], dict[Place, int]]:
    """-> (refused rows that are still dead letters, those that left), by partition."""
    with connections["default"].cursor() as c:
        c.execute(
            "SELECT topic_id, partition, count(*) FROM dead_letter"
            " WHERE project = %s AND position IS NULL AND topic_id <> '' GROUP BY 1, 2",
            [project],
        )
        there = {(topic_id, partition): count for topic_id, partition, count in c.fetchall()}
        c.execute("SELECT topic_id, partition, letters FROM letters_gone WHERE project = %s", [project])
        return there, {(topic_id, partition): count for topic_id, partition, count in c.fetchall()}
