"""What the demo prints: short tables of what the store now knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.shop.loading import Loaded
from demo.shop.words import Words

DELIVERIES = {
    "on_time": "in order",
    "late": "late, out of order",
    "duplicates": "sent twice",
    "unasked": "nobody asked for yet",
    "mistakes": "with mistakes",
}
# One loyal customer, one whose card is stolen at the time of the story, one who stopped coming.
SHOWN = {"customer_001": "loyal", "customer_007": "card stolen within the hour", "customer_300": "lapsed"}
SHOWN_FEATURES = (
    "customer_metrics:total_purchases",
    "customer_metrics:average_ticket",
    "customer_metrics_7d:total_purchases_7d",
    "fraud_velocity_1h:purchases_1h",
    "fraud_velocity_1d:transaction_frequency",
    "fraud_last_transaction:merchant_category",
    "marketing_profile:favorite_categories",
    "marketing_profile:last_purchase_date",
    "marketing_habits_30d:preferred_hour",
)


def table(rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines, indented by two; the columns numbered in `right` are set to the right."""
    cells = [[show(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    lines = []
    for row in cells:
        padded = [
            text.rjust(width) if n in right else text.ljust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(padded).rstrip())
    return lines


def show(value: Any) -> str:
    """A value as a person writes it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        return ", ".join(map(show, value)) or "-"
    return str(value)


def groups(loaded: Loaded, words: Words) -> list[str]:
    """One line a group: name, version, window, path, features."""
    rows = []
    for group in loaded.groups:
        window = (group["transformation"] or {}).get("aggregation_window") or words("whole history")
        names = ", ".join(feature["name"] for feature in group["features"])
        rows.append((group["name"], f"{words('version')} {group['version']}", window, group["path"], names))
    return [words("Feature groups"), *table(rows)]


def events(loaded: Loaded, words: Words) -> list[str]:
    """The counts of each delivery."""
    names = ("accepted", "duplicates", "unrouted")
    rows: list[Sequence[Any]] = [(words("delivery"), *map(words, names), words("rejected"))]
    for key, counts in loaded.counts.items():
        numbers = [words.number(counts[name]) for name in names]
        rows.append((words(DELIVERIES[key]), *numbers, words.number(len(counts["rejected"]))))
    lines = [words("Events sent"), *table(rows, right=(1, 2, 3, 4))]
    if not loaded.total("accepted"):
        lines.append("  " + words("Everything had been sent before: nothing was added."))
    return lines


def served(answer: dict[str, Any], words: Words) -> list[str]:
    """The online values: one line a feature, one column a customer; a status where there is no value."""
    rows: list[Sequence[Any]] = [("", *SHOWN), ("", *map(words, SHOWN.values()))]
    for name, result in zip(answer["metadata"]["feature_names"], answer["results"], strict=True):
        pairs = zip(result["values"], result["statuses"], strict=True)
        rows.append((name, *(status.lower() if value is None else value for value, status in pairs)))
    return [words("Served now, from the online store"), *table(rows)]


def history(answer: dict[str, Any], customer: str, words: Words) -> list[str]:
    """The first and the last rows of one customer's history."""
    rows = answer["history"]
    head = f"{words('History of')} customer_metrics, {customer}: {words.number(len(rows))} {words('rows')}"
    picked = rows if len(rows) <= 6 else [*rows[:2], None, *rows[-3:]]
    lines = []
    for row in picked:
        values = row and row["values"]
        lines.append((row["event_time"], values["total_purchases"], values["average_ticket"]) if row else ("…", "…", "…"))
    return [head, *table([("event_time", "total_purchases", "average_ticket"), *lines], right=(1, 2))]


def dead_letters(letters: Sequence[dict[str, Any]], words: Words) -> list[str]:
    """One line a refused event; those that only wait for a group are counted."""
    waiting = sum(letter["code"] == "no_route" for letter in letters)
    rows = [(letter["code"], str(letter["detail"])[:100]) for letter in letters if letter["code"] != "no_route"]
    lines = table(rows[:10]) or ["  " + words("none")]
    if waiting:
        lines.append(f"  no_route: {words.number(waiting)} {words('waiting for a group that takes them')}")
    return [words("Dead letters: refused, with the reason"), *lines]


def doors(url: str, words: Words) -> list[str]:
    """Where to go with a browser."""
    pages = (("/", "pages"), ("/docs", "the API, to try"), ("/metrics", "metrics for Prometheus"))
    return [words("Open"), *table([(url + path, words(title)) for path, title in pages])]


def next_steps(url: str, now: datetime, needs_key: bool, words: Words) -> list[str]:
    """curl lines that work as they stand."""
    curl = 'curl -H "Authorization: Bearer $JSTORE_API_KEY"' if needs_key else "curl"
    post = f"{curl} -H 'Content-Type: application/json' -d"
    api = f"{url}/api/v1"
    values = f"{api}/features/customer_metrics/values/customer_001"
    week_ago = (now - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {"customer_id": "customer_001", "amount": 99.9, "merchant_category": "books", "channel": "online", "country": "BR"}
    sql = "SELECT customer_id, COUNT(newsletter) AS newsletters_opened FROM input_data GROUP BY customer_id"
    group = {"name": "newsletters", "type": "numerical", "entity_id": "customer_id", "transformation": {"sql_query": sql}}
    steps = (
        ("one customer, now", f"{curl} {values}"),
        ("the same a week ago, from the event log", f"{curl} '{values}?at={week_ago}'"),
        ("an event of your own, and what it changes", f"{post} '{json.dumps(event)}' '{api}/events/?wait=10'\n  {curl} {values}"),
        (
            "a group over events already sent: nobody has asked for the newsletters",
            f"{post} '{json.dumps(group)}' {api}/features/\n  {curl} {api}/features/newsletters/values/customer_003",
        ),
    )
    key = ["  # " + words("JSTORE_API_KEY is the key you gave, or api_key in .jstore/run.json")] if needs_key else []
    return [words("Try next"), *key, *(f"  # {words(title)}\n  {lines}" for title, lines in steps)]
