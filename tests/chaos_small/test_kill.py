"""kill -9 of each process while events flow: nothing accepted is lost or counted twice, and what is served equals brute force."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping

import pytest

from tests import oracle
from tests.chaos_small.traffic import Traffic
from tests.servers.http import Client
from tests.servers.kafka import Kafka
from tests.servers.stack import PROCESSES, Stack, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

TOPIC = "feature-events"
GROUPS = {
    "all": (None, "SELECT user_id, SUM({x}) AS s, COUNT(*) AS n, MAX({x}) AS hi FROM input_data GROUP BY user_id"),
    "day": ("1d", "SELECT user_id, SUM({x}) AS s, COUNT(*) AS n, MAX({x}) AS hi FROM input_data GROUP BY user_id"),
    "hour": ("1h", "SELECT user_id, SUM({x}) AS s, COUNT(*) AS n, MAX({x}) AS hi FROM input_data GROUP BY user_id"),
    "kinds": ("7d", "SELECT user_id, COUNT(DISTINCT kind) AS kinds, SUM({x}) AS s FROM input_data GROUP BY user_id"),
}


def outputs(x: str) -> Mapping[str, oracle.Output]:
    return {"s": ("sum", x), "n": ("count",), "hi": ("max", x), "kinds": ("count_distinct", "kind")}


def differences(client: Client, tag: str, traffic: Traffic) -> list[str]:
    """Every served value that is not brute force over what was accepted, or is not fresh."""
    wrong = []
    for name, (window, _sql) in GROUPS.items():
        for user in traffic.users:
            answer = client.values(f"k_{name}_{tag}", user)
            if answer.status != 200:
                wrong.append(f"{name} {user}: {answer.status} {answer.body}")
                continue
            as_of = oracle.from_iso(answer["as_of"])
            want = oracle.value(traffic.accepted.get(user, []), as_of, window, outputs(traffic.column))
            for feature, cell in answer["values"].items():
                expected = want and want[feature]
                if not oracle.same(cell["value"], expected) or cell["status"] == "STALE":
                    wrong.append(f"{name} {user} {feature} as of {answer['as_of']}: {cell}, not {expected}")
    return wrong


def run_through(stack: Stack, kafka: Kafka, rounds: list[list[str]], rng: random.Random) -> None:
    """Traffic while each round's processes are killed in one moment and come back; then everything must be right."""
    tag, client = uuid.uuid4().hex[:8], stack.client()
    x = f"x_{tag}"
    for name, (window, sql) in GROUPS.items():
        answer = client.define(f"k_{name}_{tag}", sql.format(x=x), window=window)
        assert answer.status == 201, answer.body
    traffic = Traffic(client, kafka.bootstrap, TOPIC, [f"k{i}-{tag}" for i in range(8)], x)
    traffic.start()
    try:
        for victims in rounds:
            time.sleep(rng.uniform(0.2, 1.5))
            killed = {name: stack.kill(name) for name in victims}
            for name, pid in killed.items():
                stack.wait_back(name, pid)
        stack.wait_ready()
        time.sleep(1)
    finally:
        traffic.stop()
    assert not traffic.refused, traffic.refused[:5]
    print(f"{sum(len(rows) for rows in traffic.accepted.values())} rows accepted, {traffic.retries} pushes tried again")
    right = wait_for(lambda: not differences(client, tag, traffic), seconds=60, every=1)
    assert right, (differences(client, tag, traffic)[:6], stack.logs("applier", "consumer"))
    past = time.time_ns() // 1000 - 1_000_000
    for user in traffic.users:
        want = oracle.value(traffic.accepted[user], past, "1d", outputs(x))
        answer = client.values(f"k_day_{tag}", user, at=oracle.iso(past))
        assert {n: cell["value"] for n, cell in answer["values"].items()} == {n: want and want[n] for n in ("s", "n", "hi")}
    # And the eye that sees nothing wrong would see one row too few.
    traffic.accepted[traffic.users[0]].append({**traffic.accepted[traffic.users[0]][0], x: 1})
    assert differences(client, tag, traffic)


def test_nothing_accepted_is_lost_whatever_is_killed(stack: Stack, kafka: Kafka) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    run_through(stack, kafka, [[name] for name in rng.sample(PROCESSES, len(PROCESSES))], rng)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_nothing_is_lost_where_several_die_at_once_again_and_again(stack: Stack, kafka: Kafka) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    run_through(stack, kafka, [rng.sample(PROCESSES, rng.randint(1, 4)) for _ in range(20)], rng)


def test_the_applier_starts_over_when_valkey_comes_back_empty_handed(stack: Stack) -> None:
    """A process that remembers more than Redis re-reads: kill both in one moment, and every value is there again."""
    tag, client = uuid.uuid4().hex[:8], stack.client()
    x = f"y_{tag}"
    assert client.define(f"back_{tag}", f"SELECT user_id, SUM({x}) AS s FROM input_data GROUP BY user_id").status == 201
    assert client.push([{"user_id": f"b{i}", x: i} for i in range(50)])["applied"] is True
    pids = {name: stack.kill(name) for name in ("valkey", "applier")}
    for name, pid in pids.items():
        stack.wait_back(name, pid)
    stack.wait_ready()
    assert client.push([{"user_id": "b0", x: 7}])["applied"] is True
    want = {f"b{i}": 7 if i == 0 else i for i in range(50)}
    seen = wait_for(lambda: {u: client.value(f"back_{tag}", u, "s") for u in want} == want, every=1)
    assert seen, {u: client.value(f"back_{tag}", u, "s") for u in want}
