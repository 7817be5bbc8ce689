"""What readers are told after a purge of the log: numbers where they are right, else BEYOND_RETENTION and no number."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from backends.online.published import Published
from core.clock import MICRO, format_time
from core.record import Record, pack_record
from serving.hot import hot_app
from serving.plan import plan_of
from serving.rows import Wishes, judge
from tests.processing.purged import at_its_clock, go
from tests.processing.world import World
from tests.serving import world as specs
from tests.serving.wsgi import call

NOON = 1_790_000_000 * MICRO
HOUR, DAY = 3600 * MICRO, 86_400 * MICRO
SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
EVENTS = ((-5 * DAY, 1.0), (-4 * DAY, 2.0), (-3 * HOUR, 4.0), (-1, 8.0))
PURGED = NOON - 2 * DAY
_stamps = itertools.count(10**9)


def at(offset: int) -> str:
    return format_time(NOON + offset)


@pytest.fixture
def ask(fresh, monkeypatch, django, make_key):
    """Groups from before the purge and from after it; a late event; the running clock is days later."""
    world = at_its_clock(World(monkeypatch, NOON), monkeypatch)
    for name, window in (("all", None), ("day", "1d")):
        world.define(name, SQL, window=window, columns={"amount": "DOUBLE"}, defaults={"n": 0})
    world.push([{"user_id": "u", "amount": amount, "timestamp": at(offset)} for offset, amount in EVENTS])
    world.settle()
    assert go() == 2
    world.push([{"user_id": "u", "amount": 16.0, "timestamp": at(-3 * DAY)}])
    for name, windows in (("late", []), ("late_two", ["1h", "3d"])):
        world.define(name, SQL, columns={"amount": "DOUBLE"}, defaults={}, **({"windows": windows} if windows else {}))
    world.settle()
    app, key = hot_app(django), make_key(scopes=("features:read", "registry:write"))

    def ask(method: str, path: str, query: str = "", body: object = None):
        text = None if body is None else json.dumps(body).encode()
        reply = call(app, method, f"/api/v1/{path}", query=query, key=key, body=text)
        return reply.status, reply.json

    ask.world = world
    return ask


def values(ask, group: str, query: str):
    status, found = ask("GET", f"features/{group}/values/u", query)
    assert status == 200, found
    return {name: (cell["value"], cell["status"]) for name, cell in found["values"].items()}


def test_at(ask):
    assert values(ask, "all", f"at={at(0)}") == {"total": (31.0, "PRESENT"), "n": (5, "PRESENT")}
    assert values(ask, "all", f"at={format_time(PURGED)}") == {"total": (19.0, "PRESENT"), "n": (3, "PRESENT")}
    beyond = {"total": (None, "BEYOND_RETENTION"), "n": (None, "BEYOND_RETENTION")}
    assert values(ask, "all", f"at={format_time(PURGED - 1)}") == beyond, (
        "a default stands for no event, not for one that is unknown"
    )
    assert values(ask, "day", f"at={at(-2 * DAY)}") == beyond
    assert values(ask, "day", f"at={at(0)}") == {"total": (12.0, "PRESENT"), "n": (2, "PRESENT")}
    assert values(ask, "late", f"at={at(0)}") == beyond
    assert values(ask, "late_two", f"at={at(0)}") == {
        "total_1h": (8.0, "PRESENT"),
        "n_1h": (1, "PRESENT"),
        "total_3d": (None, "BEYOND_RETENTION"),
        "n_3d": (None, "BEYOND_RETENTION"),
    }


def test_as_known(ask):
    """What was known is whole from the purge on; a window that does not reach back needs nothing that went."""
    assert values(ask, "day", f"at={at(0)}&as_known=true")["n"] == (2, "PRESENT")
    assert values(ask, "all", f"at={at(0)}&as_known=true")["n"] == (5, "PRESENT")
    ask.world.clock = NOON + HOUR
    ask.world.push([{"user_id": "u", "amount": 1.0, "timestamp": at(0)}])
    assert values(ask, "all", f"at={at(HOUR)}&as_known=true")["n"] == (6, "PRESENT")
    assert values(ask, "all", f"at={at(HOUR // 2)}")["n"] == (6, "PRESENT")
    assert values(ask, "all", f"at={at(-1)}&as_known=true")["n"] == (None, "BEYOND_RETENTION"), "before anything was there"


def test_a_history(ask):
    status, found = ask("GET", "features/all/values/u", "start_time=1970-01-01")
    assert status == 200
    untold = {"total": "BEYOND_RETENTION", "n": "BEYOND_RETENTION"}
    assert found["history"] == [
        {"event_time": at(-3 * DAY), "values": {"total": None, "n": None}, "statuses": untold},
        {"event_time": at(-3 * HOUR), "values": {"total": 23.0, "n": 4}},
        {"event_time": at(-1), "values": {"total": 31.0, "n": 5}},
    ]
    two = ask("GET", "features/late_two/values/u", f"start_time={at(-3 * HOUR)}")[1]["history"]
    assert two == [
        {
            "event_time": at(offset),
            "values": {"total_1h": amount, "total_3d": None, "n_1h": 1, "n_3d": None},
            "statuses": {"total_3d": "BEYOND_RETENTION", "n_3d": "BEYOND_RETENTION"},
        }
        for offset, amount in ((-3 * HOUR, 4.0), (-1, 8.0))
    ]


def test_many_at_once(ask):
    """The running clock: long after, so that every window has moved on, and all but whole histories are told."""
    body = {"features": ["all:n", "late:n", "late_two:n_3d"], "entities": {"user_id": ["u", "nobody"]}, "on_stale": "null"}
    status, found = ask("POST", "online-features", body=body)
    assert status == 200
    assert [result["statuses"] for result in found["results"]][1] == ["BEYOND_RETENTION"] * 2
    assert found["results"][1]["values"] == [None, None]
    assert "BEYOND_RETENTION" not in found["results"][0]["statuses"] + found["results"][2]["statuses"]


def test_a_backfill(ask):
    for body, pointer in (
        ({"feature": "all", "start_time": format_time(PURGED - 1)}, "/start_time"),
        ({"feature": "late"}, None),
    ):
        status, found = ask("POST", "backfills", body=body)
        assert (status, found["code"]) == (422, "beyond_retention")
        assert found["errors"][0]["pointer"] == pointer if pointer else True
    assert ask("POST", "backfills", body={"feature": "all", "start_time": format_time(PURGED)})[0] == 202


@pytest.mark.parametrize("early", [0, 1])
def test_the_rule_on_ready_rows(early):
    """as_of decides. What was computed for a time before lacks events, so neither it nor its absence is shown."""
    clock = 1_800_000_000 * MICRO
    version = replace(specs.version(defaults={"n": 0}), exact_froms=(clock + early,))
    spec = specs.group("g", version)
    part = plan_of("default", Published(next(_stamps), {"g": spec}), ("g",)).parts[0]
    record = pack_record(Record(1, 0, (specs.run(spec, (1.0, 2), clock - 5, clock - 5),)))
    rows = judge(part, [record, None], [3, 3], {(version.code, 3): specs.cursor(clock)}, Wishes(clock))
    if early:
        assert (rows.statuses, rows.newest) == (["BEYOND_RETENTION"] * 2, [None, None])
        assert [tuple(column) for column in rows.columns] == [(None, None)] * 2
    else:
        assert rows.statuses == ["PRESENT", "NOT_FOUND"]
        assert [tuple(column) for column in rows.columns] == [(1.0, None), (2, 0)]
