"""How far the general groups are behind, for the metrics: who is gated, who is due and waits, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from backends import metrics
from backends.online import gated
from core.clock import MICRO
from core.spec import GroupSpec, VersionSpec
from processing.cursors import Cursors
from processing.deep import Computing
from processing.paths.gate import gated_here


def tell(
    project: str,
    targets: Sequence[tuple[GroupSpec, VersionSpec]],
    cursors: Cursors,
    buckets: Sequence[int],
    deep: Computing | None,
    now: int,
) -> None:
    """Set the gauges of this process's share of a project's general groups; a group that went has nobody left."""
    gates, waits, since = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, list[int]](list)
    for spec, version in targets:
        if version.path != "recompute":
            continue
        places = [(version.code, bucket) for bucket in cursors.whole(version.code, buckets)]
        found = [gated.waiting(project, places, now), *([] if deep is None else [deep.waiting(version.code)])]
        gates[spec.name] += gated_here(project, version.code, buckets)
        waits[spec.name] += sum(count for count, _ in found)
        since[spec.name] += [oldest for _, oldest in found if oldest is not None]
    for group in {*gates, *_told[project]}:
        metrics.GATED.labels(project=project, group=group).set(gates[group])
        metrics.BACKLOG.labels(project=project, group=group).set(waits[group])
        age = max(0, now - min(since[group])) / MICRO if since[group] else 0.0
        metrics.BACKLOG_AGE.labels(project=project, group=group).set(age)
    _told[project] = set(gates)


_told: dict[str, set[str]] = defaultdict(set)
