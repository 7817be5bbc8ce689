"""Reads of the online store: one round trip brings records, the cursor records of their buckets, and the project's stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from redis import Redis

from backends.online.keys import cursor_key, record_key
from backends.online.lane import mget
from backends.online.published import stamp_key
from core.entity import bucket_of
from core.record import Cursor


@dataclass(frozen=True)
class Shelf:
    """Where the values of one version of one project stand: its keys, ready made per bucket."""

    project: str
    code: str

    @cached_property
    def prefixes(self) -> tuple[bytes, ...]:
        """bucket -> what stands before the entity in the key of a record."""
        return tuple(record_key(self.project, bucket, self.code, "").encode() for bucket in range(settings.JSTORE_BUCKETS))

    @cached_property
    def cursors(self) -> tuple[bytes, ...]:
        """bucket -> the key of its cursor record."""
        return tuple(cursor_key(self.project, bucket, self.code).encode() for bucket in range(settings.JSTORE_BUCKETS))

    @cached_property
    def buckets(self) -> int:
        """How many buckets the deployment has."""
        return int(settings.JSTORE_BUCKETS)


@dataclass(frozen=True)
class Fetched:
    """What one MGET brought. `records` in the order asked; `cursors` per (code, bucket); `stamp` of the project's definitions."""

    records: list[list[bytes | None]]
    cursors: Mapping[tuple[str, int], Cursor | None]
    stamp: int


def fetch(client: Redis, project: str, wanted: Sequence[tuple[Shelf, Sequence[tuple[int, bytes]]]]) -> Fetched:
    """Records of many versions x entities ((bucket, entity as UTF-8) each) in one MGET; raises Unavailable."""
    keys: list[bytes] = []
    asked: list[tuple[str, int]] = []
    for shelf, entities in wanted:
        prefixes = shelf.prefixes
        keys += [prefixes[bucket] + entity for bucket, entity in entities]
    cut = len(keys)
    for shelf, entities in wanted:
        for bucket in {bucket for bucket, _ in entities}:
            asked.append((shelf.code, bucket))
            keys.append(shelf.cursors[bucket])
    keys.append(stamp_key(project).encode())
    found = mget(client, keys)
    cursors = {place: None if data is None else Cursor.unpack(data) for place, data in zip(asked, found[cut:], strict=False)}
    records, at = [], 0
    for _, entities in wanted:
        records.append(found[at : at + len(entities)])
        at += len(entities)
    return Fetched(records, cursors, int(found[-1] or 0))


def read(
    client: Redis, project: str, wanted: Sequence[tuple[str, int, str]]
) -> tuple[list[bytes | None], dict[tuple[str, int], Cursor | None]]:
    """(code, bucket, entity) -> (records in that order, None where there is none; the cursor records of their buckets)."""
    shelves: dict[str, Shelf] = {}
    for code, _, _ in wanted:
        shelves.setdefault(code, Shelf(project, code))
    got = fetch(client, project, [(shelves[code], ((bucket, entity.encode()),)) for code, bucket, entity in wanted])
    return [records[0] for records in got.records], dict(got.cursors)


def place(key: str, buckets: int) -> tuple[int, bytes]:
    """An encoded entity key -> (bucket, its UTF-8 bytes)."""
    return bucket_of(key, buckets), key.encode()
