"""Many rows judged at once: those with the same names and address are the business of the same groups in the same way.

What depends on the names alone (who takes such a row, who lacks a column of it, which keys, times and types are to be looked at)
is found once for a shape. A row in which all that is to be looked at is good has the shape's verdict; every other goes to
`judging.judge`, which is the rule. With seven groups that takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backends.offline.pairs import FUTURE
from core import types
from core.entity import SURE, key_text
from core.errors import Invalid
from core.routing import NEAR_MISS, TAKES, by_names, row_time
from core.spec import GroupSpec, VersionSpec
from processing.judging import DEFAULT_TIME, PLAIN, Judged, Refused, identity_of, judge

MOST_SHAPES = 1000  # a sender may make up a name for each row


class _Shape(NamedTuple):
    """What is left to look at in rows of one shape, and the verdict where it is good: `now`, or `held` where a time is ahead."""

    keys: tuple[str, ...]
    times: tuple[tuple[str, str], ...]
    fits: tuple[tuple[str, type | None, types.ColumnType], ...]
    identified: bool
    now: Judged
    held: Judged


class Shapes:
    """`judge` for one set of definitions and one source."""

    def __init__(self, groups: Mapping[str, GroupSpec], source: str = "events") -> None:
        self.groups = groups
        self._source = source
        self._shapes: dict[tuple[str | None, ...], _Shape | None] = {}

    def judge(self, row: Any, address: str | None, record_time: int, now: int) -> Judged | Refused:
        """As judging.judge says."""
        if type(row) is dict:
            names = (address, *row)
            try:
                shape = self._shapes[names]
            except KeyError:
                shape = self._learn(names, row, address)
            if shape is not None:
                found = _good(shape, row, record_time, now)
                if found is not None:
                    return found
        return judge(row, address, record_time, now, self.groups, self._source)

    def _learn(self, names: tuple[str | None, ...], row: dict[str, Any], address: str | None) -> _Shape | None:
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
        shape = self._shapes[names] = self._plain(row) if address is None else self._addressed(row, address)
        return shape

    def _addressed(self, row: dict[str, Any], address: str) -> _Shape | None:
        spec = self.groups.get(address)
        version = None if spec is None or spec.deleted else spec.current
        if spec is None or version is None:
            return None
        return _shape(row, [(spec, version)], [])

    def _plain(self, row: dict[str, Any]) -> _Shape:
        takers: list[tuple[GroupSpec, VersionSpec]] = []
        near: list[GroupSpec] = []
        for spec in self.groups.values():
            version = spec.current
            if spec.deleted or version is None or spec.source != self._source:
                continue
            said = by_names(spec.route(version), row.keys())
            if said is TAKES:
                takers.append((spec, version))
            elif said is NEAR_MISS:
                near.append(spec)
        return _shape(row, takers, near)


def _shape(row: dict[str, Any], takers: list[tuple[GroupSpec, VersionSpec]], near: list[GroupSpec]) -> _Shape:
    keys = {key: None for spec in (*(spec for spec, _ in takers), *near) for key in spec.entity}
    times = {(spec.timestamp_column, spec.time_kind): None for spec, _ in takers} or {(DEFAULT_TIME, "TIMESTAMP"): None}
    kinds = {
        (name, kind): None
        for spec, version in takers
        for name in version.input_columns
        if name in row and (kind := spec.columns.get(name)) is not None
    }
    names = tuple(spec.name for spec in near)
    return _Shape(
        tuple(keys),
        tuple(times),
        tuple((name, PLAIN.get(kind), types.parse_type(kind)) for name, kind in kinds),
        "event_id" in row,
        Judged(tuple(takers), near=names, shown_by=tuple(takers)),
        Judged(tuple(takers), True, near=names, shown_by=tuple(takers)),
    )


def _good(shape: _Shape, row: dict[str, Any], record_time: int, now: int) -> Judged | None:
    """The shape's verdict; None where anything is not as it should be, or where the row corrects or removes another."""
    verdict = shape.now
    try:
        for name in shape.keys:
            value = row.get(name)  # an addressed row may lack it
            if type(value) is not str or not 0 < len(value) <= SURE:
                key_text(value)
        for column, kind in shape.times:
            time = row_time(row, column, kind, record_time)
            if time > now:
                if time > now + FUTURE:
                    return None
                verdict = shape.held
        for name, plain, column_type in shape.fits:
            value = row[name]
            if type(value) is not plain:
                types.coerce(column_type, value)
        if not shape.identified:
            return verdict
        identity, revision, deleted = identity_of(row)
    except (Invalid, types.Mismatch):
        return None
    return None if revision or deleted else verdict._replace(identity=identity)


_known: dict[str, Shapes] = {}


def shapes_of(project: str, groups: Mapping[str, GroupSpec]) -> Shapes:
    """What was learned of a project's rows, for as long as its definitions are these very ones."""
    known = _known.get(project)
    if known is None or known.groups is not groups:
        known = _known[project] = Shapes(groups)
    return known
