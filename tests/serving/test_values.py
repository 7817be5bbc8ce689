"""The document of the values route, against a real Valkey."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from backends.online import published
from backends.online.client import client
from core.clock import NEVER, format_time, now_us
from core.errors import Conflict, Invalid, NotFound, Unavailable
from core.record import REBUILDING
from core.windows import Window
from serving import lookup
from tests.serving import world
from tests.serving.world import SECOND


def test_it_answers_the_newest_values(redis):
    spec = world.publish(world.group("purchases"))
    world.put_cursors(redis, spec)
    now = now_us()
    world.put(redis, spec, ["u1"], world.run(spec, [12.5, 3], now - 60 * SECOND))
    found = lookup.values("default", "purchases", {"user_id": "u1"}, clock=now)
    assert found == {
        "feature_group": "purchases",
        "version": 1,
        "entity": {"user_id": "u1"},
        "as_of": format_time(now),
        "window": None,
        "values": {
            "total": {"value": 12.5, "status": "PRESENT", "event_time": format_time(now - 60 * SECOND), "age_seconds": 60.0},
            "n": {"value": 3, "status": "PRESENT", "event_time": format_time(now - 60 * SECOND), "age_seconds": 60.0},
        },
    }
    assert list(lookup.values("default", "purchases@1:n", {"user_id": "u1"})["values"]) == ["n"]


def test_it_says_the_window_and_moves_to_the_run_of_the_clock(redis):
    spec = world.publish(world.group("recent", world.version(window="1h")))
    world.put_cursors(redis, spec)
    now = now_us()
    later = world.run(spec, None, NEVER, now + 10 * SECOND)
    world.put(redis, spec, ["u1"], world.run(spec, [1.0, 1], now - SECOND, now - SECOND), later, end=now + 15 * SECOND)
    ask = lambda clock: lookup.values("default", "recent:n", {"user_id": "u1"}, clock=clock)  # noqa: E731
    first = ask(now)
    assert first["window"] == {"size": "1h", "start": format_time(Window.parse("1h").lower(now)), "end": format_time(now)}
    assert first["values"]["n"]["value"] == 1
    assert ask(now + 10 * SECOND)["values"]["n"] == {
        "value": None,
        "status": "EMPTY_WINDOW",
        "event_time": None,
        "age_seconds": None,
    }
    assert ask(now + 12 * SECOND)["as_of"] == format_time(now + 12 * SECOND)
    assert ask(now + 18 * SECOND)["as_of"] == format_time(now + 15 * SECOND - 1), (
        "the sweeper is behind: the last time it is exact for"
    )
    assert ask(now - 9 * SECOND)["as_of"] == format_time(now - SECOND), "a clock before the entity's last event does not undo it"


def test_absence_is_told_apart(redis):
    version = world.version(window="1d", defaults={"n": 0})
    spec = world.publish(world.group("visits", version))
    world.put_cursors(redis, spec)
    now = now_us()
    world.put(redis, spec, ["gone"], world.run(spec, None, NEVER, now))
    world.put(redis, spec, ["held"], world.run(spec, None, NEVER, now, any_event=False))
    world.put(redis, spec, ["null"], world.run(spec, [None, 0], now, now))
    seen = {}
    for user in ("nobody", "held", "gone", "null"):
        cells = lookup.values("default", "visits", {"user_id": user})["values"]
        seen[user] = [(c["value"], c["status"]) for c in cells.values()]
    assert seen == {
        "nobody": [(None, "NOT_FOUND"), (0, "NOT_FOUND")],
        "held": [(None, "NOT_FOUND"), (0, "NOT_FOUND")],
        "gone": [(None, "EMPTY_WINDOW"), (0, "EMPTY_WINDOW")],
        "null": [(None, "NULL"), (0, "PRESENT")],
    }


@pytest.mark.parametrize(
    "cursor", [None, world.cursor(state=REBUILDING), world.cursor(now_us() - 21 * SECOND)], ids=["absent", "rebuilding", "silent"]
)
def test_a_bucket_that_may_lack_events_is_stale(redis, cursor):
    spec = world.publish(world.group("visits", world.version(defaults={"n": 0})))
    if cursor:
        world.put_cursors(redis, spec, cursor)
    world.put(redis, spec, ["u1"], world.run(spec, [5.0, None], now_us()))
    known = lookup.values("default", "visits", {"user_id": "u1"})["values"]
    assert [(c["value"], c["status"]) for c in known.values()] == [(5.0, "STALE"), (None, "STALE")]
    unknown = lookup.values("default", "visits", {"user_id": "u2"})["values"]
    assert [(c["value"], c["status"], c["event_time"]) for c in unknown.values()] == [(None, "STALE", None)] * 2


def test_a_failed_computation_and_a_sweeper_far_behind_are_stale(redis):
    spec = world.publish(world.group("visits"))
    world.put_cursors(redis, spec)
    now = now_us()
    world.put(redis, spec, ["failed"], world.run(spec, [5.0, 1], now), failed=True)
    world.put(redis, spec, ["behind"], world.run(spec, [5.0, 1], now - 60 * SECOND, now - 60 * SECOND), end=now - 20 * SECOND)
    for user in ("failed", "behind"):
        cell = lookup.values("default", "visits:n", {"user_id": user}, clock=now)["values"]["n"]
        assert (cell["value"], cell["status"]) == (1, "STALE")


def test_age_is_the_age_of_the_newest_event(redis):
    spec = world.publish(world.group("visits", world.version(ttl=100)))
    world.put_cursors(redis, spec)
    now = now_us()
    for user, age in (("young", 50), ("old", 101)):
        world.put(redis, spec, [user], world.run(spec, [5.0, 1], now - age * SECOND))
    ask = lambda user, age=None: lookup.values("default", "visits:n", {"user_id": user}, clock=now, max_age=age)["values"]["n"]  # noqa: E731
    assert (ask("young")["value"], ask("young")["status"]) == (1, "PRESENT")
    assert (ask("young", 49.9)["value"], ask("young", 49.9)["status"]) == (1, "STALE")
    assert ask("young", 50)["status"] == "PRESENT"
    assert (ask("old")["value"], ask("old")["status"], ask("old")["age_seconds"]) == (None, "EXPIRED", 101.0)
    assert ask("old", 10)["status"] == "EXPIRED"


def test_every_type_has_its_json(redis):
    types = {
        "d": "DECIMAL(10,2)",
        "t": "TIMESTAMP",
        "day": "DATE",
        "b": "BOOLEAN",
        "s": "STRING",
        "l": "ARRAY<STRING>",
        "open": None,
    }
    spec = world.publish(world.group("typed", world.version(outputs=types)))
    world.put_cursors(redis, spec)
    row = [Decimal("12.50"), datetime(2026, 11, 24, 1, 2, 3, 4), date(2026, 11, 24), True, "ação", ["a", "b"], None]
    world.put(redis, spec, ["u1"], world.run(spec, row, now_us()), plain=True)
    cells = lookup.values("default", "typed", {"user_id": "u1"})["values"]
    want = ["12.50", "2026-11-24T01:02:03.000004Z", "2026-11-24", True, "ação", ["a", "b"], None]
    assert [c["value"] for c in cells.values()] == want
    assert cells["open"]["status"] == "NULL"


def test_a_record_is_read_by_the_layout_it_was_written_with(redis):
    version = world.version(outputs={"total": None, "n": "BIGINT"}, layouts=[(None, "BIGINT"), ("DOUBLE", "BIGINT")])
    spec = world.publish(world.group("grown", version))
    world.put_cursors(redis, spec)
    world.put(redis, spec, ["before"], world.run(spec, [None, 1], now_us(), layout=0), layout=0)
    world.put(redis, spec, ["after"], world.run(spec, [2.5, 1], now_us(), layout=1), layout=1)
    world.put(redis, spec, ["unknown"], world.run(spec, [2.5, 1], now_us(), layout=1), layout=2)
    statuses = {}
    for user in ("before", "after", "unknown"):
        cell = lookup.values("default", "grown:total", {"user_id": user})["values"]["total"]
        statuses[user] = (cell["value"], cell["status"])
    assert statuses == {"before": (None, "NULL"), "after": (2.5, "PRESENT"), "unknown": (None, "STALE")}


def test_names_and_versions_that_cannot_be_served_are_refused(redis):
    draft = world.version(2, status="draft")
    world.publish(
        world.group(
            "purchases", world.version(), draft, world.version(3, status="deprecated"), world.version(4, status="retired")
        )
    )
    world.publish(world.group("old", active=None, deleted=True, versions={}))
    for ref, error, code in (
        ("nothing", NotFound, "unknown_feature"),
        ("Not A Name", NotFound, "unknown_feature"),
        ("old", NotFound, "unknown_feature"),
        ("purchases:nothing", NotFound, "unknown_feature"),
        ("purchases@9", NotFound, "unknown_version"),
        ("purchases@2", Conflict, "version_not_ready"),
        ("purchases@4:total", Conflict, "version_not_ready"),
    ):
        with pytest.raises(error) as refused:
            lookup.values("default", ref, {"user_id": "u1"})
        assert refused.value.code == code, ref
    assert lookup.values("default", "purchases@3", {"user_id": "u1"})["version"] == 3


def test_a_definition_is_seen_by_the_first_read_after_it(redis):
    world.publish(world.group("first"))
    lookup.values("default", "first", {"user_id": "u1"})
    second = world.publish(world.group("second"))
    assert lookup.values("default", "second", {"user_id": "u1"})["feature_group"] == "second"
    moved = world.group("second", second.versions[1], world.version(2), active=2)
    world.publish(moved, revision=2)
    assert lookup.values("default", "second", {"user_id": "u1"})["version"] == 2
    world.publish(world.group("second", active=None, deleted=True, versions={}), revision=3)
    with pytest.raises(NotFound):
        lookup.values("default", "second", {"user_id": "u1"})


def test_an_emptied_redis_is_no_proof_of_absence(redis):
    world.publish(world.group("purchases"))
    lookup.values("default", "purchases", {"user_id": "u1"})
    redis.flushall()
    with pytest.raises(lookup.NothingPublished) as refused:
        lookup.values("default", "purchases", {"user_id": "u1"})
    assert isinstance(refused.value, Unavailable)
    assert published.published("default").stamp == 0


def test_a_redis_that_came_back_is_no_proof_of_absence_until_the_registry_was_asked(redis, monkeypatch):
    monkeypatch.setattr(lookup, "confirmed", published.confirmed)
    world.publish(world.group("purchases"))
    assert lookup.values("default", "purchases", {"user_id": "u1"})["version"] == 1
    client().connection_pool.disconnect()  # as a server that is started again does
    for ref in ("later", "purchases@2"):
        with pytest.raises(lookup.NothingPublished):
            lookup.values("default", ref, {"user_id": "u1"})
    published.confirm("default", published.connections())
    for ref in ("later", "purchases@2"):
        with pytest.raises(NotFound):
            lookup.values("default", ref, {"user_id": "u1"})


def test_keys_are_text_or_integers(redis):
    spec = world.publish(world.group("pairs", entity=("user_id", "item_id")))
    world.put_cursors(redis, spec)
    world.put(redis, spec, ["1:a", "ação/7"], world.run(spec, [1.0, 7], now_us()))
    assert lookup.values("default", "pairs:n", {"user_id": "1:a", "item_id": "ação/7"})["values"]["n"]["value"] == 7
    for entity, code, pointer in (
        ({"user_id": "1"}, "missing_entity", "/item_id"),
        ({"user_id": "1", "item_id": 1.5}, "invalid_entity", "/item_id"),
        ({"user_id": None, "item_id": "1"}, "invalid_entity", "/user_id"),
        ({"user_id": "x" * 513, "item_id": "1"}, "invalid_entity", "/user_id"),
    ):
        with pytest.raises(Invalid) as refused:
            lookup.values("default", "pairs", entity)
        assert (refused.value.code, refused.value.pointer) == (code, pointer)
    assert lookup.values("default", "pairs", {"user_id": 7, "item_id": 8})["entity"] == {"user_id": "7", "item_id": "8"}
    with pytest.raises(Invalid, match="user_id"):
        lookup.path_entity(lookup.resolve("default", "pairs"), "x")
