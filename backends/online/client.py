"""The one connection pool to Redis (or Valkey) of a process, and the one place where its failures become ours."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TimedOut
from redis.retry import Retry

from core.errors import Unavailable

CONNECT_SECONDS = 2.0
# Longer than any command of ours takes on a loaded machine, shorter than a web server's patience.
ANSWER_SECONDS = 5.0
IDLE_CHECK_SECONDS = 30
_numbers = itertools.count(1)
_connections = 0


def connections() -> int:
    """How many connections to Redis this process has made so far.

    Where it grew, the server may have been started again meanwhile, and may have lost the last it was told.
    """
    return _connections


def _connected(connection: Any) -> None:
    """redis-py's own welcome, counted; lanes are made with the client's arguments, so theirs are, too."""
    global _connections
    connection.on_connect_check_health(check_health=False)
    _connections = next(_numbers)


@functools.cache
def client() -> Redis:
    """The process's client: bytes in and out, hiredis, safe to share between threads and across a fork.

    A broken connection is tried once more at once (a restarted server closes all of them), then the error is the caller's.
    """
    return Redis.from_url(
        settings.REDIS_URI,
        decode_responses=False,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        health_check_interval=IDLE_CHECK_SECONDS,
        retry=Retry(ExponentialWithJitterBackoff(cap=0.2, base=0.02), 1),
        retry_on_error=[Disconnected, TimedOut],
        redis_connect_func=_connected,
    )


def as_text(value: bytes | str) -> str:
    """A name or code as Redis gave it."""
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def redis_up() -> Iterator[None]:
    """Turns every failure of Redis inside the block into Unavailable("redis_down")."""
    try:
        yield
    except RedisError as error:
        raise Unavailable("redis_down", f"the online store does not answer: {type(error).__name__}") from error


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "REDIS_URI":
        client.cache_clear()


setting_changed.connect(_forget)
