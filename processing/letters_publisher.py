"""The thread beside the consumer that sends dead letters to their topics. A broker that is away makes it wait, nobody else."""

from __future__ import annotations

import logging
import random
import threading

from django.db import DatabaseError, connections

from backends.source.base import SourceUnavailable
from processing import outgoing
from processing.outgoing import Sender

logger = logging.getLogger(__name__)

PAUSE_S, FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 0.2, 30.0


class LetterPublisher(threading.Thread):
    """Sends what waits, in rounds, until `stop`. It owns the sender's connection and a database connection of its own."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(name="dead-letters", daemon=True)
        self._sender, self._ended, self._failures = sender, threading.Event(), 0

    def stop(self, seconds: float = 15.0) -> None:
        """Ends after the round in hand; what was not sent stays for the next process."""
        self._ended.set()
        self.join(seconds)

    def run(self) -> None:
        """Until `stop`."""
        try:
            while not self._ended.wait(self.step()):
                pass
        finally:
            self._sender.close()
            connections.close_all()

    def step(self) -> float:
        """One round. -> seconds to wait before the next: none while there is more, longer and longer while it fails."""
        try:
            sent, failed = self._round()
        except DatabaseError as error:
            logger.info("Dead letters wait for the database: %r", error)
            connections.close_all()
            sent, failed = 0, True
        if not failed:
            self._failures = 0
            return 0.0 if sent else PAUSE_S
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        return random.uniform(0, longest)  # noqa: S311 - jitter, not a secret

    def _round(self) -> tuple[int, bool]:
        """Each topic once, so that one that is refused holds up no other. -> (letters sent, whether any topic failed)."""
        sent, failed = 0, False
        for topic in outgoing.waiting():
            if self._ended.is_set():
                break
            try:
                sent += outgoing.publish(topic, self._sender)
            except SourceUnavailable as error:
                logger.warning("Dead letters wait for %s: %s", topic, error)
                failed = True
        return sent, failed
