"""Rows judged by their shape get the verdict that the rule gives each of them alone, whatever is wrong with them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from core.clock import MICRO
from processing import shapes
from processing.judging import Judged, Refused, judge
from processing.shapes import Shapes, shapes_of
from tests.processing.specs import group
from tests.processing.world import NOON, at

GROUPS = {
    spec.name: spec
    for spec in (
        group("spending", types={"amount": "DOUBLE"}),
        group("visits", inputs=("page", "amount"), types={"page": "STRING", "amount": "BIGINT"}),
        group("open", inputs=("amount", "tags")),
        group("ratings", ("user_id", "item_id"), ("score",), ("seen_at", "EPOCH_S"), {"score": "DECIMAL(6,2)"}),
        group("seen", inputs=("seen_at",), types={"seen_at": "BIGINT"}),
        group("shops", ("shop_id",)),
        group("gone", deleted=True),
        group("elsewhere", source="orders"),
    )
}
KEYS = ["u", "v", 7, "x" * 128, "é" * 300, "", None, 1.5, True, [], 10**600]
TIMES = [at(-5), at(0), at(0.000001), at(300), at(301), "yesterday", None, NOON // MICRO]
VALUES: dict[str, list[Any]] = {
    "user_id": KEYS,
    "item_id": KEYS,
    "shop_id": KEYS,
    "amount": [1.5, 2, None, "abc", 2**60 + 1, 2**70, True],
    "page": ["p", "", None, 3],
    "tags": [["a"], {}, None],
    "score": ["1.25", 3, 1.239, None, "x"],
    "timestamp": TIMES,
    "seen_at": [NOON // MICRO, NOON / MICRO + 200, NOON // MICRO + 900, "now", None, -1],
    "event_id": ["a", 5, None, "", 1.5, "é" * 256, "é" * 257],
    "revision": [0, 1, None, -1, 2**63, "two"],
    "deleted": [True, False, None, 1],
    "other": [1],
}


def rows(seed: int, count: int) -> list[Any]:
    """Most of each row is good, so that many rows are good altogether."""
    print(f"seed {seed}")
    pick = random.Random(seed)
    found: list[Any] = []
    for _ in range(count):
        names = pick.sample(sorted(VALUES), pick.randint(0, 8))
        found.append({name: pick.choice(VALUES[name]) if pick.random() < 0.15 else VALUES[name][0] for name in names})
    return [*found, 1, None, [], "row"]


def plain(found: Judged | Refused) -> Any:
    """A verdict without the kinds of its lists."""
    if isinstance(found, Refused):
        return found
    return [list(part) if isinstance(part, list | tuple) else part for part in found]


@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_is_the_rule_s(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[Any] = []
    monkeypatch.setattr(shapes, "judge", lambda *given: slow.append(given) or judge(*given))
    judged = Shapes(GROUPS)
    pick = random.Random(seed)
    all_rows = rows(seed, 4000)
    for row in all_rows:
        address = pick.choice([None, None, None, *GROUPS, "nobody"])
        arrival = NOON + pick.choice([0, 200, 400]) * MICRO
        wanted = judge(row, address, arrival, NOON, GROUPS)
        assert plain(judged.judge(row, address, arrival, NOON)) == plain(wanted), (row, address)
    assert len(all_rows) * 0.2 < len(slow) < len(all_rows) * 0.8, "both ways are tried"


def test_good_rows_are_not_judged_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = Shapes(GROUPS)
    monkeypatch.setattr(shapes, "judge", None)
    found = judged.judge({"user_id": "u", "amount": 1, "page": "p", "timestamp": at(0)}, None, NOON, NOON)
    assert isinstance(found, Judged)
    assert [spec.name for spec, _ in found.takers] == ["spending", "visits"]
    assert found.near == ("open", "seen")


def test_made_up_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MOST_SHAPES", 10)
    judged = Shapes(GROUPS)
    for number in range(100):
        judged.judge({"user_id": "u", f"name-{number}": 1}, None, NOON, NOON)
    assert 0 < len(judged._shapes) <= 10


def test_what_was_learned_ends_with_the_definitions() -> None:
    first = shapes_of("p", GROUPS)
    assert shapes_of("p", GROUPS) is first
    assert shapes_of("p", dict(GROUPS)) is not first
