"""Shapes for the OpenAPI document. Content is judged by core.definitions, so that every door judges alike."""

from __future__ import annotations

from rest_framework import serializers

from core.windows import MOST_WINDOWS

TYPES = ("numerical", "categorical", "temporal")
STATUSES = ("draft", "backfilled", "active", "deprecated", "retired")


def _windows(words: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, min_length=1, max_length=MOST_WINDOWS, help_text=words
    )


class TransformationShape(serializers.Serializer[None]):
    """SQL over `input_data`, and the window it sees."""

    sql_query = serializers.CharField(help_text="One SELECT over input_data, Spark SQL, grouped by the entity keys.")
    aggregation_window = serializers.CharField(
        required=False, allow_null=True, help_text="1h, 6h, 12h, 1d, 7d, 30d, or any of 5m to 365d; absent = the whole history."
    )
    windows = _windows("Several instead of one, also accepted beside the transformation.")


class WordsShape(serializers.Serializer[None]):
    """What may change without a new version."""

    title = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    type = serializers.ChoiceField(choices=TYPES, required=False)
    owner = serializers.CharField(required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)


class DefinitionShape(serializers.Serializer[None]):
    """A feature group as it is registered."""

    name = serializers.CharField(help_text="A machine name, or a title that one is made of.")
    description = serializers.CharField(required=False, allow_blank=True)
    type = serializers.ChoiceField(choices=TYPES, required=False)
    entity_id = serializers.CharField(help_text='A key, or several: "user_id,item_id" or a list.')
    transformation = TransformationShape(required=False, allow_null=True)
    windows = _windows("Several windows: each column of the SQL is a feature in each, as total_1h and total_1d.")
    columns = serializers.DictField(child=serializers.CharField(), required=False, help_text="Types that are not to be inferred.")
    timestamp_column = serializers.CharField(required=False, default="timestamp")
    source = serializers.CharField(required=False, default="events")  # type: ignore[assignment]
    ttl = serializers.CharField(required=False, allow_null=True, help_text="Seconds, or 30d; older values are EXPIRED.")
    owner = serializers.CharField(required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    defaults = serializers.DictField(required=False, help_text="Values under NOT_FOUND and EMPTY_WINDOW.")


class FeatureShape(serializers.Serializer[None]):
    """One column of the SQL."""

    name = serializers.CharField()
    dtype = serializers.CharField(allow_null=True, help_text="null until the types it depends on are known")


class DefinitionAnswer(serializers.Serializer[None]):
    """One version of a feature group."""

    name = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=STATUSES)
    description = serializers.CharField()
    type = serializers.CharField()
    entity_id = serializers.CharField()
    transformation = TransformationShape(allow_null=True)
    windows = _windows("Those of a definition of several, the smallest first; else null.")
    columns = serializers.DictField(child=serializers.CharField(allow_null=True))
    features = FeatureShape(many=True)
    input_columns = serializers.ListField(child=serializers.CharField())
    path = serializers.ChoiceField(choices=("tiles", "recompute", "row"))
    path_reason = serializers.CharField()
    gated_entities = serializers.IntegerField(
        allow_null=True,
        required=False,
        help_text="entities with too many events to be recomputed on each arrival; null for other paths, left out of lists",
    )
    fingerprint = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    entity = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment]
    timestamp_column = serializers.CharField()
    ttl = serializers.IntegerField(allow_null=True)
    defaults = serializers.DictField()
    owner = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    active_version = serializers.IntegerField()
    lineage = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class DefinitionPage(serializers.Serializer[None]):
    """One page of definitions."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DefinitionAnswer(many=True)


class FindingShape(serializers.Serializer[None]):
    """One finding inside a refused request."""

    pointer = serializers.CharField(required=False)
    code = serializers.CharField()
    detail = serializers.CharField()
    line = serializers.IntegerField(required=False)
    column = serializers.IntegerField(required=False)


class ProblemShape(serializers.Serializer[None]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    instance = serializers.CharField()  # type: ignore[assignment]
    request_id = serializers.CharField()
    errors = FindingShape(many=True)  # type: ignore[assignment]
