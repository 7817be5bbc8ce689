"""A small store for the pages to show: definitions, rows, and an applier that is stepped by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from core.clock import MICRO, format_time, now_us
from core.spec import GroupSpec
from features import services
from processing import ingest
from processing.applier import Applier
from serving import lookup

PROJECT = "default"
SQL = "SELECT user_id, SUM(amount) AS total FROM input_data GROUP BY user_id"


class Shop:
    """Everything here goes through the doors that the processes use, by the wall clock."""

    def __init__(self) -> None:
        self.applier = Applier(OnlineStore(client()), range(BUCKETS))

    def define(self, name: str, sql: str = SQL, entity: str = "user_id", **more: Any) -> GroupSpec:
        """A group, or the next version of one."""
        words = {"name": name, "description": "", "type": "numerical", "entity_id": entity}
        return services.register(PROJECT, {**words, "transformation": {"sql_query": sql}, **more}, "test").group

    def push(self, rows: Sequence[Mapping[str, Any]]) -> ingest.Outcome:
        """Rows into the log."""
        return ingest.accept(PROJECT, [ingest.Incoming(dict(row), now_us(), None) for row in rows])

    def settle(self) -> None:
        """Apply until nothing is left to do."""
        while self.applier.step():
            pass

    def total(self, user: str) -> float | None:
        """What is served as `spend:total`."""
        value: float | None = lookup.values(PROJECT, "spend", {"user_id": user})["values"]["total"]["value"]
        return value


def ago(seconds: float) -> str:
    """A time as events carry it."""
    return format_time(now_us() - round(seconds * MICRO))
