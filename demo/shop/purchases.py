"""Thirty days of purchases, told from a given moment: the same seed and moment give the same rows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.shop.people import CATEGORIES, Customer, make_customers

Row = dict[str, Any]

PURCHASES = 6_000
DAYS = 30
SEED = 20250227
LATE_SHARE = 0.04
DUPLICATES = 25
LAPSED_DAYS = 12
# A stolen card: whose, how many minutes before now the burst began, how many purchases. The first two show in the 1 h window.
BURSTS = (("customer_007", 40, 13), ("customer_042", 25, 9), ("customer_113", 20 * 60, 12), ("customer_256", 9 * 1440, 11))


@dataclass(frozen=True)
class Story:
    """What the shop's systems send, in three deliveries.

    on_time: by event time. late: events older than what was already sent, in any order. duplicates: rows of on_time
    once more, as a sender does after a lost answer.
    """

    customers: list[Customer]
    on_time: list[Row]
    late: list[Row]
    duplicates: list[Row]


def tell(now: datetime, *, seed: int = SEED, purchases: int = PURCHASES, edition: str = "") -> Story:
    """The story of the thirty days before `now` (an aware time).

    Event ids do not depend on `now`, so a second telling adds nothing to the first; `edition` makes other ids.
    """
    rng = random.Random(seed)
    customers = make_customers(rng)
    stolen = [row for burst in BURSTS for row in _burst(rng, now, customers, *burst)]
    weights = [customer.weight for customer in customers]
    usual = [_purchase(rng, now, customer) for customer in rng.choices(customers, weights, k=purchases - len(stolen))]
    rows = [{"event_id": f"demo{edition}-purchase-{number:05}", **row} for number, row in enumerate(stolen + usual)]
    late_ids = {row["event_id"] for row in rows if row["timestamp"] < now - timedelta(hours=6) and rng.random() < LATE_SHARE}
    on_time = sorted(
        (row for row in rows if row["event_id"] not in late_ids), key=lambda row: (row["timestamp"], row["event_id"])
    )
    late = [row for row in rows if row["event_id"] in late_ids]
    rng.shuffle(late)
    return Story(customers, on_time, late, rng.sample(on_time, DUPLICATES))


def _purchase(rng: random.Random, now: datetime, customer: Customer) -> Row:
    often = [share for _, share in CATEGORIES.values()]
    category = rng.choice(customer.favorites) if rng.random() < 0.6 else rng.choices(list(CATEGORIES), often)[0]
    price = CATEGORIES[category][0]
    return {
        "customer_id": customer.id,
        "timestamp": _moment(rng, now, customer),
        "amount": round(price * customer.generosity * rng.lognormvariate(0, 0.4), 2),
        "merchant_category": category,
        "channel": "online" if rng.random() < customer.online else "store",
        "country": customer.country,
    }


def _moment(rng: random.Random, now: datetime, customer: Customer) -> datetime:
    """A time of the thirty days near the customer's hour; always before now."""
    oldest = now - timedelta(days=DAYS)
    newest = now - timedelta(days=LAPSED_DAYS) if customer.kind == "lapsed" else now - timedelta(minutes=1)
    day = newest.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=rng.randrange(DAYS + 1))
    moment = day + timedelta(hours=rng.gauss(customer.hour, 2.2), milliseconds=rng.randrange(1000))
    moment -= timedelta(microseconds=moment.microsecond % 1000)
    if oldest < moment <= newest:
        return moment
    return oldest + (newest - oldest) * rng.uniform(0.001, 1)


def _burst(rng: random.Random, now: datetime, customers: list[Customer], victim: str, minutes: float, count: int) -> list[Row]:
    """Many dear purchases in a quarter of an hour, online, from abroad."""
    customer = next(customer for customer in customers if customer.id == victim)
    country = "DE" if customer.country != "DE" else "US"
    start = now - timedelta(minutes=minutes)
    rows = []
    for number in range(count):
        category = rng.choice(("electronics", "gift_cards", "electronics", "travel"))
        rows.append(
            {
                "customer_id": victim,
                "timestamp": start + timedelta(seconds=number * 75 + rng.randrange(60)),
                "amount": round(CATEGORIES[category][0] * rng.uniform(2.5, 4.0), 2),
                "merchant_category": category,
                "channel": "online",
                "country": country,
            }
        )
    return rows


def start_of(text: str | None) -> datetime:
    """The moment a story is told from: RFC 3339 text, or now, to the second."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00")) if text else datetime.now(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
