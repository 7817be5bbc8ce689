"""What a list of references means under one stamp of the definitions: made once, then looked up.

A plan names the versions to read, the keys of Redis they stand under, and for each feature asked where its value is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backends.online.published import Published
from backends.online.reading import Shelf
from core import types
from core.clock import MICRO
from core.codec import Block
from core.columns import PlainColumns
from core.errors import Conflict, JStoreError, NotFound, TooLarge
from core.names import Ref, parse_ref
from core.spec import GroupSpec, VersionSpec
from core.windows import Window

MOST_FEATURES = 500
_MOST_PLANS = 2000
_READY = ("active", "backfilled", "deprecated")


@dataclass(frozen=True)
class Part:
    """One version of one group, ready to read."""

    group: GroupSpec
    version: VersionSpec
    shelf: Shelf
    window: Window | None
    ttl: int | None  # us
    nulls: tuple[None, ...]
    defaults: tuple[Any, ...]
    _decoders: dict[int, Decoder] = field(default_factory=dict, repr=False, compare=False)

    def missing(self, arrow: bool = False) -> tuple[Any, ...]:
        """What stands for values that are not there: the defaults, for orjson or for pyarrow."""
        return self._arrow_defaults if arrow else self.defaults

    @cached_property
    def _arrow_defaults(self) -> tuple[Any, ...]:
        kinds = self.version.layouts[-1].outputs
        return tuple(_coerced(kind, value) for kind, value in zip(kinds, self.defaults, strict=True))

    def decoder(self, layout: int) -> Decoder | None:
        """The decoder of records written under a layout of the group; None for a layout that the spec does not know yet."""
        found = self._decoders.get(layout)
        if found is None and layout < len(self.version.layouts):
            found = self._decoders[layout] = Decoder(self.version.layouts[layout].outputs)
        return found


class Decoder:
    """Turns the values block of a record into values for orjson."""

    def __init__(self, outputs: Sequence[str | None]) -> None:
        self.block = Block(outputs)
        self.plain = PlainColumns.of(self.block)
        # Most columns pass as they are; only these are touched one by one (orjson itself writes a non-finite double as null).
        kinds = enumerate(self.block.kinds)
        single = [(i, Block((outputs[i],))) for i, kind in kinds if kind not in ("BIGINT", "DOUBLE", "STRING", "BOOLEAN")]
        self._json = [(i, block.to_json_row) for i, block in single]
        self._arrow = [(i, block.to_arrow_row) for i, block in single]

    def row(self, data: bytes, offset: int, arrow: bool = False) -> list[Any]:
        """-> one row for orjson, or for pyarrow."""
        row = self.block.unpack(data, offset)
        for i, convert in self._arrow if arrow else self._json:
            row[i] = convert((row[i],))[0]
        return row


@dataclass(frozen=True)
class Plan:
    """`columns`: for each feature asked, (which part, which of its outputs). `keys`: the entity keys needed, as first met."""

    parts: tuple[Part, ...]
    columns: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """What is read: two plans of the same codes read the same records."""
        return tuple(part.version.code for part in self.parts)


_plans: dict[tuple[str, tuple[str, ...]], tuple[int, Plan]] = {}
_parts: dict[str, Part] = {}


def plan_of(project: str, known: Published, refs: tuple[str, ...]) -> Plan:
    """The plan of these references; raises NotFound, Conflict (a version that cannot be served), TooLarge."""
    remembered = _plans.get((project, refs))
    if remembered is not None and remembered[0] == known.stamp:
        return remembered[1]
    plan = _make(project, known, refs)
    if len(_plans) >= _MOST_PLANS:
        _plans.clear()
    _plans[project, refs] = known.stamp, plan
    return plan


def _make(project: str, known: Published, refs: tuple[str, ...]) -> Plan:
    parts: list[Part] = []
    places: dict[str, int] = {}
    columns: list[tuple[int, int]] = []
    names: list[str] = []
    for index, text in enumerate(refs):
        try:
            ref = parse_ref(text)
            part = part_of(project, known, ref)
            outputs = _outputs(part, ref)
        except JStoreError as error:
            error.pointer = f"/features/{index}"
            raise
        place = places.setdefault(part.version.code, len(parts))
        if place == len(parts):
            parts.append(part)
        columns += [(place, output) for output in outputs]
        names += [f"{ref.group}:{part.version.outputs[output]}" for output in outputs]
        if len(columns) > MOST_FEATURES:
            raise TooLarge("too_large", f"a read names at most {MOST_FEATURES} features", pointer="/features")
    keys = tuple(dict.fromkeys(key for part in parts for key in part.group.entity))
    return Plan(tuple(parts), tuple(columns), tuple(names), keys)


def part_of(project: str, known: Published, ref: Ref) -> Part:
    """The version that a reference names, ready to read."""
    group = known.groups.get(ref.group)
    if group is None or group.deleted:
        raise NotFound("unknown_feature", f"there is no feature group {ref.group!r}")
    version = group.version(ref.version)
    if version is None and ref.version is not None:
        raise NotFound("unknown_version", f"{ref.group} has no version {ref.version}")
    if version is None:
        raise Conflict("version_not_ready", f"no version of {ref.group} is active")
    if version.status not in _READY and version.number != group.active:
        raise Conflict("version_not_ready", f"version {version.number} of {ref.group} is {version.status} and not served")
    part = _parts.get(version.code)
    if part is None or part.group is not group:
        if len(_parts) >= _MOST_PLANS:
            _parts.clear()
        part = _parts[version.code] = _part(project, group, version)
    return part


def _part(project: str, group: GroupSpec, version: VersionSpec) -> Part:
    return Part(
        group=group,
        version=version,
        shelf=Shelf(project, version.code),
        window=None if version.window is None else Window.parse(version.window),
        ttl=None if version.ttl is None else version.ttl * MICRO,
        nulls=(None,) * len(version.outputs),
        defaults=tuple(version.defaults.get(name) for name in version.outputs),
    )


def _coerced(kind: str | None, value: Any) -> Any:
    """A default as its column's type holds it; null where the type is not known yet or turned out to be another."""
    try:
        return None if kind is None or value is None else types.coerce(types.parse_type(kind), value)
    except types.Mismatch:
        return None


def _outputs(part: Part, ref: Ref) -> Sequence[int]:
    if ref.feature is None:
        return range(len(part.version.outputs))
    try:
        return (part.version.outputs.index(ref.feature),)
    except ValueError:
        raise NotFound("unknown_feature", f"{ref.group} version {part.version.number} has no feature {ref.feature!r}") from None
