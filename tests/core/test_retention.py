"""Which versions a purge touches, and since when they are right again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.clock import FOREVER, MICRO
from core.retention import Purge, Shape, exact_from, with_retention
from core.spec import GroupSpec
from core.windows import Window
from tests.processing import specs

DAY = 86_400 * MICRO
BEFORE = 1_790_000_000 * MICRO + 7
PAIR = (("user_id",), "timestamp", "TIMESTAMP")
ROWS = Shape.of("events", None, {"user_id": "u", "amount": 1, "timestamp": "…"})


def purge(number: int = 1, before: int = BEFORE, covered: str = "v1", **more: object) -> Purge:
    facts = {"pairs": frozenset({PAIR}), "shapes": frozenset({ROWS}), **more}
    return Purge(number, before, before + DAY, 100, covered=frozenset(covered.split()), **facts)  # type: ignore[arg-type]


def told(*purges: Purge, window: str | None = None, **more: object) -> int | None:
    spec = specs.group(**more)  # type: ignore[arg-type]
    return exact_from(purges, spec, replace(spec.versions[1], window=window))


def test_a_covered_version_is_right_from_the_purge_on():
    assert told(purge()) == BEFORE
    assert told(purge(), purge(2, BEFORE - DAY), purge(3, BEFORE - 1)) == BEFORE, "the latest time, not the last purge"


def test_one_that_came_later_never_is_without_a_window():
    assert told(purge(covered="other")) == FOREVER
    assert told(purge(covered="other"), purge(2)) == FOREVER, "a later checkpoint cannot know what went before it"


@pytest.mark.parametrize("window", ["5m", "1h", "1d", "7d", "30d", "365d"])
@pytest.mark.parametrize("covered", ["v1", "other"])
def test_with_a_window_it_is_when_the_lower_edge_has_passed(window, covered):
    since, of = told(purge(covered=covered), window=window), Window.parse(window)
    assert since is not None
    assert of.lower(since) >= BEFORE > of.lower(since - 1)


def test_a_time_column_that_nobody_asked_about_counts_from_the_moment_of_the_purge():
    assert told(purge(), window="1d", time=("shipped", "TIMESTAMP")) == Window.parse("1d").leaves(BEFORE + DAY)


@pytest.mark.parametrize(
    ("shape", "touched"),
    [
        (ROWS, True),
        (Shape.of("events", None, {"user_id": 1, "timestamp": 1}), False),
        (Shape.of("events", None, {"amount": 1}), False),
        (Shape.of("events", "spending", {"user_id": 1}), True),
        (Shape.of("events", "others", {"user_id": 1, "amount": 1}), False),
        (Shape.of("files", None, {"user_id": 1, "amount": 1}), False),
    ],
)
def test_only_kinds_of_rows_that_it_takes_matter(shape, touched):
    assert (told(purge(shapes=frozenset({shape}))) is not None) is touched


def test_rows_of_too_many_kinds_are_any():
    assert told(purge(shapes=None), inputs=("score",)) == BEFORE


def test_it_is_published_and_read_again():
    spec = specs.group()
    assert with_retention(spec, []) is spec
    found = GroupSpec.loads(with_retention(spec, [purge(covered="")]).dumps())
    assert found.versions[1].exact_from == FOREVER
    assert with_retention(spec, [purge(shapes=frozenset())]).versions[1].exact_from is None


def test_of_several_windows_each_has_its_own_time():
    spec = specs.group()
    several = replace(spec.versions[1], windows=("1h", "7d"), outputs=("total_1h", "total_7d"))
    spec = with_retention(replace(spec, versions={1: several}), [purge(covered="")])
    found = GroupSpec.loads(spec.dumps()).versions[1].parts
    assert [part.exact_from for part in found] == [Window.parse(w).leaves(BEFORE) for w in ("1h", "7d")]
