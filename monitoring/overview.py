"""Numbers of the home page: what is registered, how much is in the log, how many entities it speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from backends.offline import log, log_reading
from backends.offline.pairs import BUCKETS, Pair, known_pairs
from features import selectors

# Counting distinct keys reads an index; a bucket with more than these is not counted out but taken as one of equal ones.
COUNTED = 1000
KEPT_SECONDS = 30


@dataclass(frozen=True)
class Overview:
    """`entities` is an estimate where `estimated`: keys of one bucket times the buckets."""

    groups: int
    features: int
    events: int
    entities: int
    estimated: bool


def overview(project: str) -> Overview:
    """The numbers of a project; the entities are at most half a minute old."""
    active = [version for spec in selectors.group_specs(project) if (version := spec.version()) is not None]
    head = log.head(project)
    kept = cache.get_or_set(f"overview:entities:{project}", lambda: count_entities(project), KEPT_SECONDS)
    entities, estimated = kept if kept is not None else (0, False)
    return Overview(len(active), sum(len(version.outputs) for version in active), head.position, entities, estimated)


def count_entities(project: str) -> tuple[int, bool]:
    """Distinct keys over the entity types that have an index. -> (number, whether it is an estimate)."""
    total, estimated = 0, False
    for pair in one_for_each_entity(project):
        first = len(log_reading.keys_of(pair, 0, "", COUNTED))
        if first >= COUNTED:
            total, estimated = total + first * BUCKETS, True
        else:
            total += first + sum(len(log_reading.keys_of(pair, bucket, "", COUNTED * 2)) for bucket in range(1, BUCKETS))
    return total, estimated


def one_for_each_entity(project: str) -> list[Pair]:
    """One index per entity type; the same keys under another time column are the same entities."""
    return list({pair.keys: pair for pair in reversed(known_pairs(project))}.values())
