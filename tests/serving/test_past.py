"""Values at a past time and histories, from the log, through the REST view."""

from urllib.parse import quote

import pytest

from core.clock import MICRO, format_time, now_us
from serving.hot import hot_app
from tests.processing.world import World
from tests.serving.wsgi import call

NOON = 1_790_000_040 * MICRO  # on a hop of an hour's window, so that its lower edge is exact
HOUR = 3600 * MICRO
SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
EVENTS = ((-2 * HOUR, 1.0), (-HOUR, None), (-30 * 60 * MICRO, 4.0), (-30 * 60 * MICRO, 5.0), (-1, 7.0))


def at(offset: int) -> str:
    return format_time(NOON + offset)


@pytest.fixture
def ask(fresh, monkeypatch, django, make_key):
    world = World(monkeypatch, NOON)
    world.define("all", SQL, columns={"amount": "DOUBLE"}, defaults={"n": 0}, ttl=5400)
    world.define("hour", SQL, window="1h", columns={"amount": "DOUBLE"}, defaults={"n": 0})
    rows = [{"user_id": "u/1", "amount": amount, "timestamp": at(offset)} for offset, amount in EVENTS]
    assert world.push(rows).accepted == len(rows)
    app, key = hot_app(django), make_key()

    def ask(ref: str, query: str = "", entity: str = "u/1"):
        reply = call(app, "GET", f"/api/v1/features/{ref}/values/{entity}", query=query, key=key)
        return reply.status, reply.json

    return ask


def _cells(document):
    return {name: (cell["value"], cell["status"]) for name, cell in document["values"].items()}


def test_it_computes_the_values_at_a_time(ask):
    status, found = ask("all", f"at={at(-HOUR)}")
    assert (status, found["as_of"], found["window"], found["entity"]) == (200, at(-HOUR), None, {"user_id": "u/1"})
    assert found["values"]["n"] == {"value": 2, "status": "PRESENT", "event_time": at(-HOUR), "age_seconds": 0.0}
    assert _cells(ask("all", f"at={at(0)}")[1]) == {"total": (17.0, "PRESENT"), "n": (5, "PRESENT")}
    assert _cells(ask("hour", f"at={at(-HOUR)}")[1]) == {"total": (None, "NULL"), "n": (1, "PRESENT")}
    hour = ask("hour:n", f"at={at(0)}")[1]
    assert (hour["window"]["size"], hour["window"]["end"]) == ("1h", at(0))
    assert _cells(hour) == {"n": (3, "PRESENT")}


def test_absence_is_told_apart_as_online(ask):
    assert _cells(ask("hour", f"at={at(-3 * HOUR)}")[1]) == {"total": (None, "NOT_FOUND"), "n": (0, "NOT_FOUND")}
    assert _cells(ask("hour", f"at={at(2 * HOUR)}")[1]) == {"total": (None, "EMPTY_WINDOW"), "n": (0, "EMPTY_WINDOW")}
    assert _cells(ask("all", f"at={at(0)}", "nobody")[1]) == {"total": (None, "NOT_FOUND"), "n": (0, "NOT_FOUND")}
    assert _cells(ask("all", f"at={at(2 * HOUR)}")[1]) == {"total": (None, "EXPIRED"), "n": (None, "EXPIRED")}
    assert _cells(ask("all", f"at={at(60 * MICRO)}&max_age=30")[1])["n"] == (5, "STALE")


def test_as_known_counts_only_what_had_been_ingested(ask):
    assert _cells(ask("all", f"at={at(-1)}&as_known=true")[1])["n"] == (0, "NOT_FOUND")
    assert _cells(ask("all", f"at={at(0)}&as_known=true")[1])["n"] == (5, "PRESENT")
    assert ask("all", f"at={at(0)}&as_known=maybe")[0] == 422


def test_a_history_has_a_row_for_each_event_time(ask):
    status, found = ask("all", f"start_time={at(-HOUR)}")
    assert status == 200
    assert {name: found[name] for name in ("feature_group", "version", "entity", "next")} == {
        "feature_group": "all", "version": 1, "entity": {"user_id": "u/1"}, "next": None,
    }  # fmt: skip
    want = [(at(-HOUR), 2, 1.0), (at(-30 * 60 * MICRO), 4, 10.0), (at(-1), 5, 17.0)]
    assert [(row["event_time"], row["values"]["n"], row["values"]["total"]) for row in found["history"]] == want
    first = ask("all:n", f"end_time={at(-1)}&limit=3")[1]
    assert [row["values"] for row in first["history"]] == [{"n": 1}, {"n": 2}, {"n": 4}]
    rest = ask("all:n", f"end_time={at(-1)}&limit=3&cursor={quote(first['next'])}")[1]
    assert ([row["values"] for row in rest["history"]], rest["next"]) == ([{"n": 5}], None)
    assert ask("all", "end_time=2200-01-01")[1]["history"] == ask("all", "start_time=1970-01-01")[1]["history"]


def test_times_are_read_leniently_and_refused_clearly(ask):
    assert ask("all", f"at={at(0).replace('Z', '+00:00')}")[0] == 200
    assert ask("all", f"at={at(0).replace('Z', '')}")[0] == 200
    for query, code, pointer in (
        ("at=2200-01-01T00:00:00Z", "future_time", "/at"),
        ("at=yesterday", "bad_time", "/at"),
        ("at=", "bad_time", "/at"),
        ("start_time=1", "bad_time", "/start_time"),
        (f"start_time={at(0)}&end_time={at(-1)}", "bad_range", "/start_time"),
        (f"at={at(0)}&start_time={at(0)}", "invalid", "/at"),
        ("limit=0", "invalid_limit", "/limit"),
        ("limit=10001", "invalid_limit", "/limit"),
        ("limit=1&cursor=x", "bad_cursor", "/cursor"),
        ("at=2026-01-01&at=2026-01-02", "invalid", "/at"),
    ):
        status, found = ask("all", query)
        assert (status, found["code"], found["errors"][0]["pointer"]) == (422, code, pointer), query
    assert ask("none", f"at={at(0)}")[0] == 404


def test_what_is_served_equals_what_the_log_says(fresh, monkeypatch, django, make_key):
    now = now_us()
    world = World(monkeypatch, now)
    for name, window in (("all", None), ("hour", "1h"), ("week", "7d")):
        world.define(name, SQL, window=window, columns={"amount": "DOUBLE"})
    world.push([{"user_id": "u", "amount": float(i), "timestamp": format_time(now - i * HOUR // 4)} for i in range(12)])
    world.settle()
    app, key = hot_app(django), make_key()
    for name in ("all", "hour", "week"):
        path = f"/api/v1/features/{name}/values/u"
        served = call(app, "GET", path, key=key).json
        assert {cell["status"] for cell in served["values"].values()} == {"PRESENT"}
        past = call(app, "GET", path, query=f"at={served['as_of']}", key=key).json
        assert past == served
