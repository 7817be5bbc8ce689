"""`manage.py apply_events`: the applier of a range of buckets, woken by NOTIFY with a poll behind it."""

from __future__ import annotations

import argparse
import random
import re
import signal
import time
from select import select
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from backends.offline.log import CHANNEL
from backends.offline.pairs import BUCKETS
from backends.online.client import client
from backends.online.store import OnlineStore
from processing import collector
from processing.applier import Applier
from processing.stores import STORE_ERRORS

POLL_SECONDS = 0.25
LONGEST_PAUSE = 5.0
_logger = structlog.get_logger(__name__)


def _range(text: str) -> range:
    match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", text, re.ASCII)
    found = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    if not found or found[-1] >= BUCKETS:
        raise CommandError(f"--buckets is one from 0 to {BUCKETS - 1}, or several as in 0-7, not {text[:40]!r}")
    return found


class Command(BaseCommand):
    """Reads the event log and keeps the online store equal to it."""

    help = "Apply the event log to the online store, for a range of buckets."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--buckets", default=f"0-{BUCKETS - 1}", help="buckets of this process, as in 0-7")
        parser.add_argument("--once", action="store_true", help="stop when everything is applied")

    def handle(self, *args: Any, buckets: str, once: bool, **options: Any) -> None:
        applier = Applier(OnlineStore(client()), _range(buckets), apply=settings.JSTORE_ENGINE != "spark")
        self._stopped = False
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        collector.calm()
        pause = 0.05
        while not self._stopped:
            try:
                more = applier.step()
                pause = 0.05
                if once and not more:
                    return
                if not more:
                    self._wait()
            except STORE_ERRORS as error:
                # a store that is down is waited for, with jitter; the cursors say where to go on
                _logger.warning("store_down", error=str(error)[:200], pause=pause)
                time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter, not a secret
                pause = min(2 * pause, LONGEST_PAUSE)
                connections.close_all()  # and with them the claims of loads that are forgotten
                applier.forget()
                self._listener = None

    def _stop(self, *_: Any) -> None:
        self._stopped = True

    _listener: Any = None

    def _wait(self) -> None:
        """Until a commit is announced, or the poll's time is up."""
        if self._listener is None or self._listener.closed:
            # a connection of its own: a NOTIFY reaches only who sits outside a transaction
            self._listener = connections["default"].get_new_connection(connections["default"].get_connection_params())
            self._listener.autocommit = True
            with self._listener.cursor() as c:
                c.execute(f"LISTEN {CHANNEL}")
        select([self._listener], [], [], POLL_SECONDS)
        self._listener.poll()
        self._listener.notifies.clear()
