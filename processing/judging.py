"""What becomes of one row: stored, and for whom, or refused with a code. Pure: the specs and the clock are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backends.offline.pairs import FUTURE
from core import types
from core.clock import format_time
from core.errors import Invalid
from core.routing import BAD_KEY, NEAR_MISS, NULL_KEY, TAKES, row_time, takes
from core.spec import GroupSpec, VersionSpec

DEFAULT_TIME = "timestamp"


@dataclass(frozen=True)
class Refused:
    """Not stored; a dead letter with this code."""

    code: str
    detail: str


class Judged(NamedTuple):  # one for each row: cheaper to make than a dataclass
    """To be stored. `quarantine`: (group, code, detail) of groups that leave it out; `near`: groups that lack a column of it;
    `shown_by`: the versions that show, once they have applied it, that it is there: its takers, or of what it corrects all."""

    takers: Sequence[tuple[GroupSpec, VersionSpec]] = ()
    held: bool = False
    identity: str | None = None
    revision: int = 0
    deleted: bool = False
    quarantine: Sequence[tuple[str, str, str]] = ()
    near: Sequence[str] = ()
    shown_by: Sequence[tuple[GroupSpec, VersionSpec]] = ()

    @property
    def unrouted(self) -> bool:
        return not self.takers and not self.deleted


def judge(
    row: Any, address: str | None, record_time: int, now: int, groups: Mapping[str, GroupSpec], source: str = "events"
) -> Judged | Refused:
    """One row against the definitions. record_time: the Kafka record's time or arrival, us.

    The rule itself; `processing/shapes.py` answers the same for many rows that look alike.
    """
    if not isinstance(row, dict):
        return Refused("not_an_object", "a row is a JSON object")
    try:
        identity, revision, deleted = identity_of(row)
    except Invalid as error:
        return Refused(error.code, error.detail)
    if deleted:
        return Judged(identity=identity, revision=revision, deleted=True, shown_by=_everybody(groups))
    found = (
        _addressed(row, address, record_time, now, groups)
        if address is not None
        else _plain(row, record_time, now, groups, source)
    )
    if isinstance(found, Refused):
        return found
    shown_by = _everybody(groups) if revision else found.takers
    return Judged(found.takers, found.held, identity, revision, False, found.quarantine, found.near, shown_by)


def _everybody(groups: Mapping[str, GroupSpec]) -> list[tuple[GroupSpec, VersionSpec]]:
    """The active versions."""
    return [(spec, spec.current) for spec in groups.values() if not spec.deleted and spec.current is not None]


def identity_of(row: Mapping[str, Any]) -> tuple[str | None, int, bool]:
    """event_id, revision and deleted: the two only mean something beside an event_id. Raises Invalid."""
    event_id = row.get("event_id")
    if event_id is None:
        return None, 0, False
    if type(event_id) is int:
        event_id = str(event_id)
    if type(event_id) is not str or not 0 < len(event_id.encode()) <= 512:
        raise Invalid("type_mismatch", "event_id is text of 1 to 512 bytes")
    revision, deleted = row.get("revision", 0), row.get("deleted", False)
    revision = 0 if revision is None else revision
    if type(revision) is not int or not 0 <= revision < 1 << 63:
        raise Invalid("type_mismatch", "revision is an integer from 0")
    if deleted is not None and type(deleted) is not bool:
        raise Invalid("type_mismatch", "deleted is true or false")
    return f"e:{event_id}", revision, bool(deleted)


def _addressed(
    row: dict[str, Any], address: str, record_time: int, now: int, groups: Mapping[str, GroupSpec]
) -> Judged | Refused:
    spec = groups.get(address)
    version = None if spec is None or spec.deleted else spec.current
    if spec is None or version is None:
        return Refused("unknown_group", f"there is no feature group {address[:80]!r}")
    outcome = takes(spec.route(version), row, address)
    if outcome is NULL_KEY:
        return Refused("missing_entity", f"the row lacks its key: {', '.join(spec.entity)}")
    if outcome is not TAKES:
        return Refused(
            "invalid_entity", f"an entity key is text or an integer, not empty, at most 512 bytes: {', '.join(spec.entity)}"
        )
    try:
        time = _time(row, spec.timestamp_column, spec.time_kind, record_time, now)
        _fit(row, spec, version)
    except Invalid as error:
        return Refused(error.code, error.detail)
    return Judged([(spec, version)], time > now)


PLAIN = {"DOUBLE": float, "STRING": str, "BOOLEAN": bool}  # what needs no closer look: this runs for each row, group and column


def _fit(row: Mapping[str, Any], spec: GroupSpec, version: VersionSpec) -> None:
    """Raises Invalid("type_mismatch") where a column does not fit a type that is known."""
    for name in version.input_columns:
        kind, value = spec.columns.get(name), row.get(name)
        if kind is not None and value is not None and type(value) is not PLAIN.get(kind):
            try:
                types.coerce(types.parse_type(kind), value)
            except types.Mismatch as error:
                raise Invalid("type_mismatch", f"{name}: {error.detail}") from None


def _plain(row: dict[str, Any], record_time: int, now: int, groups: Mapping[str, GroupSpec], source: str) -> Judged | Refused:
    takers: list[tuple[GroupSpec, VersionSpec]] = []
    wrong_keys: list[GroupSpec] = []
    near: list[str] = []
    late: list[tuple[str, str, str]] = []
    held = False
    refusal: Refused | None = None
    for spec in groups.values():
        version = spec.current
        if spec.deleted or version is None or spec.source != source:
            continue
        outcome = takes(spec.route(version), row)
        if outcome is TAKES:
            try:
                time = _time(row, spec.timestamp_column, spec.time_kind, record_time, now)
                _fit(row, spec, version)
                held = time > now or held
                takers.append((spec, version))
            except Invalid as error:
                refusal = refusal or Refused(error.code, error.detail)
                late.append((spec.name, error.code, error.detail))
        elif outcome is BAD_KEY or outcome is NULL_KEY:
            wrong_keys.append(spec)
        elif outcome is NEAR_MISS:
            near.append(spec.name)
    if takers:
        return Judged(takers, held, quarantine=late, near=near)
    if refusal is not None:
        return refusal
    if wrong_keys:
        return Refused(
            "invalid_entity", f"{wrong_keys[0].name} would take this row but for its key: {', '.join(wrong_keys[0].entity)}"
        )
    try:  # no group says which column is the time, so the default one is judged
        held = _time(row, DEFAULT_TIME, "TIMESTAMP", record_time, now) > now
    except Invalid as error:
        return Refused(error.code, error.detail)
    return Judged((), held, near=near)


def _time(row: Mapping[str, Any], column: str, kind: str, record_time: int, now: int) -> int:
    """The row's event time; raises BadTime, or Invalid("future_timestamp")."""
    time = row_time(row, column, kind, record_time)
    if time > now + FUTURE:
        raise Invalid("future_timestamp", f"{column} {format_time(time)} is more than 5 minutes ahead")
    return time
