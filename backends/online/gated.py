"""Which entities of a general group have too many events to be recomputed on each arrival: a set beside each bucket's values.

It is told to people and changes no value: written beside the records, not with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from backends.online.client import client, redis_up
from backends.online.keys import due_key, gated_key


def note(project: str, code: str, gated: Mapping[int, Iterable[str]], free: Mapping[int, Iterable[str]]) -> None:
    """Entities by bucket that were found to be gated, and not to be."""
    pipe = client().pipeline(transaction=False)
    for bucket, keys in gated.items():
        pipe.sadd(gated_key(project, bucket, code), *keys)
    for bucket, keys in free.items():
        pipe.srem(gated_key(project, bucket, code), *keys)
    pipe.execute()


def known(project: str, code: str, buckets: Iterable[int]) -> dict[int, set[str]]:
    """The gated entities of a version, by bucket."""
    pipe, wanted = client().pipeline(transaction=False), list(buckets)
    for bucket in wanted:
        pipe.smembers(gated_key(project, bucket, code))
    return {bucket: {key.decode() for key in keys} for bucket, keys in zip(wanted, pipe.execute(), strict=True)}


def count(project: str, codes: Iterable[str]) -> int:
    """How many gated entities some versions have. Raises Unavailable where Redis does not answer."""
    with redis_up():
        pipe = client().pipeline(transaction=False)
        for code in codes:
            for bucket in range(settings.JSTORE_BUCKETS):
                pipe.scard(gated_key(project, bucket, code))
        return sum(pipe.execute())


def waiting(project: str, places: Sequence[tuple[str, int]], until: int) -> tuple[int, int | None]:
    """How many entities of some (code, bucket) places are due, and since when the oldest is (us)."""
    pipe: Any = client().pipeline(transaction=False)
    for code, bucket in places:
        pipe.zcount(due_key(project, bucket, code), "-inf", until)
        pipe.zrange(due_key(project, bucket, code), 0, 0, withscores=True)
    found = pipe.execute()
    dues = [int(first[0][1]) for due, first in zip(found[::2], found[1::2], strict=True) if due]
    return sum(found[::2]), min(dues, default=None)
