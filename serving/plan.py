"""What a list of references means under one stamp of the definitions: made once, then looked up.

A plan names the versions to read, the keys of Redis they stand under, and for each feature asked where its value is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any

from backends.online.published import Published
from backends.online.reading import Shelf
from core.clock import MICRO
from core.codec import Block
from core.columns import PlainColumns
from core.defaults import shown_defaults, typed_defaults
from core.errors import Conflict, JStoreError, NotFound, TooLarge
from core.names import Ref, parse_ref
from core.since import Since
from core.spec import GroupSpec, VersionSpec
from core.windows import Window

MOST_FEATURES = 500
_MOST_PLANS = 2000
_READY = ("active", "backfilled", "deprecated")


@dataclass(frozen=True)
class Part:
    """One version of one group, or one window of a version of several, ready to read. `features`: what its outputs are called."""

    group: GroupSpec
    version: VersionSpec
    features: tuple[str, ...]
    several: bool  # whether its version has several windows
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
        return typed_defaults(self.version)

    def decoder(self, layout: int) -> Decoder | None:
        """The decoder of records written under a layout of the group; None for a layout that the spec does not know yet."""
        found = self._decoders.get(layout)
        if found is None and layout < len(self.version.layouts):
            found = self._decoders[layout] = Decoder(self.version.kept(layout), self.version.forms)
        return found


class Decoder:
    """Turns the values block of a record into values for orjson. The moments of `forms` stay numbers: see core.since."""

    def __init__(self, outputs: Sequence[str | None], forms: Sequence[Since | None] = ()) -> None:
        self.block = Block(outputs)
        self.plain = PlainColumns.of(self.block)
        # Most columns pass as they are; only these are touched one by one (orjson itself writes a non-finite double as null).
        kinds = zip_longest(self.block.kinds, forms)
        touched = [form is None and kind not in ("BIGINT", "DOUBLE", "STRING", "BOOLEAN") for kind, form in kinds]
        single = [(i, Block((outputs[i],))) for i in range(len(touched)) if touched[i]]
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

    @cached_property
    def entities(self) -> tuple[tuple[str, ...], ...]:
        """The entity types of the parts, each once."""
        return tuple(dict.fromkeys(part.group.entity for part in self.parts))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names without their groups."""
        return tuple(self.parts[place].features[output] for place, output in self.columns)


_plans: dict[tuple[str, tuple[str, ...]], tuple[int, Plan]] = {}
_parts: dict[str, tuple[Part, ...]] = {}  # of a version, by its code


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
            asked = _asked(parts_of(project, known, ref), ref)
        except JStoreError as error:
            error.pointer = f"/features/{index}"
            raise
        for part, output in asked:
            place = places.setdefault(part.version.code, len(parts))
            if place == len(parts):
                parts.append(part)
            columns.append((place, output))
            names.append(f"{ref.group}:{part.features[output]}")
        if len(columns) > MOST_FEATURES:
            raise TooLarge("too_large", f"a read names at most {MOST_FEATURES} features", pointer="/features")
    keys = tuple(dict.fromkeys(key for part in parts for key in part.group.entity))
    return Plan(tuple(parts), tuple(columns), tuple(names), keys)


def parts_of(project: str, known: Published, ref: Ref) -> tuple[Part, ...]:
    """The version that a reference names, ready to read: a part for each of its windows."""
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
    found = _parts.get(version.code)
    if found is None or found[0].group is not group:
        if len(_parts) >= _MOST_PLANS:
            _parts.clear()
        found = tuple(
            _part(project, group, part, version.outputs[place :: len(version.parts)], bool(version.windows))
            for place, part in enumerate(version.parts)
        )
        _parts[version.code] = found
    return found


def _part(project: str, group: GroupSpec, version: VersionSpec, features: tuple[str, ...], several: bool) -> Part:
    return Part(
        group=group,
        version=version,
        features=features,
        several=several,
        shelf=Shelf(project, version.code),
        window=None if version.window is None else Window.parse(version.window),
        ttl=None if version.ttl is None else version.ttl * MICRO,
        nulls=(None,) * len(version.outputs),
        defaults=shown_defaults(version),
    )


def _asked(parts: Sequence[Part], ref: Ref) -> list[tuple[Part, int]]:
    """Where the features that a reference names are, in the order of the SQL and, of one column, of the windows."""
    found = [(part, output) for output in range(len(parts[0].features)) for part in parts]
    if ref.feature is not None:
        found = [(part, output) for part, output in found if part.features[output] == ref.feature]
    if ref.feature is not None and not found:
        version = parts[0].version.number
        raise NotFound("unknown_feature", f"{ref.group} version {version} has no feature {ref.feature!r}")
    return found
