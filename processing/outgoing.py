"""Dead letters on their way to `<topic>.dlq`: copied in the transaction that stores them, sent by the consumer, gone when the
broker has them all. At least once: a repeat has the same key and the same header `letter_id`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from django.conf import settings
from django.db import connections, transaction

from backends.offline import log_sources
from backends.offline.copying import copy_rows, parts
from backends.source.kafka_sending import Outgoing
from core.clock import format_time
from processing.models import DeadLetter, OutgoingLetter

SUFFIX = ".dlq"
PROJECT = "default"  # HTTP and KAFKA_TOPIC feed the one source `events` of this project; other projects' topics are their own
_LOCK = 0x6A73_646C  # one publisher at a time keeps the order
_LETTERS, _BYTES = 500, 16 * 1024 * 1024  # of one round


class Sender(Protocol):
    """What takes records to the broker; KafkaSender, and what tests put in its place to die at a point."""

    def send(self, records: Sequence[Outgoing]) -> int:
        """-> how many of the first the broker has for good. Raises SourceUnavailable where it has none."""

    def close(self) -> None:
        """Ends the connection; a later `send` makes another."""


def put(letters: Sequence[DeadLetter]) -> None:
    """Copy stored letters for their topics, in the caller's transaction: a letter may be gone before it is sent."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS or not settings.KAFKA_DEAD_LETTERS:
        return
    topics = _topics(letters)
    found = [(letter, topics.get((letter.project, letter.topic_id), "")) for letter in letters]
    rows = [
        (letter.id, topic + SUFFIX, json.dumps(_headers(letter, topic)), bytes(letter.payload))
        for letter, topic in found
        # what was read back out of such a topic and refused again is in it already
        if topic and not topic.endswith(SUFFIX)
    ]
    with connections["default"].cursor() as c:
        for part in parts(rows, lambda row: len(row[-1])):
            copy_rows(c, OutgoingLetter._meta.db_table, ("letter", "topic", "headers", "payload"), part)


def _topics(letters: Sequence[DeadLetter]) -> dict[tuple[str, str], str]:
    """(project, topic id, '' over HTTP) -> topic."""
    ids: dict[str, set[str]] = defaultdict(set)
    for letter in letters:
        ids[letter.project].add(letter.topic_id)
    found = {(project, i): topic for project, wanted in ids.items() for i, topic in log_sources.topics(project, wanted).items()}
    return found | {(PROJECT, ""): settings.KAFKA_TOPIC}


def _headers(letter: DeadLetter, topic: str) -> dict[str, str]:
    told = {
        "letter_id": letter.id,
        "project": letter.project,
        "code": letter.code,
        "detail": letter.detail,
        "source": letter.source,
        "topic": topic if letter.topic_id else None,
        "partition": letter.partition,
        "offset": letter.offset,
        "item": letter.item,
        "address": letter.address or None,
        "group": letter.group or None,
        "position": letter.position,
        "received_at": format_time(letter.received_at),
        "payload_size": letter.payload_size,
        "payload_sha256": letter.payload_sha256,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def waiting() -> list[str]:
    """Topics that letters wait for."""
    return list(OutgoingLetter.objects.order_by("topic").values_list("topic", flat=True).distinct())


def count() -> int:
    """Letters that are not sent yet."""
    return OutgoingLetter.objects.count()


def publish(topic: str, sender: Sender) -> int:
    """Send the next letters of a topic in the order of their ids. -> how many went; 0 too where another process is at it.

    Raises SourceUnavailable. A process that dies between the broker's answer and the commit sends them again.
    """
    with transaction.atomic(using="default"):
        if not _alone():
            return 0
        chosen = _next(topic)
        letters = list(OutgoingLetter.objects.filter(id__in=chosen).order_by("id"))
        if not letters:
            return 0
        done = sender.send([Outgoing(row.topic, str(row.letter).encode(), bytes(row.payload), row.headers) for row in letters])
        OutgoingLetter.objects.filter(id__in=[row.id for row in letters[:done]]).delete()
    return done


def _alone() -> bool:
    with connections["default"].cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(c.fetchone()[0])


def _next(topic: str) -> list[int]:
    """The first ids of a topic, not too many bytes together; one at least."""
    with connections["default"].cursor() as c:
        c.execute(
            "SELECT id, octet_length(payload) FROM letters_outgoing WHERE topic = %s ORDER BY id LIMIT %s", [topic, _LETTERS]
        )
        chosen: list[int] = []
        size = 0
        for letter_id, length in c.fetchall():
            size += length
            if chosen and size > _BYTES:
                break
            chosen.append(letter_id)
    return chosen
