"""Values in Redis: the only writer of records, tiles, due times and cursors. Every call is one pipelined round trip."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from backends.online.keys import cursor_key, due_key, record_key, tiles_key, version_pattern, version_prefix
from backends.online.scripts import APPLY, GATHER, SWEEP
from core.record import Cursor

_SHA = {text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in (APPLY, GATHER, SWEEP)}


@dataclass(frozen=True)
class EntityWrite:
    """What becomes of one entity. `tiles` set, `gone` deleted; `fresh` drops all its tiles first; `expected`: see SWEEP."""

    key: str
    record: bytes
    due: int | None
    tiles: dict[int, bytes] = field(default_factory=dict)
    gone: Sequence[int] = ()
    fresh: bool = False
    expected: bytes = b""


@dataclass(frozen=True)
class BucketWrite:
    """One bucket of one version: refused unless the cursor in Redis starts with `fence` (b"" = there is none)."""

    code: str
    bucket: int
    fence: bytes
    cursor: Cursor
    entities: Sequence[EntityWrite] = ()


@dataclass(frozen=True)
class EntityState:
    """What Redis holds of one entity."""

    record: bytes | None
    tiles: dict[int, bytes]


_NOTHING = EntityState(None, {})
_AT_ONCE = 200  # entities in one call, so that Redis is not held for long


def _tiles(named: Sequence[int] | None, found: Sequence[Any]) -> dict[int, bytes]:
    if named is None:  # field, value, field, value, …
        return {int(number): tile for number, tile in zip(found[::2], found[1::2], strict=True)}
    return {number: tile for number, tile in zip(named, found, strict=True) if tile is not None}


class OnlineStore:
    """Redis, Valkey, or one node of a cluster. Raises redis.RedisError when it cannot be reached."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def cursors(self, project: str, buckets: Sequence[tuple[str, int]]) -> list[Cursor | None]:
        """The cursor records of (code, bucket) pairs; None where there is none."""
        if not buckets:
            return []
        found: Any = self._client.mget([cursor_key(project, bucket, code) for code, bucket in buckets])
        return [None if data is None else Cursor.unpack(data) for data in found]

    def records(self, project: str, code: str, entities: Sequence[tuple[int, str]]) -> list[bytes | None]:
        """The records of (bucket, key) entities of one version, in their order."""
        if not entities:
            return []
        found: Any = self._client.mget([record_key(project, bucket, code, key) for bucket, key in entities])
        return list(found)

    def gather(
        self, project: str, code: str, entities: Sequence[tuple[int, str]], tiles: Sequence[Sequence[int] | None]
    ) -> list[EntityState]:
        """Records of (bucket, key) entities of one version with the tiles named for each, None naming all; in their order."""
        by_bucket: dict[int, list[int]] = defaultdict(list)
        for n, (bucket, _) in enumerate(entities):
            by_bucket[bucket].append(n)
        parts = [part[i : i + _AT_ONCE] for part in by_bucket.values() for i in range(0, len(part), _AT_ONCE)]
        calls = []
        for part in parts:
            keys: list[str] = []
            argv: list[Any] = []
            for n in part:
                bucket, key = entities[n]
                keys += (record_key(project, bucket, code, key), tiles_key(project, bucket, code, key))
                named = tiles[n]
                argv += (-1,) if named is None else (len(named), *named)
            calls.append((GATHER, keys, argv))
        found: list[EntityState] = [_NOTHING] * len(entities)
        for part, answer in zip(parts, self._run(calls) if calls else (), strict=True):
            for n, record, held in zip(part, answer[::2], answer[1::2], strict=True):
                found[n] = EntityState(record, _tiles(tiles[n], held))
        return found

    def write(self, project: str, writes: Sequence[BucketWrite]) -> list[bool]:
        """Apply the writes, those of one bucket in one moment. -> whether each was taken; False = Redis holds another cursor."""
        together: dict[int, list[int]] = defaultdict(list)
        for n, w in enumerate(writes):
            together[w.bucket].append(n)
        calls = []
        for bucket, places in together.items():
            keys: list[str] = []
            argv: list[Any] = []
            for w in (writes[n] for n in places):
                its_keys, its_argv = _arguments(project, w.code, bucket, w.entities, sweep=False)
                keys += its_keys
                argv += (len(w.entities), w.fence, w.cursor.pack(), *its_argv)
            calls.append((APPLY, keys, argv))
        taken = [False] * len(writes)
        for places, answer in zip(together.values(), self._run(calls) if calls else (), strict=True):
            for n, good in zip(places, answer, strict=True):
                taken[n] = bool(good)
        return taken

    def sweep(
        self, project: str, code: str, epochs: Mapping[int, int], buckets: Mapping[int, Sequence[EntityWrite]]
    ) -> list[list[bool]]:
        """Replace records that are still as they were read, by bucket. -> for each bucket whether each of its entities was."""
        calls = []
        for bucket, entities in buckets.items():
            keys, argv = _arguments(project, code, bucket, entities, sweep=True)
            calls.append((SWEEP, keys, [epochs[bucket].to_bytes(4, "little"), *argv]))
        answers = self._run(calls) if calls else []
        return [
            [bool(d) for d in done] if done else [False] * len(entities)
            for done, entities in zip(answers, buckets.values(), strict=True)
        ]

    def due(self, project: str, buckets: Iterable[tuple[str, int]], until: int, limit: int) -> list[list[str]]:
        """Entities whose time has come, oldest first, at most `limit` for each (code, bucket)."""
        pipe = self._client.pipeline(transaction=False)
        for code, bucket in buckets:
            pipe.zrangebyscore(due_key(project, bucket, code), "-inf", until, start=0, num=limit)
        return [[key.decode() for key in keys] for keys in pipe.execute()]

    def drop(self, project: str, buckets: Sequence[int], code: str) -> int:
        """Delete everything of some buckets of a version, the cursors first. -> how many keys went."""
        for bucket in buckets:
            self._client.delete(cursor_key(project, bucket, code), due_key(project, bucket, code))
        gone, prefixes = 0, tuple(version_prefix(project, bucket, code) for bucket in buckets)
        # one pass over the keys of the server, whatever the number of buckets
        found = self._client.scan_iter(match=version_pattern(project, code), count=1000)
        for keys in _chunks((key for key in found if key.startswith(prefixes)), 1000):
            gone += int(self._client.unlink(*keys))
        return gone

    def entities(self, project: str, buckets: Sequence[int], code: str) -> Iterator[list[tuple[int, str]]]:
        """Every entity that has a record under a version, as (bucket, key), in lists of at most 500; one pass over all keys."""
        places = {record_key(project, bucket, code, "").encode(): bucket for bucket in buckets}
        for keys in _chunks(self._client.scan_iter(match=version_pattern(project, code), count=1000), 500):
            found = ((prefix, key) for key in keys for prefix in places if key.startswith(prefix))
            yield [(places[prefix], key[len(prefix) :].decode()) for prefix, key in found]

    def _run(self, calls: Sequence[tuple[str, list[str], list[Any]]]) -> list[Any]:
        answers = self._pipeline(calls)
        if any(isinstance(a, redis.exceptions.NoScriptError) for a in answers):  # a new or flushed server
            for text in _SHA:
                self._client.script_load(text)
            missing = [i for i, a in enumerate(answers) if isinstance(a, redis.exceptions.NoScriptError)]
            for i, answer in zip(missing, self._pipeline([calls[i] for i in missing]), strict=True):
                answers[i] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _pipeline(self, calls: Sequence[tuple[str, list[str], list[Any]]]) -> list[Any]:
        pipe: Any = self._client.pipeline(transaction=False)  # its execute_command has no types
        for text, keys, argv in calls:
            pipe.execute_command("EVALSHA", _SHA[text], len(keys), *keys, *argv)
        return list(pipe.execute(raise_on_error=False))


def _arguments(project: str, code: str, bucket: int, entities: Sequence[EntityWrite], sweep: bool) -> tuple[list[str], list[Any]]:
    keys = [cursor_key(project, bucket, code), due_key(project, bucket, code)]
    argv: list[Any] = []
    for e in entities:
        keys += (record_key(project, bucket, code, e.key), tiles_key(project, bucket, code, e.key))
        argv += (
            e.key,
            "" if e.due is None else e.due,
            e.record,
            e.expected if sweep else ("1" if e.fresh else "0"),
            len(e.tiles),
        )
        for number, tile in e.tiles.items():
            argv += (number, tile)
        argv += (len(e.gone), *e.gone)
    return keys, argv


def _chunks(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
