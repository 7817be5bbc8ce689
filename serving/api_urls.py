"""Paths of the values API. The slash at the end of the others is optional; after `/values/{entity}` it belongs to the entity."""

from django.urls import URLPattern, URLResolver, path, re_path, register_converter

from serving import api, api_sql


class EntityConverter:
    """Whatever follows, slashes and line ends too."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(EntityConverter, "entity")

urlpatterns: list[URLPattern | URLResolver] = [
    path("features/<str:ref>/values/<entity:entity>", api.Values.as_view(), name="values"),
    re_path(r"^features/(?P<ref>[^/]+)/values/?\Z", api.ValuesByKeys.as_view(), name="values-by-keys"),
    re_path(r"^online-features/?\Z", api.OnlineFeatures.as_view(), name="online-features"),
    re_path(r"^sql/check/?\Z", api_sql.SqlCheck.as_view(), name="sql-check"),
]
