"""The example of docs/semantics.md, typed in as it stands there, and its table of windows against the rule itself."""

from __future__ import annotations

import re

from core.windows import DAY, HOUR, MINUTE, Window
from tests.docs.pages import ROOT, rows, section
from tests.docs.test_tour import Tour, steps
from tests.servers.stack import Stack

PAGE = "docs/semantics.md"


def test_the_example_answers_what_the_page_shows(stack: Stack) -> None:
    ((block, answer),) = steps(PAGE)
    tour = Tour(stack, ("window_lesson", "ana"))
    assert answer is not None
    assert tour.run(block).split() == answer.text.split()
    tour.python["client"].close()


def test_the_table_of_windows_is_the_rule() -> None:
    brackets = [cells for cells in rows(section(PAGE, "Windows")) if "%" in cells[3]]
    assert len(brackets) == 6
    for most, hop, tiles, over in brackets:
        label = re.findall(r"\d+[mhd]", most)[0]
        window = Window.parse(label)
        count, unit = hop.split()
        assert window.hop == int(count) * {"min": MINUTE, "h": HOUR, "d": DAY}[unit]
        assert -(-window.size // window.hop) == int(tiles)
        shown = float(over.split("%")[0])
        smallest = Window.parse("31d") if window.size > 30 * DAY else window
        assert abs(100 * smallest.hop / smallest.size - shown) < 0.06


def test_the_picture_is_there() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / PAGE).read_text("utf-8"))
    assert (ROOT / "docs" / picture).read_text("utf-8").startswith("<svg")
