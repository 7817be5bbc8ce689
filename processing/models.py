"""Runs and dead letters: what people look at. The log's own tables are SQL in migration 0001, written by backends/offline."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class DeadLetter(models.Model):
    """A row that was refused, or one that a group had to leave out (`group` and `position` set: a quarantine record).

    Times are microseconds. The payload is kept as received up to 16 MiB, else its first 4 KiB (payload_size and payload_sha256
    tell).
    """

    id = models.BigAutoField(primary_key=True)
    project = models.TextField()
    code = models.TextField()
    detail = models.TextField()
    source = models.TextField()
    address = models.TextField(blank=True, default="")
    group = models.TextField(blank=True, default="")
    position = models.BigIntegerField(null=True)
    partition = models.IntegerField(null=True)
    offset = models.BigIntegerField(null=True)
    topic_id = models.TextField(blank=True, default="")
    item = models.IntegerField(default=0)
    received_at = models.BigIntegerField()
    payload = models.BinaryField()
    payload_size = models.BigIntegerField()
    payload_sha256 = models.TextField()

    class Meta:
        db_table = "dead_letter"
        indexes = [
            models.Index(fields=["project", "-id"], name="dead_letter_newest"),
            models.Index(fields=["project", "code", "-id"], name="dead_letter_code"),
            models.Index(
                fields=["project", "topic_id", "partition"],
                condition=models.Q(position__isnull=True),
                name="dead_letter_partition",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "group", "position", "code"],
                condition=models.Q(position__isnull=False),
                name="dead_letter_quarantine_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.source}"


class OutgoingLetter(models.Model):
    """A copy of a dead letter on its way to `<topic>.dlq`; it goes when the broker has it. Headers are text by name."""

    id = models.BigAutoField(primary_key=True)
    letter = models.BigIntegerField()
    topic = models.TextField()
    headers = models.JSONField()
    payload = models.BinaryField()

    class Meta:
        db_table = "letters_outgoing"

    def __str__(self) -> str:
        return f"{self.letter} to {self.topic}"


class SettledQuarantine(models.Model):
    """A quarantine record that was given back or thrown away: a load that meets the row again writes no second one."""

    id = models.BigAutoField(primary_key=True)
    project = models.TextField()
    group = models.TextField()
    position = models.BigIntegerField()
    code = models.TextField()

    class Meta:
        db_table = "quarantine_settled"
        constraints = [
            models.UniqueConstraint(fields=["project", "group", "position", "code"], name="quarantine_settled_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.group} at {self.position}"


class GoneLetters(models.Model):
    """How many refused rows of a Kafka partition were given back or thrown away: those that are left and these were rejected."""

    id = models.BigAutoField(primary_key=True)
    project = models.TextField()
    topic_id = models.TextField()
    partition = models.IntegerField()
    letters = models.BigIntegerField(default=0)

    class Meta:
        db_table = "letters_gone"
        constraints = [
            models.UniqueConstraint(fields=["project", "topic_id", "partition"], name="letters_gone_partition"),
        ]

    def __str__(self) -> str:
        return f"{self.letters} of {self.topic_id}/{self.partition}"


class Run(models.Model):
    """One execution: activate, backfill, process, materialize, export, monitor. Moved by conditional UPDATE in runs.py."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.TextField()
    type = models.TextField()
    status = models.TextField(default="queued")
    target = models.TextField(blank=True, default="")
    params = models.JSONField(default=dict)
    progress = models.FloatField(default=0.0)
    rows = models.BigIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    actor = models.TextField(blank=True, default="")
    epoch = models.BigIntegerField(default=0)
    owner = models.TextField(blank=True, default="")
    lease_until = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "run"
        indexes = [models.Index(fields=["project", "-created_at"], name="run_newest")]

    def __str__(self) -> str:
        return f"{self.type} {self.target} {self.status}"
