"""What a purge of the log takes from whom: pure rules over a purge's facts and a version's definition.

A purge takes rows whose event time is at most `before`, in every pair of an entity type and a time column that was there. What
the versions of that day still needed of them was put into checkpoints first (`covered`); of versions made later it can only be
told since when they are right again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.clock import FOREVER
from core.routing import TAKES, Route, takes
from core.spec import GroupSpec, VersionSpec
from core.windows import Window

MOST_SHAPES = 500  # more kinds of rows than this are remembered as "any"

Pair = tuple[tuple[str, ...], str, str]  # entity keys, time column, kind of time


@dataclass(frozen=True, order=True)
class Shape:
    """A kind of row: its source, the group it was addressed to ("" for none) and its columns."""

    source: str
    address: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, source: str, address: str | None, row: Mapping[str, Any]) -> Shape:
        """The shape of one row."""
        return cls(source, address or "", tuple(sorted(row)))

    def routes_to(self, route: Route) -> bool:
        """Whether a group may have taken rows of this shape: their keys are taken to be good."""
        return route.source == self.source and takes(route, dict.fromkeys(self.names, "x"), self.address or None) is TAKES


@dataclass(frozen=True)
class Purge:
    """One purge that has begun to delete. Times in us.

    `before`: the newest event time that went, in the pairs that were there; `latest`: the same for any other time column;
    `reaches`: the last position at which one of its rows came or was corrected; `covered`: codes of the versions that have
    checkpoints; `shapes`: which kinds of rows went, None for any.
    """

    number: int
    before: int
    latest: int
    reaches: int
    pairs: frozenset[Pair]
    covered: frozenset[str]
    shapes: frozenset[Shape] | None

    def touches(self, route: Route) -> bool:
        """Whether rows that this route takes may have gone."""
        return self.shapes is None or any(shape.routes_to(route) for shape in self.shapes)


def pair_of(spec: GroupSpec) -> Pair:
    """The pair that a group's events are found by."""
    return spec.entity, spec.timestamp_column, spec.time_kind


def exact_from(purges: Iterable[Purge], spec: GroupSpec, version: VersionSpec) -> int | None:
    """The first t (us) for which V(t) of a version, or of a part of one, can be told right.

    FOREVER where it never can, None where nothing that it takes went.
    """
    found: int | None = None
    route = spec.route(version)
    for purge in purges:
        if not purge.touches(route):
            continue
        newest = purge.before if pair_of(spec) in purge.pairs else purge.latest
        if version.window is not None:
            since = Window.parse(version.window).leaves(newest)
        else:
            since = purge.before if version.code in purge.covered else FOREVER
        found = since if found is None else max(found, since)
    return found


def with_retention(spec: GroupSpec, purges: Iterable[Purge]) -> GroupSpec:
    """The spec as it is published: each version says since when it is right. The same object where nothing was purged."""
    purges = tuple(purges)
    if not purges:
        return spec
    return replace(spec, versions={number: _told(purges, spec, version) for number, version in spec.versions.items()})


def _told(purges: Iterable[Purge], spec: GroupSpec, version: VersionSpec) -> VersionSpec:
    found = tuple(exact_from(purges, spec, part) for part in version.parts)
    return version if all(since is None for since in found) else replace(version, exact_froms=found)
