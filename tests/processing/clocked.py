"""SQL that compares the time with current_timestamp, and the same by hand."""

from __future__ import annotations

from typing import Any

from core.clock import MICRO
from tests import oracle
from tests.processing.world import World

BASE = 1_790_000_000 * MICRO
WINDOWS = (None, "1h", "1d")
# a constant of its own for each comparison: none hides that another's change was missed
AGES = {"gt": 61, "ge": 67, "lt": 71, "le": 73, "low": 83, "high": 79, "eq": 89, "case": 97, "mirror": 101, "having": 3000}
COMPARED = (
    "SELECT user_id, COUNT(*) AS n,"
    " SUM(amount) FILTER (WHERE timestamp > current_timestamp - INTERVAL 61 SECONDS) AS gt,"
    " COUNT(*) FILTER (WHERE timestamp >= now() - INTERVAL '67' SECOND) AS ge,"
    " COUNT(*) FILTER (WHERE timestamp < current_timestamp() - INTERVAL '71 seconds') AS lt,"
    " SUM(amount) FILTER (WHERE NOT timestamp > current_timestamp - INTERVAL 73 SECONDS) AS le,"
    " SUM(amount) FILTER (WHERE timestamp BETWEEN now() - INTERVAL 83 SECONDS AND now() - INTERVAL 79 SECONDS) AS between_both,"
    " COUNT(*) FILTER (WHERE timestamp + INTERVAL 89 SECONDS = current_timestamp) AS eq,"
    " COUNT(DISTINCT CASE WHEN current_timestamp < INTERVAL 97 SECONDS + timestamp THEN kind END) AS cases,"
    " SUM(CASE WHEN current_timestamp - INTERVAL 100 SECONDS <= timestamp + INTERVAL 1 SECOND THEN amount END) AS mirror"
    " FROM input_data GROUP BY user_id"
)
FRESH = (
    "SELECT user_id, COUNT(*) AS n, SUM(amount) AS total FROM input_data GROUP BY user_id"
    " HAVING MAX(timestamp) FILTER (WHERE kind <> 'c') > current_timestamp - INTERVAL 50 MINUTES"
)
NEWEST = "SELECT user_id, amount, kind FROM input_data WHERE timestamp <= current_timestamp - INTERVAL 61 SECONDS"
JOINED = (
    "WITH late AS (SELECT user_id, timestamp AS at, amount FROM input_data WHERE timestamp < now() - INTERVAL 71 SECONDS),"
    " sums AS (SELECT user_id, SUM(amount) AS older, MAX(at) AS last FROM late GROUP BY user_id)"
    " SELECT s.user_id, MAX(s.older) AS older, COUNT(*) AS n FROM sums s JOIN input_data i ON i.user_id = s.user_id"
    " WHERE s.last > current_timestamp - INTERVAL 101 SECONDS GROUP BY s.user_id"
)
COLUMNS = {"amount": "BIGINT", "kind": "STRING"}


def _sum(events: list[Any]) -> int | None:
    return sum(e["amount"] for e in events) if events else None


def want_compared(events: list[Any], t: int) -> dict[str, Any] | None:
    """COMPARED by hand: `age` is how long ago an event was, in microseconds."""
    if not events:
        return None
    aged = [(t - e["us"], e) for e in events]

    def older(*tests: Any) -> list[Any]:
        return [e for age, e in aged if all(test(age) for test in tests)]

    s = {name: seconds * MICRO for name, seconds in AGES.items()}
    return {
        "n": len(events),
        "gt": _sum(older(lambda a: a < s["gt"])),
        "ge": len(older(lambda a: a <= s["ge"])),
        "lt": len(older(lambda a: a > s["lt"])),
        "le": _sum(older(lambda a: a >= s["le"])),
        "between_both": _sum(older(lambda a: a <= s["low"], lambda a: a >= s["high"])),
        "eq": len(older(lambda a: a == s["eq"])),
        "cases": len({e["kind"] for e in older(lambda a: a < s["case"])}),
        "mirror": _sum(older(lambda a: a <= s["mirror"])),
    }


def want_fresh(events: list[Any], t: int) -> dict[str, Any] | None:
    kept = [e["us"] for e in events if e["kind"] != "c"]
    if not kept or t - max(kept) >= AGES["having"] * MICRO:
        return None
    return {"n": len(events), "total": _sum(events)}


def want_newest(events: list[Any], t: int) -> dict[str, Any] | None:
    passing = [e for e in events if t - e["us"] >= AGES["gt"] * MICRO]
    return {"amount": passing[-1]["amount"], "kind": passing[-1]["kind"]} if passing else None


def want_joined(events: list[Any], t: int) -> dict[str, Any] | None:
    late = [e for e in events if t - e["us"] > AGES["lt"] * MICRO]
    if not late or t - max(e["us"] for e in late) >= AGES["mirror"] * MICRO:
        return None
    return {"older": _sum(late), "n": len(events)}


KINDS = {
    "c": (COMPARED, want_compared),
    "f": (FRESH, want_fresh),
    "n": (NEWEST, want_newest),
    "j": (JOINED, want_joined),
}
GROUPS = [(f"{kind}_{window or 'all'}", kind, window) for kind in KINDS for window in WINDOWS]


def define(world: World) -> None:
    for name, kind, window in GROUPS:
        spec = world.define(name, KINDS[kind][0], window=window, columns=COLUMNS)
        assert spec.current is not None
        assert spec.current.path == "recompute"
        assert "current_timestamp" in spec.current.path_reason
    world.settle()


def wrong(world: World, user: str, sent: list[Any], clock: int) -> list[Any]:
    """What readers at a clock see that brute force does not say."""
    found = []
    for name, kind, window in GROUPS:
        status, as_of, got = world.read(name, user, clock)
        want = KINDS[kind][1](oracle.inside(sent, as_of, window), as_of)
        if (got or None) != want or status != oracle.status(sent, as_of, window, {"x": 1} if want else None, "x"):
            found.append((name, as_of - BASE, status, got, want))
    return found
