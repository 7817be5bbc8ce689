"""Shapes of this app's answers, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers


class RejectedShape(serializers.Serializer[object]):
    """A row that was not stored."""

    index = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class PushAnswer(serializers.Serializer[object]):
    """What became of a push."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    held = serializers.IntegerField(help_text="accepted rows whose time is up to five minutes ahead")
    unrouted = serializers.IntegerField(help_text="accepted rows that no group takes today")
    rejected = RejectedShape(many=True)
    position = serializers.IntegerField(allow_null=True, help_text="the largest log position of this commit")
    applied = serializers.BooleanField(help_text="with ?wait: whether the rows show online")


class LetterShape(serializers.Serializer[object]):
    """A dead letter."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    # the API's word; DRF takes declared fields away before its own attribute of this name is read
    source = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField(allow_null=True, help_text="of the stored row, where the row is stored")
    partition = serializers.IntegerField(allow_null=True)
    offset = serializers.IntegerField(allow_null=True)
    item = serializers.IntegerField(help_text="place of the row in its message or push")
    received_at = serializers.DateTimeField()
    payload = serializers.CharField(help_text="as text; bytes that are no UTF-8 as escapes")
    payload_base64 = serializers.CharField(allow_null=True, help_text="the bytes, where they are no UTF-8")
    payload_size = serializers.IntegerField()
    payload_sha256 = serializers.CharField()
    replayable = serializers.BooleanField(help_text="false where only the first 4 KiB are kept")


class LettersWanted(serializers.Serializer[object]):
    """Which dead letters are meant; all without."""

    code = serializers.CharField(required=False)
    source = serializers.CharField(required=False)  # type: ignore[assignment]  # as above
    group = serializers.CharField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    ids = serializers.ListField(child=serializers.IntegerField(), required=False)


class LetterPage(serializers.Serializer[object]):
    """A page of dead letters, the newest first."""

    results = LetterShape(many=True)
    next = serializers.CharField(allow_null=True)


class RunShape(serializers.Serializer[object]):
    """One execution."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    status = serializers.ChoiceField(choices=("queued", "running", "paused", "succeeded", "failed", "cancelled"))
    target = serializers.CharField()
    progress = serializers.FloatField(help_text="0 to 1")
    rows = serializers.IntegerField()
    result = serializers.JSONField()
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class BackfillShape(serializers.Serializer[object]):
    """What is to be computed."""

    feature = serializers.CharField(help_text="group or group@version")
    start_time = serializers.DateTimeField(required=False, allow_null=True, help_text="first event time; the log's first without")
    end_time = serializers.DateTimeField(required=False, allow_null=True, help_text="last event time; now without")
    chunk = serializers.IntegerField(required=False, min_value=1, max_value=10_000, help_text="entities of one step")
    dry_run = serializers.BooleanField(required=False, help_text="only count what would be read")
    engine = serializers.ChoiceField(choices=("duckdb", "spark"), required=False)


class BackfillEstimate(serializers.Serializer[object]):
    """What a backfill would read."""

    entities = serializers.IntegerField()
    events = serializers.IntegerField()


class RunPage(serializers.Serializer[object]):
    """A page of runs, the newest first."""

    results = RunShape(many=True)
    next = serializers.CharField(allow_null=True)
