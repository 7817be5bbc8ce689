"""Definitions that the registry's tests share."""

from typing import Any

SQL = (
    "SELECT user_id, AVG(session_duration) AS avg_session_duration, SUM(page_views) AS total_page_views "
    "FROM input_data GROUP BY user_id"
)


def definition(name: str = "user_metrics", sql: str | None = SQL, window: str | None = "1d", **more: Any) -> dict[str, Any]:
    """The contract's body."""
    transformation = None if sql is None else {"sql_query": sql, **({"aggregation_window": window} if window else {})}
    body = {
        "name": name,
        "description": "How users behave",
        "type": "numerical",
        "entity_id": "user_id",
        "transformation": transformation,
    }
    return {**body, **more}
