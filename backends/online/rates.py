"""How often a key may call: a bucket of tokens per key in each process, so that the limit costs no round trip.

A deployment of N web processes allows up to N times the rate: it guards against a client gone wild, it is no budget.
"""

from __future__ import annotations

import threading
import time

from django.conf import settings

from core.errors import TooManyRequests

_MOST_KEYS = 10_000
_lock = threading.Lock()
_buckets: dict[str, tuple[float, float]] = {}  # public id -> (tokens, when counted)


def take(public_id: str, now: float | None = None) -> None:
    """Count one call of a key; raises TooManyRequests where its rate is used up. A second's worth may come at once.

    settings.JSTORE_RATE_PER_SECOND calls a second, 0 = no limit. `now` in seconds of a clock that never goes back.
    """
    rate = float(settings.JSTORE_RATE_PER_SECOND)
    if rate <= 0:
        return
    moment = time.monotonic() if now is None else now
    with _lock:
        tokens, counted = _buckets.get(public_id, (rate, moment))
        tokens = min(rate, tokens + (moment - counted) * rate) - 1.0
        if tokens < 0:
            _buckets[public_id] = (tokens + 1.0, moment)
            raise TooManyRequests("too_many_requests", f"this key may call {rate:.0f} times a second", retry_after=1)
        if public_id not in _buckets and len(_buckets) >= _MOST_KEYS:
            _buckets.clear()  # keys that were never seen again; the others get a fresh second
        _buckets[public_id] = (tokens, moment)
