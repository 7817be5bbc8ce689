"""The one function that reads a kept moment as a feature."""

import datetime as dt
import random

import pytest

from core.since import Since, at_reading

DAY = 86_400_000_000
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("form", "moment", "t", "units"),
    [
        (Since(1, HOUR), 0, HOUR - 1, 0),
        (Since(1, HOUR), 0, HOUR, 1),
        (Since(1, HOUR), 1, HOUR, 0),
        (Since(1, HOUR, -1), 0, 2 * HOUR + 5, -2),
        (Since(DAY, 1), DAY - 1, DAY, 1),  # one microsecond, another date
        (Since(DAY, 1), DAY, 2 * DAY - 1, 0),
        (Since(1_000_000, 1), 999_999, 1_000_000, 1),
        (Since(1_000_000, 3600), 0, 2 * HOUR + 1, 2),
        # towards zero on both sides, though no event that counts lies after t
        (Since(1, HOUR), 2 * HOUR, HOUR + 1, 0),
        (Since(1, HOUR), 2 * HOUR, 0, -2),
        (Since(1, HOUR, -1), 2 * HOUR, 0, 2),
    ],
)
def test_units(form, moment, t, units):
    assert form.units(moment, t) == units


def test_a_row_without_forms_is_the_row_itself():
    row = [1, None]
    assert at_reading((), row, 5) is row


def test_moments_of_every_kind_and_null():
    forms = (None, Since(1, HOUR), Since(DAY, 1), Since(1, HOUR))
    moment = dt.datetime(1970, 1, 1, 1)
    row = [moment, moment, HOUR, None]
    assert at_reading(forms, row, 5 * HOUR) == [moment, 4, 0, None]


def test_forms_are_stored_and_read():
    assert Since.loads({"grain": DAY, "per": 1, "sign": -1, "later": "version"}) == Since(DAY, 1, -1)
    assert Since.loads(None) is None


def test_against_the_calendar():
    rng = random.Random(7)
    epoch = dt.datetime(1970, 1, 1)
    for _ in range(2_000):
        a, b = sorted(rng.randrange(0, 2_000_000_000_000_000) for _ in range(2))
        start, end = (epoch + dt.timedelta(microseconds=us) for us in (a, b))
        assert Since(DAY, 1).units(a, b) == (end.date() - start.date()).days
        assert Since(1, DAY).units(a, b) == (end - start).days
        assert Since(1, HOUR).units(a, b) == (end - start) // dt.timedelta(hours=1)
