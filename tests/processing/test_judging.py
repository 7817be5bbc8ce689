"""What becomes of a row: each rule of routing, keys and times (docs/api.md, "Events")."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import MICRO
from processing.judging import Judged, Refused, judge
from tests.processing.specs import group
from tests.processing.world import NOON, at

SPENDING = group("spending")
VISITS = group("visits", inputs=("page",))
RATINGS = group("ratings", ("user_id", "item_id"), ("score",), ("seen_at", "EPOCH_S"))
GONE = group("gone", inputs=("amount",), deleted=True)
ELSEWHERE = group("elsewhere", inputs=("amount",), source="orders")
TYPED = group("typed", inputs=("amount",), types={"amount": "DOUBLE"})


def say(row: Any, *groups: Any, address: str | None = None, arrival: int = NOON) -> Judged | Refused:
    return judge(row, address, arrival, NOON, {spec.name: spec for spec in groups})


def kept(row: Any, *groups: Any, address: str | None = None) -> Judged:
    found = say(row, *groups, address=address)
    assert isinstance(found, Judged), found
    return found


def code(row: Any, *groups: Any, address: str | None = None) -> str:
    found = say(row, *groups, address=address)
    assert isinstance(found, Refused), found
    return found.code


def takers(found: Judged) -> list[str]:
    return [spec.name for spec, _ in found.takers]


def test_a_row_goes_to_every_group_that_can_take_it_and_to_no_other():
    row = {"user_id": "u", "amount": 1, "page": "p"}
    assert takers(kept(row, SPENDING, VISITS, RATINGS, GONE, ELSEWHERE)) == ["spending", "visits"]


def test_null_counts_as_present_and_the_time_column_need_not_be_there():
    assert takers(kept({"user_id": "u", "amount": None}, SPENDING)) == ["spending"]


def test_a_column_short_is_a_near_miss_and_the_row_is_unrouted():
    found = kept({"user_id": "u", "other": 1}, SPENDING, RATINGS)
    assert (takers(found), found.near, found.unrouted) == ([], ["spending"], True)


def test_without_a_key_it_is_stored_for_nobody():
    found = kept({"amount": 1}, SPENDING)
    assert (found.unrouted, found.near) == (True, [])


@pytest.mark.parametrize("key", [None, 1.5, True, "", [], "x" * 513])
def test_a_key_that_alone_keeps_it_from_its_only_group_is_refused(key):
    assert code({"user_id": key, "amount": 1}, SPENDING, VISITS) == "invalid_entity"


def test_a_bad_key_of_one_group_is_nothing_where_another_takes_it():
    shops = group("shops", ("shop_id",))
    assert takers(kept({"user_id": None, "shop_id": "s", "amount": 1}, SPENDING, shops)) == ["shops"]
    assert takers(kept({"user_id": 1.5, "shop_id": "s", "amount": 1}, SPENDING, shops)) == ["shops"]


def test_numbers_and_text_are_one_entity_and_both_are_taken():
    assert takers(kept({"user_id": 42, "amount": 1}, SPENDING)) == ["spending"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"user_id": "u"}, None),
        ({"user_id": "u", "amount": None}, None),
        ({"amount": 1}, "missing_entity"),
        ({"user_id": None, "amount": 1}, "missing_entity"),
        ({"user_id": 1.5}, "invalid_entity"),
        ({"user_id": "u", "timestamp": "nonsense"}, "bad_timestamp"),
        ({"user_id": "u", "amount": "abc"}, "type_mismatch"),
        ({"user_id": "u", "amount": 2**60 + 1}, "type_mismatch"),
    ],
)
def test_an_addressed_row_needs_its_keys_and_fits_or_is_refused(row, expected):
    found = say(row, TYPED, VISITS, address="typed")
    assert (found.code if isinstance(found, Refused) else None) == expected
    assert isinstance(found, Refused) or takers(found) == ["typed"]


@pytest.mark.parametrize("address", ["nobody", "gone", "Not A Name", ""])
def test_an_address_that_is_no_group(address):
    assert code({"user_id": "u", "amount": 1}, SPENDING, GONE, address=address) == "unknown_group"


def test_a_plain_row_that_clashes_with_the_known_types_of_all_who_would_take_it_is_refused():
    assert code({"user_id": "u", "amount": "abc"}, TYPED) == "type_mismatch"


def test_a_plain_row_that_somebody_takes_is_stored_and_quarantined_for_who_it_clashes_with():
    found = kept({"user_id": "u", "amount": "abc"}, TYPED, SPENDING)
    assert takers(found) == ["spending"]
    assert [(group, reason) for group, reason, _ in found.quarantine] == [("typed", "type_mismatch")]


@pytest.mark.parametrize("row", [1, "x", None, [], [{"user_id": "u"}]])
def test_what_is_no_object_is_no_row(row):
    assert code(row, SPENDING) == "not_an_object"


def test_a_time_up_to_five_minutes_ahead_is_held_and_beyond_refused():
    assert kept({"user_id": "u", "amount": 1, "timestamp": at(0)}, SPENDING).held is False
    assert kept({"user_id": "u", "amount": 1, "timestamp": at(0.000001)}, SPENDING).held is True
    assert kept({"user_id": "u", "amount": 1, "timestamp": at(300)}, SPENDING).held is True
    assert code({"user_id": "u", "amount": 1, "timestamp": at(300.000001)}, SPENDING) == "future_timestamp"
    assert code({"user_id": "u", "amount": 1, "timestamp": at(301)}, SPENDING, address="spending") == "future_timestamp"


@pytest.mark.parametrize("time", [None, "", "yesterday", 1_790_000_000, "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(time):
    assert code({"user_id": "u", "amount": 1, "timestamp": time}, SPENDING) == "bad_timestamp"
    assert code({"user_id": "u", "unrouted": 1, "timestamp": time}) == "bad_timestamp"


def test_times_are_judged_for_each_time_column():
    late = group("late", inputs=("amount",), time=("seen_at", "EPOCH_S"))
    found = kept({"user_id": "u", "amount": 1, "timestamp": "nonsense", "seen_at": NOON // MICRO}, SPENDING, late)
    assert takers(found) == ["late"]
    assert [(name, code) for name, code, _ in found.quarantine] == [("spending", "bad_timestamp")]
    ahead = {"user_id": "u", "amount": 1, "timestamp": at(-1), "seen_at": NOON // MICRO + 3600}
    found = kept(ahead, SPENDING, late)
    assert (takers(found), [code for _, code, _ in found.quarantine]) == (["spending"], ["future_timestamp"])


def test_a_bad_time_is_the_reason_where_nobody_is_left_to_take_it():
    late = group("late", inputs=("amount",), time=("seen_at", "EPOCH_S"))
    assert code({"user_id": "u", "amount": 1, "timestamp": "x", "seen_at": "y"}, SPENDING, late) == "bad_timestamp"


def test_event_id_revision_and_deleted():
    found = kept({"event_id": 7, "revision": 2, "user_id": "u", "amount": 1}, SPENDING)
    assert (found.identity, found.revision, found.deleted) == ("e:7", 2, False)
    assert kept({"event_id": "7", "user_id": "u", "amount": 1}, SPENDING).identity == "e:7"
    found = kept({"revision": "two", "deleted": "maybe", "user_id": "u", "amount": 1}, SPENDING)
    assert (found.identity, found.revision, found.deleted) == (None, 0, False), "plain columns without an event_id"


def test_a_tombstone_needs_nothing_but_its_event_id():
    for address in (None, "spending"):
        found = kept({"event_id": "a", "deleted": True}, SPENDING, address=address)
        assert (found.deleted, found.unrouted, takers(found)) == (True, False, [])
        assert [spec.name for spec, _ in found.shown_by] == ["spending"], "a wait for it waits for whoever may hold the old row"


@pytest.mark.parametrize(
    "bad",
    [
        {"event_id": ""},
        {"event_id": 1.5},
        {"event_id": "x" * 513},
        {"revision": -1},
        {"revision": 1.5},
        {"revision": 2**63},
        {"deleted": 1},
    ],
)
def test_ids_and_revisions_have_their_types(bad):
    assert code({"event_id": "a", "user_id": "u", "amount": 1, **bad}, SPENDING) == "type_mismatch"


def test_the_time_of_arrival_stands_in_for_an_absent_one():
    row = {"user_id": "u", "amount": 1}
    assert isinstance(say(row, SPENDING, arrival=NOON + 400 * MICRO), Refused)
    found = say(row, SPENDING, arrival=NOON + 100 * MICRO)
    assert isinstance(found, Judged)
    assert found.held
