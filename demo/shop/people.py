"""The shop's customers: who they are, what they like, and when they buy."""

from __future__ import annotations

import random
from dataclasses import dataclass

CUSTOMERS = 300
COUNTRIES = ("BR", "BR", "BR", "BR", "PT", "AR", "US")

# category: (typical price, how often it is bought)
CATEGORIES: dict[str, tuple[float, float]] = {
    "grocery": (38.0, 9.0),
    "restaurants": (27.0, 7.0),
    "pharmacy": (22.0, 4.0),
    "fashion": (70.0, 3.0),
    "books": (18.0, 3.0),
    "home": (85.0, 2.0),
    "games": (45.0, 2.0),
    "electronics": (240.0, 1.5),
    "travel": (420.0, 0.7),
    "gift_cards": (50.0, 0.5),
}

# kind: (share of the customers, purchases relative to a regular one)
KINDS: dict[str, tuple[float, float]] = {
    "loyal": (0.15, 2.6),
    "regular": (0.50, 1.0),
    "occasional": (0.25, 0.35),
    "lapsed": (0.10, 0.6),  # nothing in the last twelve days
}


@dataclass(frozen=True)
class Customer:
    """One customer. hour: of the day (UTC) around which they buy. online: share of purchases not made in a store."""

    id: str
    kind: str
    country: str
    favorites: tuple[str, str]
    generosity: float
    hour: float
    online: float

    @property
    def weight(self) -> float:
        """How many purchases, relative to a regular customer."""
        return KINDS[self.kind][1]


def make_customers(rng: random.Random) -> list[Customer]:
    """All customers in the order of their ids; the first are loyal, the last lapsed, so that a demo can name them."""
    kinds = [kind for kind, (share, _) in KINDS.items() for _ in range(round(share * CUSTOMERS))]
    return [_make(rng, number, kind) for number, kind in enumerate(kinds, start=1)]


def _make(rng: random.Random, number: int, kind: str) -> Customer:
    first, second = rng.sample(list(CATEGORIES), 2)
    return Customer(
        id=f"customer_{number:03}",
        kind=kind,
        country=rng.choice(COUNTRIES),
        favorites=(first, second),
        generosity=rng.lognormvariate(0, 0.35),
        hour=rng.choice((9.0, 12.5, 15.0, 19.0, 21.5)),
        online=rng.uniform(0.1, 0.9),
    )
