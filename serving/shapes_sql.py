"""Shapes of the check of SQL for the OpenAPI document. Content is judged by features.sql_check and serving.preview_request."""

from __future__ import annotations

from rest_framework import serializers

from features.serializers import DefinitionShape, FeatureShape, FindingShape, TransformationShape
from serving.preview_request import MOST


class PreviewWanted(serializers.Serializer[None]):
    """Whose values to compute; `true` instead of the object takes the defaults."""

    entities = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        max_length=MOST,
        help_text="keys, or {key: value} each; absent = of the newest events",
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, help_text="how many entities, where none is named"
    )


class SqlQuestion(DefinitionShape):
    """A definition as `POST /features` takes it; its name may be missing. `sql_query` may stand beside `entity_id`."""

    name = serializers.CharField(required=False, help_text="of the group whose next version it would be: its types count then")
    sql_query = serializers.CharField(required=False, help_text="instead of `transformation`")
    aggregation_window = serializers.CharField(required=False, allow_null=True, help_text="beside `sql_query`")
    transformation = TransformationShape(required=False, allow_null=True)
    preview = PreviewWanted(required=False, allow_null=True)


class ColumnShape(FeatureShape):
    """One output of the SQL."""

    reads = serializers.ListField(child=serializers.CharField(), help_text="the columns of the events that it is made of")


class WarningShape(serializers.Serializer[None]):
    """Something to know of SQL that is allowed."""

    code = serializers.CharField()
    detail = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)


class SqlErrorShape(FindingShape):
    """Why the SQL is refused."""

    near = serializers.CharField(required=False, help_text="the words around the place")


class PreviewError(serializers.Serializer[None]):
    """Why an entity has no values."""

    code = serializers.CharField()
    detail = serializers.CharField()


class PreviewRow(serializers.Serializer[None]):
    """One entity now."""

    entity = serializers.DictField(child=serializers.CharField())
    events = serializers.IntegerField(help_text="how many of its events count, in the largest window")
    event_time = serializers.DateTimeField(allow_null=True, help_text="the newest of them")
    values = serializers.DictField(allow_null=True, help_text="by feature; null where there is an error")
    error = PreviewError(allow_null=True)


class PreviewShape(serializers.Serializer[None]):
    """Values over real events."""

    as_of = serializers.DateTimeField()
    complete = serializers.BooleanField(help_text="false: only the newest events of the log were read, for want of an index")
    rows = PreviewRow(many=True)


class SqlAnswer(serializers.Serializer[None]):
    """What the SQL would become. Where `valid` is false only `errors` are filled."""

    valid = serializers.BooleanField()
    # the name of the answer's part; DRF takes the field off the class, so that the serializer's own `errors` stays
    errors = SqlErrorShape(many=True)  # type: ignore[assignment]
    columns = ColumnShape(many=True)
    features = FeatureShape(many=True, help_text="the columns, in each window where there are several")
    input_columns = FeatureShape(many=True, help_text="what is read of the events beside keys and time")
    lineage = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    path = serializers.ChoiceField(choices=("tiles", "recompute", "row"), allow_null=True)
    path_reason = serializers.CharField(allow_null=True)
    faster = serializers.CharField(allow_null=True, help_text="what would let it be merged from tiles")
    warnings = WarningShape(many=True)
    preview = PreviewShape(allow_null=True)
