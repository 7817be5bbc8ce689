"""The feature groups of the demo, as bodies of `POST /api/v1/features/`.

Every SQL names a column that only purchases have, so other events of a customer (a newsletter opened) are not counted.
"""

from __future__ import annotations

from typing import Any

PURCHASE_COLUMNS = {"amount": "DOUBLE", "merchant_category": "STRING", "channel": "STRING", "country": "STRING"}


def _group(name: str, description: str, kind: str, sql: str, window: str | None = None) -> dict[str, Any]:
    transformation = {"sql_query": sql.strip()}
    if window:
        transformation["aggregation_window"] = window
    return {
        "name": name,
        "description": description,
        "type": kind,
        "entity_id": "customer_id",
        "transformation": transformation,
        "columns": {column: dtype for column, dtype in PURCHASE_COLUMNS.items() if column in sql},
        "owner": "demo",
        "tags": ["demo"],
    }


CUSTOMER_METRICS = _group(
    "Customer Metrics",
    "total_purchases: number of purchases so far. average_ticket: mean amount of one purchase.",
    "numerical",
    """
SELECT customer_id,
       COUNT(*) AS total_purchases,
       AVG(amount) AS average_ticket
FROM input_data
GROUP BY customer_id
""",
)

CUSTOMER_METRICS_7D = _group(
    "Customer Metrics 7d",
    "The same over the last seven days, and what was spent in them.",
    "numerical",
    """
SELECT customer_id,
       COUNT(*) AS total_purchases_7d,
       AVG(amount) AS average_ticket_7d,
       SUM(amount) AS spent_7d
FROM input_data
GROUP BY customer_id
""",
    "7d",
)

FRAUD_LAST_TRANSACTION = _group(
    "Fraud Last Transaction",
    "The newest purchase as it came.",
    "categorical",
    "SELECT customer_id, amount, merchant_category, country FROM input_data",
)

FRAUD_VELOCITY_1H = _group(
    "Fraud Velocity 1h",
    "How fast a card is used: a stolen one shows within the hour.",
    "numerical",
    """
SELECT customer_id,
       COUNT(*) AS purchases_1h,
       SUM(amount) AS spent_1h,
       MAX(amount) AS highest_ticket_1h
FROM input_data
GROUP BY customer_id
""",
    "1h",
)

FRAUD_VELOCITY_1D = _group(
    "Fraud Velocity 1d",
    "A day of a card: how often, in how many countries, and how much of it online.",
    "categorical",
    """
SELECT customer_id,
       COUNT(*) AS purchases_1d,
       COUNT(DISTINCT country) AS countries_1d,
       SUM(CASE WHEN channel = 'online' THEN amount ELSE 0 END) AS spent_online_1d,
       CASE WHEN COUNT(*) >= 8 THEN 'high' WHEN COUNT(*) >= 3 THEN 'medium' ELSE 'low' END AS transaction_frequency
FROM input_data
GROUP BY customer_id
""",
    "1d",
)

MARKETING_PROFILE = _group(
    "Marketing Profile",
    "favorite_categories: those with three purchases or more. last_purchase_date: in UTC. lifetime_value: everything spent.",
    "temporal",
    """
SELECT customer_id,
       ARRAY_SORT(COLLECT_SET(CASE WHEN purchases >= 3 THEN merchant_category END)) AS favorite_categories,
       MAX(last_day) AS last_purchase_date,
       ROUND(SUM(spent), 2) AS lifetime_value
FROM (
  SELECT customer_id,
         merchant_category,
         COUNT(*) AS purchases,
         SUM(amount) AS spent,
         MAX(CAST(timestamp AS DATE)) AS last_day
  FROM input_data
  GROUP BY customer_id, merchant_category
) AS by_category
GROUP BY customer_id
""",
)

MARKETING_HABITS = _group(
    "Marketing Habits 30d",
    "preferred_hour: hour of the day (UTC) with the most purchases, the earlier one of equals. online_share: 0 to 1.",
    "numerical",
    """
SELECT customer_id,
       MAX_BY(hour_of_day, purchases * 100 - hour_of_day) AS preferred_hour,
       ROUND(SUM(online) / SUM(purchases), 2) AS online_share
FROM (
  SELECT customer_id,
         HOUR(timestamp) AS hour_of_day,
         COUNT(amount) AS purchases,
         SUM(CASE WHEN channel = 'online' THEN 1 ELSE 0 END) AS online
  FROM input_data
  GROUP BY customer_id, HOUR(timestamp)
) AS by_hour
GROUP BY customer_id
""",
    "30d",
)

GROUPS = (
    CUSTOMER_METRICS,
    CUSTOMER_METRICS_7D,
    FRAUD_LAST_TRANSACTION,
    FRAUD_VELOCITY_1H,
    FRAUD_VELOCITY_1D,
    MARKETING_PROFILE,
    MARKETING_HABITS,
)
