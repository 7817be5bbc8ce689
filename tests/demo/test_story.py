"""The story: the same rows from the same moment, in the shares it promises."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from j_feature_store.encoding import encode_event

from demo.shop.mistakes import CODES, make_mistakes, make_unasked
from demo.shop.people import CATEGORIES, CUSTOMERS, KINDS
from demo.shop.purchases import BURSTS, DAYS, DUPLICATES, LAPSED_DAYS, LATE_SHARE, PURCHASES, Row, Story, start_of, tell

NOW = start_of("2026-03-01T10:20:30Z")
MOMENTS = st.datetimes(min_value=NOW.replace(tzinfo=None, year=2024), max_value=NOW.replace(tzinfo=None, year=2030))


@pytest.fixture(scope="module")
def story():
    return tell(NOW)


def rows_of(story: Story) -> list[Row]:
    return story.on_time + story.late


def test_the_same_moment_gives_the_same_rows(story):
    assert tell(NOW) == story
    assert tell(NOW, seed=7) != story


def test_another_moment_gives_the_same_ids_so_that_a_second_run_adds_nothing(story):
    later = tell(NOW + timedelta(days=3, hours=5))
    assert {row["event_id"] for row in rows_of(later)} == {row["event_id"] for row in rows_of(story)}
    assert not {row["event_id"] for row in rows_of(tell(NOW, edition="-2"))} & {row["event_id"] for row in rows_of(story)}


def test_it_has_several_thousand_purchases_of_a_few_hundred_customers(story):
    rows = rows_of(story)
    assert len(rows) == PURCHASES
    assert len({row["event_id"] for row in rows}) == PURCHASES
    assert len({row["customer_id"] for row in rows}) > 0.97 * CUSTOMERS
    assert len(story.customers) == CUSTOMERS
    assert Counter(customer.kind for customer in story.customers) == {
        kind: round(share * CUSTOMERS) for kind, (share, _) in KINDS.items()
    }


@settings(max_examples=20, deadline=None)
@given(MOMENTS)
def test_every_purchase_is_in_the_thirty_days_before(moment):
    now = start_of(moment.isoformat())
    story = tell(now, purchases=500)
    assert all(now - timedelta(days=DAYS) < row["timestamp"] < now for row in rows_of(story))
    lapsed = {customer.id for customer in story.customers if customer.kind == "lapsed"} - {victim for victim, _, _ in BURSTS}
    newest = now - timedelta(days=LAPSED_DAYS)
    assert all(row["timestamp"] <= newest for row in rows_of(story) if row["customer_id"] in lapsed)


def test_a_row_is_what_the_groups_read(story):
    row = story.on_time[0]
    assert list(row) == ["event_id", "customer_id", "timestamp", "amount", "merchant_category", "channel", "country"]
    assert all(row["amount"] > 0 and row["amount"] == round(row["amount"], 2) for row in rows_of(story))
    assert {row["merchant_category"] for row in rows_of(story)} == set(CATEGORIES)
    assert all(encode_event(row, "row") for row in rows_of(story))


def test_some_are_late_and_out_of_order(story):
    assert 0.6 * LATE_SHARE < len(story.late) / PURCHASES < 1.4 * LATE_SHARE
    assert [row["timestamp"] for row in story.on_time] == sorted(row["timestamp"] for row in story.on_time)
    times = [row["timestamp"] for row in story.late]
    assert times != sorted(times)
    assert all(time < NOW - timedelta(hours=6) for time in times)


def test_some_are_sent_twice(story):
    assert len(story.duplicates) == DUPLICATES
    assert all(row in story.on_time for row in story.duplicates)


def test_loyal_customers_buy_more(story):
    bought = Counter(row["customer_id"] for row in rows_of(story))
    mean = {
        kind: sum(bought[customer.id] for customer in story.customers if customer.kind == kind) / round(share * CUSTOMERS)
        for kind, (share, _) in KINDS.items()
    }
    assert mean["loyal"] > 1.8 * mean["regular"] > 3 * mean["occasional"]


@pytest.mark.parametrize("burst", BURSTS, ids=lambda burst: burst[0])
def test_a_stolen_card_is_used_fast_dear_and_abroad(story, burst):
    victim, minutes, count = burst
    customer = next(customer for customer in story.customers if customer.id == victim)
    start = NOW - timedelta(minutes=minutes)
    abroad = [row for row in rows_of(story) if row["customer_id"] == victim and row["country"] != customer.country]
    assert len(abroad) == count
    assert all(start <= row["timestamp"] <= start + timedelta(minutes=20) for row in abroad)
    assert min(row["amount"] for row in abroad) > 100


def test_mistakes_have_one_fault_each():
    mistakes = make_mistakes(NOW)
    rows = [row for event in mistakes for row in event.get("data", [event])]
    assert len(rows) == len(CODES) == 7
    assert len({row["event_id"] for row in rows}) == 7
    assert [event.get("feature_group") for event in mistakes] == [None] * 4 + ["customer_metrics", "custmer_metrics"]
    assert all(encode_event(row, "row") for row in rows)


def test_nobody_asked_for_the_newsletters():
    rows = make_unasked(NOW)
    assert len(rows) == 6
    assert all("amount" not in row and row["timestamp"] < NOW for row in rows)


def test_a_start_is_utc():
    assert start_of("2026-03-01T07:20:30-03:00") == NOW
    assert start_of("2026-03-01T10:20:30") == NOW
    assert start_of(None).utcoffset() == timedelta(0)
