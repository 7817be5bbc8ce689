"""What is published about a group: all that serving, the applier and the event API know of it. JSON in Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson

from core.routing import Route
from core.since import KEPT, Since


@dataclass(frozen=True)
class Layout:
    """The types under one layout of the group: of a version's input columns and features (None: open) and of its partials."""

    columns: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    partials: tuple[str, ...] = ()

    def over(self, windows: Sequence[str]) -> Layout:
        """The same with each output once for each window; as it is without windows."""
        return replace(self, outputs=tuple(t for t in self.outputs for _ in windows)) if windows else self


@dataclass(frozen=True)
class VersionSpec:
    """One version of a group. `layouts[i]` belongs to layout i of the group; a version made later repeats its first one below.

    With `windows` it has several of them, `window` is None, and `outputs` are each column of the SQL in each window. Then what is
    computed, written and read is its `parts`.

    `forms`: by output, how it is made of what is kept when it is read (see core.since); empty where every output is kept itself.

    `exact_froms`: after a purge of the log, for each of its parts the first time (us) from which V(t) is right, None where no
    purge matters; empty where none matters to any.
    """

    number: int
    code: str
    status: str
    sql: str
    window: str | None
    ttl: int | None
    defaults: Mapping[str, Any]
    path: str
    path_reason: str
    input_columns: tuple[str, ...]
    outputs: tuple[str, ...]
    layouts: tuple[Layout, ...]
    windows: tuple[str, ...] = ()
    forms: tuple[Since | None, ...] = ()
    exact_froms: tuple[int | None, ...] = ()

    def kept(self, layout: int) -> tuple[str | None, ...]:
        """The types of what records of a layout hold of the outputs."""
        shown = self.layouts[layout].outputs
        if not self.forms:
            return shown
        return tuple(kind if form is None else KEPT for kind, form in zip(shown, self.forms, strict=True))

    @property
    def exact_from(self) -> int | None:
        """Of what has no parts: the first time from which it is right, None where it always is."""
        return self.exact_froms[0] if self.exact_froms else None

    @cached_property
    def parts(self) -> tuple[VersionSpec, ...]:
        """What is kept of it: itself; of several windows a version of one window for each, with a code of its own."""
        return tuple(map(self._part, self.windows)) or (self,)

    def _part(self, window: str) -> VersionSpec:
        place, count = self.windows.index(window), len(self.windows)
        shown = self.outputs[place::count]
        outputs = tuple(name.removesuffix(f"_{window}") for name in shown)
        return replace(
            self,
            code=part_code(self.code, window),
            window=window,
            windows=(),
            outputs=outputs,
            defaults={name: self.defaults[full] for name, full in zip(outputs, shown, strict=True) if full in self.defaults},
            layouts=tuple(replace(layout, outputs=layout.outputs[place::count]) for layout in self.layouts),
            forms=self.forms[place::count],
            exact_froms=self.exact_froms[place : place + 1],
        )


def part_code(code: str, window: str) -> str:
    """The code of a version's part: it stands in the names of keys and tables."""
    return f"{code}_{window}"


@dataclass(frozen=True)
class GroupSpec:
    """A group with all its versions. `layout` grows each time the type of a column becomes known."""

    project: str
    name: str
    title: str
    type: str
    description: str
    entity: tuple[str, ...]
    timestamp_column: str
    time_kind: str
    source: str
    columns: Mapping[str, str | None]
    declared: Mapping[str, str]
    layout: int
    active: int | None
    versions: Mapping[int, VersionSpec]
    deleted: bool = False
    next_version: int = 1
    _routes: dict[int, Route] = field(default_factory=dict, init=False, repr=False, compare=False)

    def version(self, number: int | None = None) -> VersionSpec | None:
        """A version by number, the active one without; None where there is none."""
        wanted = self.active if number is None else number
        return None if wanted is None else self.versions.get(wanted)

    @cached_property
    def current(self) -> VersionSpec | None:
        """The active version."""
        return self.version()

    def part(self, code: str) -> VersionSpec | None:
        """The version, or the part of one, that is kept under a code."""
        return next((part for version in self.versions.values() for part in version.parts if part.code == code), None)

    def layout_of(self, version: VersionSpec, layout: int | None = None) -> Layout:
        """The types a record of this layout was written with; the group's newest layout without one."""
        return version.layouts[self.layout if layout is None else layout]

    def route(self, version: VersionSpec) -> Route:
        """What decides which rows the version takes; made once."""
        route = self._routes.get(version.number)
        if route is None:
            route = Route(self.entity, version.input_columns, self.timestamp_column, self.time_kind, self.name, self.source)
            self._routes[version.number] = route
        return route

    def dumps(self) -> bytes:
        """-> JSON; `loads` is the inverse."""
        document = asdict(self)
        del document["_routes"]
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)

    @classmethod
    def loads(cls, data: bytes | str) -> GroupSpec:
        """JSON as `dumps` gives it -> GroupSpec. Unknown names are left aside: an older process reads a newer spec."""
        document = {k: v for k, v in orjson.loads(data).items() if k in _GROUP}
        versions = {int(number): _version(v) for number, v in document.pop("versions").items()}
        return cls(**{**document, "entity": tuple(document["entity"])}, versions=versions)


def _version(document: dict[str, Any]) -> VersionSpec:
    known = {k: v for k, v in document.items() if k in _VERSION}
    layouts = tuple(Layout(**{name: tuple(part[name]) for name in _LAYOUT if name in part}) for part in known.pop("layouts"))
    for name in ("input_columns", "outputs", "windows", "exact_froms"):
        known[name] = tuple(known.get(name, ()))
    known["forms"] = tuple(map(Since.loads, known.get("forms", ())))
    return VersionSpec(**known, layouts=layouts)


_GROUP = frozenset(GroupSpec.__dataclass_fields__) - {"_routes"}
_LAYOUT = tuple(Layout.__dataclass_fields__)
_VERSION = frozenset(VersionSpec.__dataclass_fields__)
