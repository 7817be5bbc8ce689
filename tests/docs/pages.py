"""The documentation as its tests see it: pages, their headings, their fenced blocks, their links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *("README.md", "README.pt-BR.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("docs/api.md", "docs/architecture.md", "docs/benchmarks.md", "docs/configuration.md", "docs/operations.md"),
    *("docs/semantics.md", "docs/sql.md"),
    *("demo/README.md", "sdk/python/README.md"),
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_ROW = re.compile(r"^\| (?!---)(.*) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of the page where it begins."""

    language: str
    text: str
    line: int


def read(page: str) -> str:
    """A page of the repository as text."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = read(page)
    return [Block(found[1], found[2], text[: found.start()].count("\n") + 1) for found in _FENCE.finditer(text)]


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", read(page))


def headings(page: str) -> list[tuple[int, str]]:
    """(level, words) of the headings of a page."""
    return [(len(marks), words.strip()) for marks, words in re.findall(r"^(#{1,6}) (.*)$", prose(page), re.MULTILINE)]


def links(page: str) -> list[str]:
    """Targets of the links of a page."""
    return _LINK.findall(prose(page))


def anchors(page: str) -> set[str]:
    """The fragments that a page's headings and explicit anchors make, as GitHub makes them."""
    made = {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(page)}
    return made | set(re.findall(r'<a id="([^"]+)"></a>', read(page)))


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    text = read(page)
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page} has no heading {heading!r}"
    rest = text[found.end() :]
    after = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: after.start()] if after else rest


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, heads left out: the cells, stripped."""
    found = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in _ROW.findall(text)]
    heads = {tuple(c.strip() for c in h.split("|")) for h in re.findall(r"^\| (.*) \|\n\|---", text, re.MULTILINE)}
    return [cells for cells in found if tuple(cells) not in heads]
