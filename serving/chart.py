"""Small history charts, drawn on the server: a path in a box that the page stretches, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT, PAD = 600.0, 96.0, 6.0


@dataclass(frozen=True)
class Mark:
    """One point: the strip of the box that answers to the pointer, and what it says."""

    x: str
    width: str
    time_us: int
    value: float


@dataclass(frozen=True)
class Chart:
    """One feature over time. `lines` are SVG paths (a NULL breaks the line); `low`, `high`, `last` are values."""

    name: str
    lines: list[str]
    areas: list[str]
    dots: list[tuple[str, str]]
    marks: list[Mark]
    low: float
    high: float
    last: float


def charts(names: Sequence[str], rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Chart]:
    """Charts of the features that are numbers. `rows` are (event time in µs, values by name), ascending."""
    found = []
    for name in names:
        points = [(time, number(values.get(name))) for time, values in rows]
        if any(value is not None for _time, value in points):
            found.append(chart(name, points))
    return found


def number(value: object) -> float | None:
    """A value as a point of a chart: numbers, and DECIMALs, which answers carry as text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value) if value[:1] in "-0123456789" else None
        except ValueError:
            return None
    return None


def chart(name: str, points: Sequence[tuple[int, float | None]]) -> Chart:
    """One chart; at least one point has a value. A value holds until the next one, so the line goes in steps."""
    values = [value for _time, value in points if value is not None]
    low, high = min(values), max(values)
    first, last = points[0][0], points[-1][0]
    span, height = max(last - first, 1), (high - low) or 1.0

    def x(time: int) -> float:
        return (time - first) / span * WIDTH if last > first else WIDTH / 2

    def y(value: float) -> float:
        return HEIGHT / 2 if high == low else HEIGHT - PAD - (value - low) / height * (HEIGHT - 2 * PAD)

    runs = unbroken(points)
    places = [[(x(time), y(value)) for time, value in run] for run in runs]
    known = [(time, value) for time, value in points if value is not None]
    return Chart(
        name=name,
        lines=[steps(run) for run in places if len(run) > 1],
        areas=[f"{steps(run)}V{HEIGHT:g}H{run[0][0]:.1f}Z" for run in places if len(run) > 1],
        dots=[(f"{px:.1f}", f"{py:.1f}") for run in places for px, py in run] if len(known) <= 1 else [],
        marks=marks(known, x),
        low=low,
        high=high,
        last=values[-1],
    )


def unbroken(points: Sequence[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """The points in runs without a NULL."""
    runs: list[list[tuple[int, float]]] = [[]]
    for time, value in points:
        if value is not None:
            runs[-1].append((time, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def steps(run: Sequence[tuple[float, float]]) -> str:
    """A path through the points: across at the old value, then up or down to the new one."""
    start, *rest = run
    return f"M{start[0]:.1f} {start[1]:.1f}" + "".join(f"H{px:.1f}V{py:.1f}" for px, py in rest)


def marks(known: Sequence[tuple[int, float]], x: Any) -> list[Mark]:
    """A strip for each point, from halfway to the one before to halfway to the one after."""
    places = [x(time) for time, _value in known]
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(places)), WIDTH]
    return [
        Mark(f"{a:.1f}", f"{b - a:.1f}", time, value) for (time, value), a, b in zip(known, edges[:-1], edges[1:], strict=True)
    ]
