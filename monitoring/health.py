"""Are the stores there and is the applier alive? Each question has one second; one that does not come back is answered for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from backends.clocks import MOST, skews
from backends.offline import log_sources
from backends.offline.conservation import standing
from backends.online.client import client
from backends.online.published import published
from backends.online.store import OnlineStore
from core.clock import MICRO, now_us
from core.errors import Unavailable
from features import selectors

SECONDS = 1.0
# Told, but no reason to send no requests: values and pushes go on.
ADVISORY = frozenset({"kafka", "accounts", "clock"})
# The applier renews its cursor records every 5 s at least; readers call a value STALE after 20 s without.
SILENCE = 20 * MICRO
# Threads that hang on a dead server are not replaced without end: with all of them hanging, the answer is still "not ready".
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readyz")


class NotReady(Exception):
    """A store or process that cannot do its work; the message says why."""


def ready() -> dict[str, dict[str, Any]]:
    """{name: {"ok": bool, "detail": text}} of everything that an answer depends on, in at most one second."""
    asked = {name: _pool.submit(_answer, question) for name, question in _questions().items()}
    wait(asked.values(), timeout=SECONDS)
    late = {"ok": False, "detail": f"no answer within {SECONDS:g} s"}
    return {name: future.result() if future.done() else late for name, future in asked.items()}


def _questions() -> dict[str, Callable[[], str]]:
    found: dict[str, Callable[[], str]] = {
        "postgres": _postgres,
        "redis": _redis,
        "applier": _applier,
        "accounts": _accounts,
        "clock": _clock,
    }
    if settings.KAFKA_BOOTSTRAP_SERVERS:
        found["kafka"] = _kafka
    if "registry" in settings.DATABASES:
        found["mongodb"] = _mongodb
    return found


def _answer(question: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": question()}
    except NotReady as error:
        return {"ok": False, "detail": str(error)}
    except (DatabaseError, RedisError, PyMongoError, Unavailable, OSError) as error:
        return {"ok": False, "detail": f"cannot be asked: {type(error).__name__}"}


@contextlib.contextmanager
def _own_connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection of this question alone: the thread's own would stay open after it, and its settings wait longer."""
    connection = connections["default"].copy()
    options = {**connection.settings_dict["OPTIONS"], "connect_timeout": 1}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    try:
        yield connection
    finally:
        connection.close()


def _postgres() -> str:
    with _own_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        if cursor.fetchone()[0]:
            raise NotReady("it is a standby and takes no writes")
    return "answers"


def _kafka() -> str:
    """Whether every partition that was ever stored from may still be read; the broker itself is the consumer's business."""
    try:
        stopped = log_sources.stopped()
    finally:
        connections.close_all()
    if stopped:
        names = ", ".join(f"{one.topic}/{one.partition} at {one.at}" for one in stopped)
        raise NotReady(f"its log is not the one that was read: {names}; see manage.py resume_partition")
    return "no partition is stopped"


def _clock() -> str:
    """Readers and appliers go by their host's clock: one that is wrong gives values of another moment."""
    with _own_connection() as connection:
        found = skews(client(), connection)
    told = ", ".join(f"{abs(skew.seconds):.3f} s from {store}'s" for store, skew in found.items())
    if any(skew.alarming for skew in found.values()):
        raise NotReady(f"this host's clock is {told}; at most {MOST:g} s are right: look at NTP")
    return told


def _accounts() -> str:
    """What the last checks of the conservation law found."""
    try:
        broken, checked_at = standing()
    finally:
        connections.close_all()
    if broken:
        raise NotReady(f"off by {broken}: rows or letters are missing or double; see manage.py check_conservation")
    if checked_at is None:
        return "nothing to check yet"
    return f"every row was accounted for {max(0, now_us() - checked_at) // MICRO} s ago"


def _redis() -> str:
    memory: Any = client().info("memory")
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        raise NotReady(f"maxmemory-policy is {policy}: values would vanish unseen; set it to noeviction")
    return f"answers; {memory.get('used_memory_human', '?')} used, nothing is evicted"


def _mongodb() -> str:
    uri = str(settings.DATABASES["registry"]["HOST"])
    mongo: MongoClient[dict[str, Any]] = MongoClient(uri, serverSelectionTimeoutMS=900)
    with mongo:
        mongo.admin.command("ping")
    return "answers"


def _applier() -> str:
    """How long ago each bucket, by the best of its versions, was known to equal the log; the worst bucket decides.

    A backlog lets it grow as a stopped applier does: both mean that values are STALE.
    """
    newest: dict[tuple[str, int], int] = {}
    for project in _projects():
        _whole(project)
        groups = published(project).groups.values()
        codes = [part.code for g in groups if not g.deleted for v in g.versions.values() for part in v.parts]
        places = [(code, bucket) for code in codes for bucket in range(settings.JSTORE_BUCKETS)]
        for (_, bucket), cursor in zip(places, OnlineStore(client()).cursors(project, places), strict=True):
            if cursor is not None:
                newest[project, bucket] = max(newest.get((project, bucket), 0), cursor.equal_at)
    if not newest:
        return "nothing to apply yet"
    silent = now_us() - min(newest.values())
    if silent > SILENCE:
        raise NotReady(f"a bucket did not equal the log for {silent // MICRO} s: the applier is behind or not running")
    return f"every bucket equalled the log at most {max(0, silent) / MICRO:.1f} s ago"


def _whole(project: str) -> None:
    """Raises NotReady while Redis lacks the definitions, or most of what is served is being made again, as after it was emptied.

    One new group that is loading is no reason: the others serve.
    """
    found = published(project)
    if not found.stamp:
        raise NotReady("Redis holds no definitions yet; the applier publishes them")
    serving = [group.current for group in found.groups.values() if not group.deleted and group.current is not None]
    group_of = {part.code: version.code for version in serving for part in version.parts}
    places = [(code, bucket) for code in group_of for bucket in range(settings.JSTORE_BUCKETS)]
    cursors = zip(places, OnlineStore(client()).cursors(project, places), strict=True)
    rebuilding = {group_of[code] for (code, _), cursor in cursors if cursor is None or not cursor.whole}
    if len(serving) > 1 and 2 * len(rebuilding) > len(serving):
        raise NotReady(f"{len(rebuilding)} of {len(serving)} groups are being made again from the log")


def _projects() -> list[str]:
    try:
        return selectors.projects()
    finally:
        connections.close_all()
