"""The contract's own example, word for word."""

SQL = (
    "SELECT user_id, AVG(session_duration) AS avg_session_duration, SUM(page_views) AS total_page_views"
    " FROM input_data GROUP BY user_id"
)
WINDOWS = ("1h", "6h", "12h", "1d", "7d", "30d")
TOPIC = "feature-events"
