"""The long-lived applier of a range of buckets, over all projects."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import connections

from backends.clocks import skews
from backends.engine import Engine
from backends.offline import inference, log, log_reading, pairs, tables
from backends.online.client import client
from backends.online.store import OnlineStore
from core.errors import Unavailable
from features import selectors
from features.database import registry_up
from processing.parking import Parking
from processing.rhythm import Every, Rhythm
from processing.share import Means, Read, Share

CLOCK_SECONDS = 30.0
_logger = structlog.get_logger(__name__)


class Applier:
    """One process's share of the work in every project."""

    def __init__(
        self,
        store: OnlineStore,
        buckets: Sequence[int],
        on: Engine | None = None,
        read: Read = log_reading.read,
        apply: bool = True,
        rhythm: Rhythm | None = None,
    ) -> None:
        """on: the engine, the configured one without; read: where rows come from; apply: whether batches are its work."""
        self._means = Means(store, tuple(buckets), read, on, apply, rhythm or Rhythm())
        self._names: list[str] = []
        self._clocks = Every(CLOCK_SECONDS)
        self.forget()

    def step(self) -> bool:
        """One round over all projects. -> whether there is more to do now."""
        if self._clocks.due():
            self._compare_clocks()
        more = False
        for project in self.projects():
            more = self.step_project(project) or more
        return more

    def _compare_clocks(self) -> None:
        """What this host takes for now decides which events count and which are held."""
        for store, skew in skews(client(), connections["default"]).items():
            if skew.alarming:
                _logger.warning("clock_skew", store=store, seconds=round(skew.seconds, 3))

    def step_project(self, project: str) -> bool:
        """One round over one project."""
        share = self._shares.get(project)
        if share is None:
            share = self._shares[project] = Share(project, self._means, self.parking)
        return share.step()

    def projects(self) -> list[str]:
        """Projects with a log or with definitions."""
        if self._look.due():
            self._names = sorted({*log.projects(), *self._defined()})
        return self._names

    def _defined(self) -> list[str]:
        try:
            with registry_up():
                return selectors.projects()
        except Unavailable:  # a registry on a server of its own; whoever was known goes on
            return self._names

    def forget(self) -> None:
        """After a store was down: what is remembered of it may be more than it still has."""
        for memory in (pairs, inference, tables):
            memory.forget()
        self._shares: dict[str, Share] = {}
        self._look = Every(self._means.rhythm.registry)
        self.parking = Parking()
