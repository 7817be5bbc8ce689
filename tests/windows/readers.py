"""Every way of asking for a value, compared with brute force at the time that the answer says it is exact for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from backends.offline import evaluate
from backends.online import published
from core.entity import encode_key
from serving import lookup
from tests import oracle
from tests.processing.world import PROJECT
from tests.windows.families import Group, as_json, shown
from tests.windows.ledger import Entity, Ledger, changes

BEHIND = 20 * oracle.SECOND
compared: Counter[str] = Counter()


class Wrong(AssertionError):
    """A value that is not brute force's; `user`: whose."""

    def __init__(self, user: str, text: str) -> None:
        super().__init__(text)
        self.user = user


@dataclass(frozen=True)
class Reading:
    """What is read against: the ledger, the clock at which all was settled, and the latest clock that any host had."""

    ledger: Ledger
    settled: int
    latest: int


def _same(group: Group, entity: Entity, got: Mapping[str, Any] | None, want: Any, events: Any, t: int, how: str) -> None:
    """Raises Wrong; values as the API writes them."""
    expected = None if want is None else shown(want)
    where = f"{how}: {group.name} {entity} as of {t} ({oracle.iso(t)})"
    if (got is None) != (expected is None):
        raise Wrong(entity[-1], f"{where}\n  got  {got}\n  want {expected}")
    if got is None or expected is None:
        return
    counted = oracle.inside(events, t, group.window)
    scale = {column: oracle.size(counted, column) for column in ("amount", "whole")}
    for name, value in expected.items():
        compared[how] += 1
        if not oracle.same(as_json(got[name]), value, scale["whole" if name == "usual" else "amount"]):
            raise Wrong(entity[-1], f"{where}: {name}\n  got  {got}\n  want {expected}")


def check_online(group: Group, entities: Sequence[Entity], reading: Reading, clock: int) -> None:
    """The newest values of many entities at once, at a reader's clock."""
    standing = reading.ledger.by_entity(group.family.entity)
    keys = {key: [entity[n] for entity in entities] for n, key in enumerate(group.family.entity)}
    answer = lookup.online_answer(PROJECT, [group.name], keys, clock=clock)
    (rows,), outputs = answer.rows, answer.plan.parts[0].version.outputs
    for n, entity in enumerate(entities):
        events, as_of, status = standing.get(entity, []), rows.as_of[n], rows.statuses[n]
        row = {name: _plain(rows.columns[i][n]) for i, name in enumerate(outputs)}
        _check_as_of(group, entity, events, as_of, clock, reading)
        want = group.family.value(events, as_of, group.window)
        given = status in ("PRESENT", "STALE") and (want is not None or any(v is not None for v in row.values()))
        _same(group, entity, row if given else None, want, events, as_of, "online")
        late = clock - reading.settled > BEHIND or clock - as_of > BEHIND
        expected = "STALE" if late else oracle.status(events, as_of, group.window, {"": 1} if want else None, "")
        if status != expected:
            raise Wrong(entity[-1], f"{group.name} {entity} at {clock} as of {as_of}: {status}, not {expected}")
        compared["statuses"] += 1


def _check_as_of(group: Group, entity: Entity, events: Any, as_of: int, clock: int, reading: Reading) -> None:
    """A record is exact up to the second change after it was made, and never for a time that no host has seen."""
    following = changes(events, group.window, reading.settled)
    known = following[1] - 1 if len(following) > 1 else clock
    if not min(clock, max(known, reading.settled)) <= as_of <= max(clock, reading.latest):
        raise Wrong(entity[-1], f"{group.name} {entity} at {clock}: as of {as_of}, settled at {reading.settled}, {following[:3]}")


def _plain(value: Any) -> Any:
    if isinstance(value, orjson.Fragment):
        return orjson.loads(orjson.dumps(value))
    return value.item() if hasattr(value, "item") else value


def check_at(group: Group, entity: Entity, reading: Reading, t: int, *, as_known: bool) -> None:
    """V at a past time from the log; `as_known`: by what had been ingested by then."""
    spec, known = published.published(PROJECT).groups[group.name], None
    if as_known:
        known = reading.ledger.known_at(t)
    events = reading.ledger.by_entity(group.family.entity, known).get(entity, [])
    found = evaluate.value_at(spec, 1, encode_key(entity), t, as_known=as_known)
    want = group.family.value(events, t, group.window)
    _same(group, entity, found.values, want, events, t, "as known" if as_known else "at")
    if found.any_event != any(e["us"] <= t for e in events):
        raise Wrong(entity[-1], f"{group.name} {entity} at {t}: any event is {found.any_event}")


def check_history(group: Group, entity: Entity, reading: Reading, start: int, end: int) -> None:
    """A row for each distinct event time, over pages."""
    spec, events = published.published(PROJECT).groups[group.name], reading.ledger.by_entity(group.family.entity).get(entity, [])
    rows, page = [], None
    while True:
        found, page = evaluate.history(spec, 1, encode_key(entity), start, end, 7, page)
        rows += found
        if page is None:
            break
    times = sorted({e["us"] for e in events if start <= e["us"] <= end})
    if [t for t, _ in rows] != times:
        raise Wrong(entity[-1], f"{group.name} {entity} history: {[t for t, _ in rows]}, not {times}")
    for t, got in rows:
        want = group.family.value(events, t, group.window)
        empty = want is None and all(value is None for value in got.values())
        _same(group, entity, None if empty else got, want, events, t, "history")


def clocks_to_read(rng: random.Random, groups: Sequence[Group], reading: Reading, users: Sequence[str]) -> list[int]:
    """Readers' clocks: now, a little later, and beside the next changes of somebody."""
    found = [reading.settled, reading.settled + rng.randint(0, 3600 * oracle.SECOND)]
    standing = reading.ledger.by_entity(("user_id",))
    for _ in range(2):
        following = changes(standing.get((rng.choice(users),), []), rng.choice(groups).window, reading.settled)[:3]
        if following:
            found.append(max(reading.settled, rng.choice(following) + rng.choice((-1, 0, 1))))
    return found
