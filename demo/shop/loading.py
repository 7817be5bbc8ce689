"""Brings the shop into a running JStore, through its public API only; a second time changes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from j_feature_store import FeatureStoreClient

from demo.shop.definitions import GROUPS
from demo.shop.mistakes import MARK, make_mistakes, make_unasked
from demo.shop.purchases import Story

TOPIC = "feature-events"
LONGEST_WAIT = 30.0


@dataclass
class Loaded:
    """What happened: the groups as the server describes them, and the counts of each delivery."""

    groups: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """The sum of one count over the deliveries."""
        return sum(counts[name] for counts in self.counts.values())

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return [refusal for counts in self.counts.values() for refusal in counts["rejected"]]


def load(client: FeatureStoreClient, story: Story, now: Any, edition: str = "") -> Loaded:
    """Defines the groups, then sends every delivery; each is committed when this returns, and shows online if time allows."""
    loaded = Loaded()
    for body in GROUPS:
        loaded.groups.append(client.create_feature(**body))
    deliveries: list[tuple[str, Sequence[dict[str, Any]]]] = [
        ("on_time", story.on_time),
        ("late", story.late),
        ("duplicates", story.duplicates),
        ("unasked", make_unasked(now, edition)),
    ]
    if not has_mistakes(client, edition):
        deliveries.append(("mistakes", make_mistakes(now, edition)))
    for name, rows in deliveries:
        loaded.counts[name] = dict(client.send_events(TOPIC, rows, wait=LONGEST_WAIT))
    return loaded


def has_mistakes(client: FeatureStoreClient, edition: str = "") -> bool:
    """Whether the demo's refused rows are among the dead letters: a refused row is in no log, so its id cannot hold it back."""
    wanted = f"demo{edition}-{MARK}-"
    return any(wanted in str(letter.get("payload")) for letter in client.dead_letters(limit=10_000))


def wait_until_fresh(client: FeatureStoreClient, references: Sequence[str], customers: Sequence[str]) -> dict[str, Any]:
    """The online values, asked for until none is STALE (a new group's backfill may still run) or time is up."""
    end = time.monotonic() + LONGEST_WAIT
    while True:
        answer: dict[str, Any] = client.get_online_features(references, {"customer_id": customers})
        statuses = {status for result in answer["results"] for status in result["statuses"]}
        if "STALE" not in statuses or time.monotonic() > end:
            return answer
        time.sleep(0.25)
