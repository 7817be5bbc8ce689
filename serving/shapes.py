"""Shapes of the online routes for the OpenAPI document. Content is judged by serving.request, on both roads alike."""

from __future__ import annotations

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from serving.request import ON_STALE

STATUSES = ("PRESENT", "NULL", "STALE", "EXPIRED", "NOT_FOUND", "EMPTY_WINDOW", "BEYOND_RETENTION")


class WindowShape(serializers.Serializer[None]):
    """floor_h(as_of - size) < event time <= as_of."""

    size = serializers.CharField()
    start = serializers.DateTimeField(help_text="exclusive")
    end = serializers.DateTimeField(help_text="inclusive")


class ValueShape(serializers.Serializer[None]):
    """One feature of one entity."""

    value = serializers.JSONField(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    event_time = serializers.DateTimeField(allow_null=True, help_text="the newest event counted")
    age_seconds = serializers.FloatField(allow_null=True, help_text="as_of - event_time")


class ValuesAnswer(serializers.Serializer[None]):
    """The values of one entity at as_of."""

    feature_group = serializers.CharField()
    version = serializers.IntegerField()
    entity = serializers.DictField(child=serializers.CharField())
    as_of = serializers.DateTimeField(help_text="the time for which the values are exact")
    window = WindowShape(allow_null=True)
    windows = serializers.DictField(child=WindowShape(), required=False, help_text="of a group of several windows, by size")
    values = serializers.DictField(child=ValueShape())


class HistoryRow(serializers.Serializer[None]):
    """The values right after the events of one time."""

    event_time = serializers.DateTimeField()
    values = serializers.DictField(child=serializers.JSONField(allow_null=True))
    statuses = serializers.DictField(
        child=serializers.ChoiceField(choices=("BEYOND_RETENTION",)),
        required=False,
        help_text="of features that cannot be told, since too much of the log is purged",
    )


class HistoryAnswer(serializers.Serializer[None]):
    """A row for each distinct event time of the entity, ascending."""

    feature_group = serializers.CharField()
    version = serializers.IntegerField()
    entity = serializers.DictField(child=serializers.CharField())
    history = HistoryRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="the `cursor` of the next page")


ValuesOrHistory = PolymorphicProxySerializer("ValuesOrHistory", [ValuesAnswer, HistoryAnswer], resource_type_field_name=None)


class OnlineRequestShape(serializers.Serializer[None]):
    """`features` or `feature_service`."""

    features = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="group, group:feature, group@2 or group@2:feature; at most 500"
    )
    feature_service = serializers.CharField(required=False)
    entities = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="{key: [one for each entity]}, at most 5,000"
    )
    max_age = serializers.FloatField(required=False, help_text="seconds; an older newest event is STALE")
    on_stale = serializers.ChoiceField(choices=ON_STALE, required=False, default="serve")


class MetadataShape(serializers.Serializer[None]):
    """What the results stand for, in their order."""

    feature_names = serializers.ListField(child=serializers.CharField())
    versions = serializers.ListField(child=serializers.IntegerField())


class ResultShape(serializers.Serializer[None]):
    """One feature; its lists are in the order of the entities."""

    values = serializers.ListField(child=serializers.JSONField(allow_null=True))
    statuses = serializers.ListField(child=serializers.ChoiceField(choices=STATUSES), required=False)
    event_times = serializers.ListField(child=serializers.DateTimeField(allow_null=True), required=False)


class OnlineAnswer(serializers.Serializer[None]):
    """One result for each feature asked."""

    metadata = MetadataShape()
    results = ResultShape(many=True)
