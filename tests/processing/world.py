"""A JStore in this process: definitions in, rows in, the applier stepped by hand under a clock of the test's, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from backends.offline import evaluate
from backends.offline.pairs import BUCKETS
from backends.online import published
from backends.online.client import client
from backends.online.store import OnlineStore
from core.clock import MICRO, format_time, now_us, parse_time
from core.codec import Block
from core.entity import bucket_of, encode_key
from core.record import Cursor, Record, unpack_record
from core.spec import GroupSpec
from features import services
from processing import ingest, load, share
from processing.applier import Applier
from processing.ingest import Incoming
from processing.rhythm import Rhythm
from serving import lookup

PROJECT = "default"
NOON = 1_790_000_000 * MICRO
SUMS = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
ALWAYS = Rhythm(registry=0, refresh=0, sweep=0, beat=0, drop=0)  # everything in every round


def at(seconds: float) -> str:
    """So many seconds after NOON, as text."""
    return format_time(NOON + round(seconds * MICRO))


def event(user: Any, seconds: float, amount: Any, **more: Any) -> dict[str, Any]:
    """A purchase."""
    return {"user_id": user, "amount": amount, "timestamp": at(seconds), **more}


class Served(NamedTuple):
    """A values document: {feature: (value, status)}, as_of in us, the window."""

    cells: dict[str, tuple[Any, str]]
    as_of: int
    window: dict[str, str] | None

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, (value, _) in self.cells.items()}

    @property
    def status(self) -> str:
        """The one status of them all."""
        (status,) = {status for _, status in self.cells.values()}
        return status


class World:
    """`clock` is what ingestion, the applier and its sweeps take for now (us): it stands until it is set; None lets it run.

    `latest`: the latest that it was set to, `ingested`: the latest at which rows were stored; records do not go back behind the
    one, ingestion times not behind the other.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: int | None, on: Any = None) -> None:
        self.latest, self.ingested, self.clock = 0, 0, clock
        for module in (share, ingest, load):
            monkeypatch.setattr(module, "now_us", lambda: self.clock)
        for place in ("log", "evaluate"):
            monkeypatch.setattr(f"backends.offline.{place}.now_us", lambda: self.clock)
        self.on = on
        self.store = OnlineStore(client())
        self.applier = Applier(self.store, range(BUCKETS), on, rhythm=ALWAYS)

    @property
    def clock(self) -> int:
        return now_us() if self._clock is None else self._clock

    @clock.setter
    def clock(self, clock: int | None) -> None:
        self._clock = clock
        self.latest = max(self.latest, clock or 0)

    def define(
        self, name: str, sql: str | None, entity: str | Sequence[str] = "user_id", window: str | None = None, **more: Any
    ) -> GroupSpec:
        document: dict[str, Any] = {"name": name, "description": "", "type": "numerical", "entity_id": entity, **more}
        if sql is not None:
            document["transformation"] = {"sql_query": sql} | ({"aggregation_window": window} if window else {})
        return services.register(PROJECT, document, "test").group

    def drop(self, name: str) -> None:
        services.delete(PROJECT, name, "test")

    def push(self, rows: Sequence[Any], address: str | None = None) -> ingest.Outcome:
        outcome = ingest.accept(PROJECT, [Incoming(row, self.clock, address) for row in rows])
        if outcome.accepted:
            self.ingested = max(self.ingested, self.clock)
        return outcome

    def settle(self) -> None:
        """Apply and sweep until nothing is left to do at this clock."""
        while self.applier.step():
            pass

    def code(self, group: str, version: int | None = None) -> str:
        """What the version is called in Redis and PostgreSQL."""
        found = published.published(PROJECT).groups[group].version(version)
        assert found is not None
        return found.code

    def cursors(self, group: str, version: int | None = None) -> list[Cursor | None]:
        """The version's cursors, by bucket."""
        code = self.code(group, version)
        return self.store.cursors(PROJECT, [(code, bucket) for bucket in range(BUCKETS)])

    def record(self, group: str, key: str | Sequence[str], version: int | None = None) -> Record | None:
        spec = published.published(PROJECT).groups[group]
        found = spec.version(version)
        assert found is not None
        text = key if isinstance(key, str) else encode_key(key)
        (record,) = self.store.records(PROJECT, found.code, [(bucket_of(text, BUCKETS), text)])
        return None if record is None else unpack_record(record)

    def read(self, group: str, key: str | Sequence[str], clock: int) -> tuple[str, int, dict[str, Any]]:
        """What a reader at this clock sees -> (NOT_FOUND, EMPTY_WINDOW or PRESENT, as_of, values as the block stores them)."""
        record = self.record(group, key)
        if record is None:
            return "NOT_FOUND", clock, {}
        run, as_of = record.run_at(clock)
        if not run.exists:
            return ("EMPTY_WINDOW" if run.any_event else "NOT_FOUND"), as_of, {}
        return "PRESENT", as_of, self.values(group, record, run.values)

    def served(self, ref: str, key: Any, clock: int | None = None) -> Served:
        """What the values route says at this clock, the world's without."""
        keys = key if isinstance(key, tuple) else (key,)
        entity = dict(zip(published.published(PROJECT).groups[ref.partition("@")[0]].entity, keys, strict=True))
        found = lookup.values(PROJECT, ref, entity, clock=self.clock if clock is None else clock)
        cells = {name: (cell["value"], cell["status"]) for name, cell in found["values"].items()}
        return Served(cells, parse_time(found["as_of"]), found["window"])

    def at(self, group: str, key: str | Sequence[str], t: int, *, as_known: bool = False) -> dict[str, Any] | None:
        """V(t) from the log, None without a row."""
        spec, text = published.published(PROJECT).groups[group], key if isinstance(key, str) else encode_key(key)
        return evaluate.value_at(spec, spec.active or 1, text, t, as_known=as_known).values

    def values(self, group: str, record: Record, block: bytes) -> Mapping[str, Any]:
        spec = published.published(PROJECT).groups[group]
        version = spec.version()
        assert version is not None
        return dict(zip(version.outputs, Block(version.kept(record.layout)).unpack(block), strict=True))
