"""Rows that one group must leave out: recorded for that group, once, while the others take them."""

from __future__ import annotations

from typing import ClassVar

from django.core.management import call_command
from django.db import transaction

from processing import quarantine
from processing.definitions import known_groups
from processing.ingest import Incoming, append
from processing.judging import judge
from processing.models import DeadLetter
from tests.processing.world import PROJECT, SUMS, at, event

TEXT = "SELECT user_id, COUNT(amount) AS n FROM input_data GROUP BY user_id"
SHOPS = "SELECT shop_id, COUNT(amount) AS n FROM input_data GROUP BY shop_id"


def records():
    found = DeadLetter.objects.filter(project=PROJECT).exclude(code="no_route").order_by("position", "group")
    return [(letter.code, letter.group, letter.position) for letter in found]


def test_a_value_of_the_wrong_type_is_left_out_by_the_one_group_and_counted_by_the_other(world):
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    world.define("texts", TEXT, columns={"amount": "STRING"})
    outcome = world.push([event("u", -3, 1.0), event("u", -2, "abc"), event("u", -1, "def")])
    assert (outcome.accepted, outcome.rejected) == (3, [])
    world.settle()
    assert records() == [("type_mismatch", "texts", 1), ("type_mismatch", "numbers", 2), ("type_mismatch", "numbers", 3)]
    assert world.read("numbers", "u", world.clock)[2] == {"total": 1.0, "n": 1}
    assert world.read("texts", "u", world.clock)[2] == {"n": 2}


def test_the_record_says_which_column_and_holds_the_row(world):
    world.push([event("u", -2, "abc")])  # known only when a group comes that must leave it out
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    world.settle()
    letter = DeadLetter.objects.get(code="type_mismatch")
    assert letter.detail == "amount is not DOUBLE"
    assert b'"amount":"abc"' in bytes(letter.payload)


def test_a_row_that_fits_no_group_is_refused_at_the_door(world):
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    outcome = world.push([event("u", -2, "abc")])
    assert (outcome.accepted, [code for _, code, _ in outcome.rejected]) == (0, ["type_mismatch"])


def test_rows_from_before_the_group_are_judged_when_it_is_loaded(world):
    world.push([event("u", -2, "abc"), event("u", -1, 1.0)])
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    world.settle()
    assert records() == [("type_mismatch", "numbers", 1)]
    assert world.read("numbers", "u", world.clock)[2]["n"] == 1


def test_a_key_of_the_wrong_kind_is_recorded_and_a_null_one_is_not(world):
    world.define("g", SUMS)
    world.define("shops", SHOPS, entity="shop_id")
    world.settle()
    world.push([event("u", -1, 1.0, shop_id=1.5), event("u", -1, 1.0, shop_id=None), event("u", -1, 1.0, shop_id="s")])
    world.settle()
    assert records() == [("invalid_entity", "shops", 1)]
    assert world.read("g", "u", world.clock)[2]["n"] == 3
    assert world.read("shops", "s", world.clock)[2]["n"] == 1


def test_what_is_applied_twice_is_recorded_once(world):
    world.push([event("u", -2, "abc")])
    world.define("numbers", SUMS, columns={"amount": "DOUBLE"})
    world.settle()
    before = records()
    for bucket in range(16):  # Redis loses everything, all is made again
        world.store.drop(PROJECT, [bucket], world.code("numbers"))
    world.settle()
    assert records() == before == [("type_mismatch", "numbers", 1)]


class TestOfRowsFromBeforeTheGroup:
    """Their index holds no row without a good key and time, so a load does not meet them."""

    ROWS = (
        event("u", -9, 1.0, shop_id="s"),
        event("u", -8, 1.0, shop_id=1.5),
        event("u", -7, 1.0, shop_id=None),
        event("u", -6, 1.0, shop_id="s", seen="yesterday"),
        event("u", -5, 1.0, shop_id="s", seen=at(3600)),
        event("u", -4, 1.0),
    )
    WANTED: ClassVar = [("invalid_entity", "shops", 2), ("bad_timestamp", "shops", 4), ("future_timestamp", "shops", 5)]

    def shops(self, world, name="shops"):
        world.define(name, SHOPS, entity="shop_id", timestamp_column="seen")
        world.settle()

    def test_a_bad_key_and_a_bad_or_future_time_are_recorded_when_it_is_loaded(self, world):
        world.define("g", SUMS)
        world.push(self.ROWS)
        self.shops(world)
        assert records() == self.WANTED
        assert world.read("shops", "s", world.clock)[2] == {"n": 1}
        assert world.read("g", "u", world.clock)[2]["n"] == 6

    def test_also_where_the_index_was_there_and_the_rows_came_after_it(self, world):
        self.shops(world, "other")
        world.define("g", SUMS)
        world.push(self.ROWS)
        DeadLetter.objects.all().delete()
        self.shops(world)
        assert [one for one in records() if one[1] == "shops"] == self.WANTED

    def test_loaded_again_it_adds_nothing(self, world):
        world.define("g", SUMS)
        world.push(self.ROWS)
        self.shops(world)
        call_command("rebuild_online", "shops")
        assert records() == self.WANTED

    def test_a_corrected_row_and_one_that_the_group_would_not_take_are_none(self, world):
        world.define("g", SUMS)
        world.push([event("u", -8, 1.0, shop_id=1.5, event_id="a"), {"user_id": "u", "shop_id": 2.5, "timestamp": at(-1)}])
        world.push([event("u", -8, 1.0, shop_id="s", event_id="a", revision=1)])
        self.shops(world)
        assert records() == []
        assert world.read("shops", "s", world.clock)[2] == {"n": 1}

    def test_they_are_found_in_parts(self, world, monkeypatch):
        monkeypatch.setattr(quarantine, "_CHUNK", 2)
        world.define("g", SUMS)
        world.push([event("u", -8, 1.0, shop_id=1.5)] * 5)
        self.shops(world)
        assert len(records()) == 5

    def test_a_row_that_was_judged_before_the_group_and_applied_after_it_is_recorded_too(self, world):
        """The push that was under way when the group came: the door knew nothing of it."""
        world.define("g", SUMS)
        self.shops(world)
        rows = [Incoming(row, world.clock) for row in self.ROWS]
        groups = {"g": known_groups(PROJECT)["g"]}
        with transaction.atomic():
            append(PROJECT, rows, [judge(row.row, None, row.record_time, world.clock, groups) for row in rows], world.clock)
        world.settle()
        assert records() == self.WANTED
