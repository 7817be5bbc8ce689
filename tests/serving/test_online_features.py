"""Many features of many entities, against a real Valkey."""

import pytest

from core.clock import format_time, now_us
from core.errors import Invalid, JStoreError, NotFound, TooLarge, Unavailable
from serving import lookup
from serving.entities import MOST_ENTITIES
from serving.request import online_request
from tests.serving import world
from tests.serving.world import SECOND


@pytest.fixture
def trips(redis):
    spec = world.publish(world.group("trips", world.version(outputs={"total": "DOUBLE", "n": "BIGINT"}, defaults={"n": 0})))
    world.put_cursors(redis, spec)
    return spec


def test_it_keeps_order_and_length_over_groups_of_different_keys(redis, trips):
    pairs = world.publish(world.group("pairs", world.version(outputs={"seen": "BOOLEAN"}), entity=("user_id", "item_id")))
    world.put_cursors(redis, pairs)
    now = now_us()
    for user, total in (("u1", 1.5), ("u2", None), ("ação", 2.5)):
        world.put(redis, trips, [user], world.run(trips, [total, 1], now - SECOND))
    world.put(redis, pairs, ["u1", "i1"], world.run(pairs, [True], now))
    users, items = ["u2", "nobody", "u1", "ação", "u1"], ["i1", "i1", "i1", "i1", 2]
    found = lookup.online_features(
        "default", ["trips:total", "pairs", "trips@1:n"], {"user_id": users, "item_id": items}, clock=now
    )
    assert found["metadata"] == {"feature_names": ["trips:total", "pairs:seen", "trips:n"], "versions": [1, 1, 1]}
    seen = format_time(now - SECOND)
    assert found["results"] == [
        {
            "values": [None, None, 1.5, 2.5, 1.5],
            "statuses": ["NULL", "NOT_FOUND", "PRESENT", "PRESENT", "PRESENT"],
            "event_times": [seen, None, seen, seen, seen],
        },
        {
            "values": [None, None, True, None, None],
            "statuses": ["NOT_FOUND", "NOT_FOUND", "PRESENT", "NOT_FOUND", "NOT_FOUND"],
            "event_times": [None, None, format_time(now), None, None],
        },
        {
            "values": [1, 0, 1, 1, 1],
            "statuses": ["PRESENT", "NOT_FOUND", "PRESENT", "PRESENT", "PRESENT"],
            "event_times": [seen, None, seen, seen, seen],
        },
    ]


def test_a_bare_group_expands_in_sql_order_and_repeats_stay(redis, trips):
    names = lookup.online_features("default", ["trips", "trips:total"], {"user_id": []})
    assert names["metadata"]["feature_names"] == ["trips:total", "trips:n", "trips:total"]
    assert names["results"] == [{"values": [], "statuses": [], "event_times": []}] * 3


def test_compact_leaves_out_what_says_nothing(redis, trips):
    world.put(redis, trips, ["u1"], world.run(trips, [None, 4], now_us()))
    found = lookup.online_features("default", ["trips"], {"user_id": ["u1"]}, compact=True)["results"]
    assert found[1] == {"values": [4]}
    assert found[0]["statuses"] == ["NULL"]


def test_what_happens_with_stale_values_is_the_callers_choice(redis, trips):
    now = now_us()
    world.put(redis, trips, ["u1"], world.run(trips, [1.0, 4], now - 10 * SECOND))
    ask = lambda how: lookup.online_features(  # noqa: E731
        "default", ["trips:n"], {"user_id": ["u1", "nobody"]}, max_age=5, on_stale=how, clock=now
    )["results"][0]
    assert (ask("serve")["values"], ask("serve")["statuses"]) == ([4, 0], ["STALE", "NOT_FOUND"])
    assert (ask("null")["values"], ask("null")["statuses"]) == ([None, 0], ["STALE", "NOT_FOUND"])
    with pytest.raises(Unavailable) as refused:
        ask("error")
    assert refused.value.code == "stale"


def test_the_limits_hold(redis, trips):
    most = lookup.online_features("default", ["trips:n"], {"user_id": [str(i) for i in range(MOST_ENTITIES)]})
    assert len(most["results"][0]["values"]) == MOST_ENTITIES
    with pytest.raises(TooLarge) as refused:
        lookup.online_features("default", ["trips:n"], {"user_id": ["u"] * (MOST_ENTITIES + 1)})
    assert refused.value.code == "too_large"
    assert len(lookup.online_features("default", ["trips"] * 250, {"user_id": ["u"]})["results"]) == 500
    with pytest.raises(TooLarge):
        lookup.online_features("default", ["trips"] * 251, {"user_id": ["u"]})


@pytest.mark.parametrize(
    ("entities", "code", "pointer"),
    [
        ({}, "missing_entity", "/entities"),
        ({"user": ["u1"]}, "missing_entity", "/entities"),
        ({"user_id": "u1"}, "invalid_entity", "/entities/user_id"),
        ({"user_id": ["u1", 2.5]}, "invalid_entity", "/entities/user_id/1"),
        ({"user_id": ["u1", None]}, "invalid_entity", "/entities/user_id/1"),
        ({"user_id": [True]}, "invalid_entity", "/entities/user_id/0"),
        ({"user_id": [""]}, "invalid_entity", "/entities/user_id/0"),
        ({"user_id": ["é" * 257]}, "invalid_entity", "/entities/user_id/0"),
        ({"user_id": ["u1"], "a/b": ["x", "y"]}, "invalid_entity", "/entities/a~1b"),
    ],
)
def test_wrong_entities_are_named(redis, trips, entities, code, pointer):
    with pytest.raises(Invalid) as refused:
        lookup.online_features("default", ["trips"], entities)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_the_pointer_names_the_reference_that_is_not_known(redis, trips):
    with pytest.raises(NotFound) as refused:
        lookup.online_features("default", ["trips", "trips:none"], {"user_id": ["u1"]})
    assert refused.value.pointer == "/features/1"


GOOD = {"features": ["trips"], "entities": {"user_id": ["u1"]}}


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ([], 422, ""),
        ({**GOOD, "features": []}, 422, "/features"),
        ({**GOOD, "features": "trips"}, 422, "/features"),
        ({**GOOD, "features": ["trips", 1]}, 422, "/features/1"),
        ({"features": ["trips"]}, 422, "/entities"),
        ({**GOOD, "entities": []}, 422, "/entities"),
        ({**GOOD, "max_age": "soon"}, 422, "/max_age"),
        ({**GOOD, "max_age": True}, 422, "/max_age"),
        ({**GOOD, "max_age": -1}, 422, "/max_age"),
        ({**GOOD, "max_age": 10**400}, 422, "/max_age"),
        ({**GOOD, "on_stale": "hide"}, 422, "/on_stale"),
        ({**GOOD, "feature_service": "s"}, 422, "/feature_service"),
        ({"feature_service": "s", "entities": {}}, 404, "/feature_service"),
    ],
)
def test_a_body_of_wrong_content_is_refused(body, status, pointer):
    with pytest.raises(JStoreError) as refused:
        online_request(body)
    assert (refused.value.status, refused.value.pointer) == (status, pointer)
