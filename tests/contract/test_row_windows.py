"""Contract row "windows": the six and the whole history; online, at past times and as a history, against brute force."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests import oracle
from tests.contract import promise
from tests.servers.http import Client

SQL = (
    "SELECT user_id, SUM(spent_{tag}) AS total, AVG(spent_{tag}) AS mean, COUNT(*) AS n, MIN(spent_{tag}) AS low,"
    " MAX(spent_{tag}) AS high, STDDEV(spent_{tag}) AS spread FROM input_data GROUP BY user_id"
)
DAY = 86_400 * oracle.SECOND
Events = dict[str, list[dict[str, Any]]]


def outputs(tag: str) -> Mapping[str, oracle.Output]:
    x = f"spent_{tag}"
    kinds = {"total": "sum", "mean": "avg", "low": "min", "high": "max", "spread": "stddev_samp"}
    return {"n": ("count",), **{name: (kind, x) for name, kind in kinds.items()}}


def sample(tag: str, now: int, seed: int) -> tuple[Events, list[int]]:
    """Events of two users; half of them at the lower edges of each window at some past times, and one microsecond beside."""
    rng = random.Random(seed)
    reads = [now - int(rng.uniform(1, 20 * DAY)) for _ in range(2)]
    events: Events = {}
    for user in (f"w1-{tag}", f"josé ação/{tag}"):
        times = {now - int(rng.uniform(1, rng.choice((DAY / 24, DAY, 35 * DAY)))) for _ in range(30)}
        for t in reads:
            times |= {(oracle.lower(t, window) or 0) + d for window in oracle.SIX for d in (-1, 0, 1)} | {t, t + 1}
        events[user] = [{"us": us, f"spent_{tag}": round(rng.uniform(-50, 100), 2)} for us in times]
    return events, reads


@pytest.fixture(scope="module")
def world(stack: Any) -> dict[str, Any]:
    """Seven groups and their events, sent out of order and in part twice."""
    tag, client = f"{time.time_ns():x}"[-8:], stack.client()
    for window in (None, *promise.WINDOWS):
        answer = client.define(f"w_{window or 'all'}_{tag}", SQL.format(tag=tag), window=window)
        assert (answer.status, answer["path"]) == (201, "tiles")
    now = time.time_ns() // 1000
    events, reads = sample(tag, now, seed=3)
    rows = [
        {"user_id": user, "timestamp": oracle.iso(e["us"]), "event_id": f"{tag}-{i}-{user}", f"spent_{tag}": e[f"spent_{tag}"]}
        for user, mine in events.items()
        for i, e in enumerate(mine)
    ]
    random.Random(4).shuffle(rows)
    assert client.push(rows)["applied"] is True
    assert client.push(rows[:25])["duplicates"] == 25
    return {"tag": tag, "events": events, "reads": reads, "now": now}


def differences(world: dict[str, Any], user: str, window: str | None, t: int, values: Mapping[str, Any]) -> list[str]:
    tag, mine = world["tag"], world["events"][user]
    want = oracle.value(mine, t, window, outputs(tag))
    scale = oracle.size(oracle.inside(mine, t, window), f"spent_{tag}")
    return [
        f"{user} {window} at {oracle.iso(t)}: {name} is {got}, not {want and want[name]}"
        for name, got in values.items()
        if not oracle.same(got, want and want[name], scale)
    ]


@pytest.mark.parametrize("window", [None, *promise.WINDOWS])
def test_the_values_of_a_window_equal_brute_force(client: Client, world: dict[str, Any], window: str | None) -> None:
    wrong = []
    for user, mine in world["events"].items():
        for t in (None, *world["reads"], mine[0]["us"]):
            asked = time.time_ns() // 1000
            answer = client.values(f"w_{window or 'all'}_{world['tag']}", user, **({} if t is None else {"at": oracle.iso(t)}))
            assert answer.status == 200, answer.body
            as_of = oracle.from_iso(answer["as_of"])
            assert as_of == t if t is not None else asked - as_of < 20 * oracle.SECOND
            values = {name: cell["value"] for name, cell in answer["values"].items()}
            assert values.keys() == outputs(world["tag"]).keys()
            wrong += differences(world, user, window, as_of, values)
            row = oracle.value(mine, as_of, window, outputs(world["tag"]))
            statuses = {name: cell["status"] for name, cell in answer["values"].items()}
            assert statuses == {name: oracle.status(mine, as_of, window, row, name) for name in values}
    assert not wrong, wrong[:5]


def test_the_history_has_a_row_for_each_event_time(client: Client, world: dict[str, Any]) -> None:
    user, mine = next(iter(world["events"].items()))
    span = {"start_time": oracle.iso(world["now"] - 12 * DAY), "end_time": oracle.iso(world["now"])}
    answer = client.values(f"w_7d_{world['tag']}", user, limit=10_000, **span)
    want = oracle.history(mine, world["now"] - 12 * DAY, world["now"], "7d", outputs(world["tag"]))
    assert [oracle.from_iso(row["event_time"]) for row in answer["history"]] == [t for t, _ in want]
    for row in answer["history"]:
        assert not differences(world, user, "7d", oracle.from_iso(row["event_time"]), row["values"])


def test_another_word_than_a_window_is_refused(client: Client, tag: str) -> None:
    answer = client.define(f"no_{tag}", promise.SQL, window="fortnight")
    assert (answer.status, answer["code"]) == (422, "unknown_window")
