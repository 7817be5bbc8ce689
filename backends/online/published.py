"""What is defined, as every process knows it: group specs in Redis, behind an in-process cache compared by stamp.

Per project: a hash name -> spec, a hash name -> registry revision, a set of codes whose values are to be dropped, and a
stamp that grows with every change and never repeats, not even when Redis was emptied (it starts from the clock).
Written by the registry's services alone. Keys of the API stand beside it in `grants`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backends.online.client import as_text, client, redis_up
from backends.online.client import connections as connections
from backends.online.grants import KeyGrant as KeyGrant
from backends.online.grants import api_key as api_key
from backends.online.grants import publish_key as publish_key
from backends.online.grants import revoke_key as revoke_key
from core.clock import now_us
from core.spec import GroupSpec

# A writer that was overtaken must not put its older spec over a newer one: the registry's revision decides, not who comes last.
# KEYS specs revisions dropped stamp; ARGV clock, name, revision, spec, dropped code...
_PUBLISH = """
if redis.call('EXISTS', KEYS[4]) == 0 then return -1 end
local seen = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '-1')
if seen > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
for i = 5, #ARGV do redis.call('SADD', KEYS[3], ARGV[i]) end
local stamp = math.max(tonumber(redis.call('GET', KEYS[4]) or '0') + 1, tonumber(ARGV[1]))
redis.call('SET', KEYS[4], string.format('%.0f', stamp))
return 1
"""

PUBLISHED, OVERTAKEN, EMPTY = 1, 0, -1


@dataclass(frozen=True)
class Published:
    """The specs of a project under one stamp. stamp 0: Redis holds nothing, so a name missing here proves nothing."""

    stamp: int
    groups: Mapping[str, GroupSpec] = field(default_factory=dict)
    raw: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)


_cache: dict[str, Published] = {}
_confirmed: dict[str, int] = {}


def stamp_key(project: str) -> str:
    """The key of the stamp: a reader may fetch it in the same MGET as its records and compare."""
    return f"js:{{{project}}}:stamp"


def _key(project: str, kind: str) -> str:
    return f"js:{{{project}}}:{kind}"


def cached(project: str) -> Published | None:
    """What this process knows already, without asking Redis."""
    return _cache.get(project)


def confirmed(project: str) -> bool:
    """Whether the registry was compared with Redis since this process last connected to it.

    If not, Redis may have come back without its last writes: what it does not know may be there all the same.
    """
    return _confirmed.get(project) == connections()


def confirm(project: str, since: int) -> None:
    """The registry's word that Redis holds what it holds; `since`: connections() before it was compared."""
    _confirmed[project] = since


def published(project: str) -> Published:
    """The newest specs, deleted groups included (`GroupSpec.deleted`). One GET where nothing changed; raises Unavailable."""
    known = _cache.get(project)
    with redis_up():
        if known is not None and known.stamp and int(client().get(stamp_key(project)) or 0) == known.stamp:
            return known
        pipe = client().pipeline(transaction=True)
        pipe.get(stamp_key(project))
        pipe.hgetall(_key(project, "specs"))
        stamp, raw = pipe.execute()
    groups = {}
    for name, text in raw.items():
        if known is not None and known.raw.get(name) == text:
            groups[name.decode()] = known.groups[name.decode()]
        else:
            groups[name.decode()] = GroupSpec.loads(text)
    _cache[project] = found = Published(int(stamp or 0), groups, raw)
    return found


def publish_group(spec: GroupSpec, revision: int, dropped: Iterable[str] = ()) -> int:
    """Makes a spec known; `dropped` are codes whose values and tiles go. -> PUBLISHED, OVERTAKEN (a newer one stands) or EMPTY.

    EMPTY: Redis holds nothing of the project, and one spec alone would look like all of them: `replace_all` instead.
    """
    keys = (*(_key(spec.project, kind) for kind in ("specs", "revisions", "dropped")), stamp_key(spec.project))
    with redis_up():
        return int(client().eval(_PUBLISH, len(keys), *keys, now_us(), spec.name, revision, spec.dumps(), *dropped))


def replace_all(project: str, specs: Iterable[tuple[GroupSpec, int]], dropped: Iterable[str] = ()) -> None:
    """The specs of a project as the registry has them, whatever Redis held before."""
    rows = [(spec.name, spec.dumps(), revision) for spec, revision in specs]
    with redis_up():
        before = int(client().get(stamp_key(project)) or 0)
        pipe = client().pipeline(transaction=True)
        pipe.delete(_key(project, "specs"), _key(project, "revisions"))
        for name, text, revision in rows:
            pipe.hset(_key(project, "specs"), name, text)
            pipe.hset(_key(project, "revisions"), name, revision)
        if codes := list(dropped):
            pipe.sadd(_key(project, "dropped"), *codes)
        pipe.set(stamp_key(project), max(before + 1, now_us()))
        pipe.execute()


def revisions(project: str) -> dict[str, int]:
    """name -> the registry's revision that is published; what a healer compares with the registry."""
    with redis_up():
        return {as_text(name): int(number) for name, number in client().hgetall(_key(project, "revisions")).items()}


def dropped(project: str) -> frozenset[str]:
    """Codes of versions whose records, tiles and tables are still to be removed."""
    with redis_up():
        return frozenset(map(as_text, client().smembers(_key(project, "dropped"))))


def forget_dropped(project: str, codes: Iterable[str]) -> None:
    """The consumer's word that these codes are gone."""
    if found := list(codes):
        with redis_up():
            client().srem(_key(project, "dropped"), *found)
