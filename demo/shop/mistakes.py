"""Rows that a real system sends too: ones the store must refuse with a reason, and ones nobody asked for yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]

# The code each mistake is refused with, in the order of `make_mistakes`.
CODES = (
    "bad_timestamp",
    "invalid_entity",
    "invalid_entity",
    "future_timestamp",
    "type_mismatch",
    "missing_entity",
    "unknown_group",
)
MARK = "mistake"


def make_mistakes(now: datetime, edition: str = "") -> list[Row]:
    """Seven rows with one fault each: four plain ones, two addressed to a group, one to a group that is misspelt."""
    good: Row = {
        "customer_id": "customer_010",
        "timestamp": now - timedelta(hours=2),
        "amount": 30.0,
        "merchant_category": "books",
        "channel": "store",
        "country": "BR",
    }
    faulty: list[Row] = [
        {**good, "timestamp": "yesterday at noon"},
        {**good, "customer_id": None},
        {**good, "customer_id": 17.5},
        {**good, "timestamp": now + timedelta(days=2)},
        {**good, "amount": "a lot"},
        {column: value for column, value in good.items() if column != "customer_id"},
        good,
    ]
    rows = [{"event_id": f"demo{edition}-{MARK}-{number}", **row} for number, row in enumerate(faulty)]
    # Addressed, since a plain row that clashes with one group is still good for the others: stored, and quarantined there.
    return [
        *rows[:4],
        {"feature_group": "customer_metrics", "data": rows[4:6]},
        {"feature_group": "custmer_metrics", "data": rows[6:]},
    ]


def make_unasked(now: datetime, edition: str = "") -> list[Row]:
    """Newsletter openings: no group takes them, so the log keeps them for the group somebody makes later."""
    return [
        {
            "event_id": f"demo{edition}-newsletter-{number}",
            "customer_id": f"customer_{number:03}",
            "timestamp": now - timedelta(hours=3 * number),
            "newsletter": "weekly offers",
        }
        for number in range(1, 7)
    ]
