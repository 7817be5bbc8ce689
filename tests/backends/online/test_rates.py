"""A key that calls too often is told to wait; others are not."""

from __future__ import annotations

import pytest

from backends.online import rates
from core.errors import TooManyRequests


@pytest.fixture(autouse=True)
def _ten_a_second(settings):
    settings.JSTORE_RATE_PER_SECOND = 10
    rates._buckets.clear()


def calls(key: str, count: int, at: float) -> int:
    done = 0
    for _ in range(count):
        try:
            rates.take(key, at)
        except TooManyRequests:
            continue
        done += 1
    return done


def test_a_seconds_worth_may_come_at_once_and_no_more():
    assert calls("a", 25, 100.0) == 10
    assert calls("a", 5, 100.05) == 0
    assert calls("a", 5, 100.31) == 3
    assert calls("a", 50, 200.0) == 10


def test_keys_count_for_themselves():
    assert calls("a", 25, 100.0) == 10
    assert calls("b", 3, 100.0) == 3


def test_zero_is_no_limit(settings):
    settings.JSTORE_RATE_PER_SECOND = 0
    assert calls("a", 1000, 100.0) == 1000


def test_the_error_says_when_to_go_on():
    calls("a", 10, 100.0)
    with pytest.raises(TooManyRequests) as caught:
        rates.take("a", 100.0)
    assert (caught.value.status, caught.value.retry_after) == (429, 1)
