"""The online store compared with the log: what is equal stays, what differs is replaced, what moved on is not touched."""

from __future__ import annotations

import random

import pytest
from django.core.management import CommandError, call_command

from backends.offline import log, log_reading
from backends.offline.pairs import BUCKETS
from backends.online import published
from backends.online.client import client
from backends.online.keys import record_key, tiles_key
from core.clock import MICRO
from core.entity import bucket_of
from core.record import pack_tile, unpack_tile
from processing import heal as heal_module
from processing import healing
from processing.heal import heal
from tests import oracle
from tests.processing.world import NOON, PROJECT, World, event

SQL = "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, STDDEV(amount) AS spread FROM input_data GROUP BY user_id"
GROUPS = {"hour": (SQL, "1h"), "all": (SQL, None), "kinds": (SQL.replace("COUNT(*)", "COUNT(DISTINCT kind)"), "1d")}
SHAPES = "SKEWNESS(amount) AS skew, KURTOSIS(amount) AS kurtosis, CORR(amount, LENGTH(kind)) AS along"
GROUPS["shapes"] = (f"SELECT user_id, {SHAPES} FROM input_data GROUP BY user_id", "1d")
GROUPS["newest"] = ("SELECT user_id, amount FROM input_data", None)
USERS = [f"u{i}" for i in range(30)]


@pytest.fixture
def world(fresh, monkeypatch):
    world, draw = World(monkeypatch, NOON), random.Random(3)
    for module in (healing,):
        monkeypatch.setattr(module, "now_us", lambda: world.clock)
    for name, (sql, window) in GROUPS.items():
        world.define(name, sql, window=window, columns={"amount": "DOUBLE", "kind": "STRING"})
    world.push(
        [event(user, -draw.random() * 5000, draw.uniform(-99, 1e9), kind=draw.choice("abc")) for user in USERS for _ in range(9)]
    )
    world.push([event(user, 60 + n, 1.5, kind="held") for n, user in enumerate(USERS[:5])])
    world.settle()
    return world


def healed(world, name, keys=USERS):
    spec = published.published(PROJECT).groups[name]
    version = spec.current
    cursors = dict(enumerate(world.store.cursors(PROJECT, [(version.code, b) for b in range(BUCKETS)])))
    return heal(world.store, spec, version, keys, cursors, world.clock)


@pytest.mark.parametrize("name", GROUPS)
def test_what_is_equal_is_left_alone(world, name, redis_bytes):
    before = redis_bytes()
    found = healed(world, name)
    assert (found.compared, found.different) == (len(USERS), 0)
    assert redis_bytes() == before
    world.clock += 90 * MICRO  # held events come due, tiles leave
    world.push([event(user, 80, 2.0, kind="d") for user in USERS[3:9]])
    world.settle()
    assert (healed(world, name).compared, healed(world, name).different) == (len(USERS), 0)


@pytest.fixture
def redis_bytes():
    return lambda: {key: client().dump(key) for key in client().keys("js:{default.*")}


def place(world, name, user="u7"):
    return PROJECT, bucket_of(user, BUCKETS), world.code(name), user


def lose_the_record(world, name):
    client().delete(record_key(*place(world, name)))


def older_record(world, name):
    key = record_key(*place(world, name))
    data = client().get(key)
    world.push([event("u7", -1, 5.0, kind="e")])
    world.settle()
    client().set(key, data)


def twice_the_tile(world, name):
    key = tiles_key(*place(world, name))
    number, tile = next(iter(client().hgetall(key).items()))
    layout, newest, block = unpack_tile(tile)
    client().hset(key, number, pack_tile(layout, newest - 1, block))


@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, damage) for name in GROUPS for damage in (lose_the_record, older_record)] + [("hour", twice_the_tile)],
)
def test_what_differs_is_counted_and_replaced(world, name, damage):
    damage(world, name)
    found = healed(world, name)
    assert (found.different, found.replaced, found.examples) == (1, 1, ["u7"])
    assert healed(world, name).different == 0
    world.clock += 1800 * MICRO  # the sweeper goes on from what was put there
    world.settle()
    assert healed(world, name).different == 0


def test_what_changed_while_it_was_compared_is_left_to_its_writer(world, monkeypatch):
    older_record(world, "hour")
    real = heal_module.rebuild

    def meanwhile(*args, **more):
        world.push([event("u7", -2, 7.0, kind="f")])
        world.settle()
        return real(*args, **more)

    monkeypatch.setattr(heal_module, "rebuild", meanwhile)
    found = healed(world, "hour", ["u7"])
    assert (found.different, found.replaced) == (1, 0), "the record is no longer the one that was read"


def test_the_command_names_what_differed_and_fails(world, capsys):
    call_command("heal")
    assert f"compared {len(USERS) * len(GROUPS)}, different 0, replaced 0" in capsys.readouterr().out
    lose_the_record(world, "all")
    with pytest.raises(CommandError, match="different: u7"):
        call_command("heal")
    assert "different 1, replaced 1" in capsys.readouterr().out
    call_command("heal")


def test_seven_nights_compare_everything_once(world):
    rows = []
    for share in range(healing.SHARES):
        run = healing.create(PROJECT, "test", share)
        assert healing.advance(run)
        run.refresh_from_db()
        assert (run.status, run.result["different"]) == ("succeeded", 0)
        rows.append(run.rows)
    assert sum(rows) == len(USERS) * len(GROUPS)
    assert max(rows) < len(USERS) * len(GROUPS)


def test_a_run_that_was_interrupted_goes_on_where_it_stood(world, monkeypatch):
    run, calls = healing.create(PROJECT, "test"), []
    real = healing._bucket

    def dying(spec, part, bucket, share, on):
        calls.append((spec.name, bucket))
        if len(calls) == 20:
            raise KeyboardInterrupt
        return real(spec, part, bucket, share, on)

    monkeypatch.setattr(healing, "_bucket", dying)
    with pytest.raises(KeyboardInterrupt):
        healing.advance(run)
    type(run).objects.filter(id=run.id).update(lease_until=0)
    assert healing.advance(run)
    run.refresh_from_db()
    assert run.rows == len(USERS) * len(GROUPS)
    assert len(calls) == len(set(calls)) + 1 == BUCKETS * len(GROUPS) + 1


def test_values_after_a_heal_are_brute_force(world):
    older_record(world, "hour")
    healed(world, "hour")
    rows = [e for e in oracle_events(world) if e["user"] == "u7"]
    want = oracle.value(rows, world.clock, "1h", {"total": ("sum", "amount")})
    _, _, got = world.read("hour", "u7", world.clock)
    assert got["total"] == pytest.approx(want["total"], rel=1e-9)


def oracle_events(world):
    rows = log_reading.read(PROJECT, 0, 10_000, log.head(PROJECT).position)
    return [{"us": oracle.from_iso(r.row["timestamp"]), "amount": r.row["amount"], "user": r.row["user_id"]} for r in rows]
