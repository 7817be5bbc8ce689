"""The history's small charts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from serving.chart import HEIGHT, WIDTH, Chart, charts

SECOND = 1_000_000


def drawn(*values: Any) -> list[Chart]:
    rows = [(n * SECOND, {"x": value}) for n, value in enumerate(values)]
    return charts(["x"], rows)


def test_a_value_holds_until_the_next_one():
    (chart,) = drawn(0, 10, 5)
    assert chart.lines == ["M0.0 90.0H300.0V6.0H600.0V48.0"]
    assert (chart.low, chart.high, chart.last) == (0, 10, 5)


def test_a_null_breaks_the_line():
    (chart,) = drawn(1, 2, None, 3, 4)
    assert len(chart.lines) == len(chart.areas) == 2
    assert len(chart.marks) == 4


def test_one_point_is_a_dot_in_the_middle():
    (chart,) = drawn(7)
    assert (chart.lines, chart.dots) == ([], [("300.0", "48.0")])


def test_what_is_no_number_has_no_chart():
    assert drawn("books", "games") == drawn(None, None) == drawn(True, False) == drawn([1], [2]) == []


def test_a_decimal_is_a_number_though_answers_carry_it_as_text():
    (chart,) = drawn("1.50", "-2")
    assert (chart.low, chart.high) == (-2.0, 1.5)


@given(st.lists(st.one_of(st.none(), st.floats(-1e300, 1e300)), min_size=1, max_size=40))
def test_marks_cover_the_box_once_and_points_stay_inside(values):
    for chart in drawn(*values):
        assert abs(sum(float(mark.width) for mark in chart.marks) - WIDTH) < 0.1 * len(chart.marks)
        numbers = [
            float(part[1:])
            for line in chart.lines
            for part in line.replace("H", " H").replace("V", " V").split()
            if part[0] == "V"
        ]
        assert all(0 <= number <= HEIGHT for number in numbers)
