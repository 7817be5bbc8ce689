"""docs/architecture.md speaks of what there is: files, layers, tables, keys, sizes, windows."""

from __future__ import annotations

import re
import tomllib

from backends.online import grants, keys, published
from core import record
from core.sql import tallies
from core.sql.aggregate_calls import MOST_FREQUENT
from core.sql.functions.described import MERGES, TALLIED
from core.windows import Window
from jstore_site.conf.environment import BASE_DIR
from tests.docs.pages import prose, read, rows, section

PAGE = "docs/architecture.md"
PLACE = re.compile(r"`((?:core|backends|features|processing|serving|monitoring|jstore_site|tests|deploy|sdk|demo)/[\w./]+)`")


def test_every_file_that_is_named_is_there() -> None:
    for page in (PAGE, "docs/operations.md", "docs/api.md", "README.md", "CONTRIBUTING.md"):
        assert not [place for place in PLACE.findall(prose(page)) if not (BASE_DIR / place).exists()], page


def test_the_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    drawn = re.findall(r"^ *(\w+(?: \| \w+)?) {2,}", section(PAGE, "The house"), re.MULTILINE)
    assert drawn == layers


def test_every_table_of_the_log_is_explained_with_its_key() -> None:
    texts = [path.read_text("utf-8") for path in (BASE_DIR / "processing" / "migrations").glob("000[13]_*.py")]
    made = re.findall(r"CREATE TABLE (\w+) \((.*?)\);\n", "\n".join(texts), re.DOTALL)
    there = {}
    for table, body in made:
        together, alone = re.search(r"PRIMARY KEY \(([^)]*)\)", body), re.search(r"(\w+) \w+ PRIMARY KEY", body)
        there[table] = together[1] if together else alone[1] if alone else ""
    assert {cells[0].strip("`"): cells[2].strip("`") for cells in rows(section(PAGE, "The log's tables"))} == there


def test_the_keys_of_redis_are_spelled_as_they_are() -> None:
    text = section(PAGE, "Formats").replace("{project.bucket}", "{p.3}").replace("{project}", "{p}")
    for key in (
        keys.record_key("p", 3, "code", "entity"),
        keys.tiles_key("p", 3, "code", "entity"),
        keys.due_key("p", 3, "code"),
        keys.cursor_key("p", 3, "code"),
        published.stamp_key("p"),
        *(published._key("p", kind) for kind in ("specs", "revisions", "dropped")),
        *(grants._GRANTS, grants._REVOKED, grants._USED),
    ):
        assert f"`{key}`" in text, key


def test_the_sizes_are_those_of_the_formats() -> None:
    cells = {row[0]: row[1] for row in rows(section(PAGE, "Formats"))}
    assert record._CURSOR.size == sum(int(size) for size in re.findall(r" (\d+)(?=;|$)", cells["cursor"]))
    assert record._HEAD.size == record.STATE_BYTES == 16
    assert record._TILE.size == 1 + 8
    assert record.Cursor(1, 2, 3, 0, 4, 5).fence == record.Cursor(1, 2, 3, 0, 4, 5).pack()[: 4 + 8]


def test_the_hops_are_those_of_the_windows() -> None:
    table = re.findall(r"\| window \|(.*)\|\n\|[-|]+\|\n\| hop h \|(.*)\|", read(PAGE))
    sizes, hops = ([cell.strip() for cell in line.split("|")] for line in table[0])
    units = {"min": 60, "h": 3600, "day": 86_400}
    for size, hop in zip(sizes, hops, strict=True):
        number, unit = hop.split()
        assert (
            Window.parse(size.removeprefix("up to ") if size != "longer" else "31d").hop == int(number) * units[unit] * 1_000_000
        )


def test_the_aggregates_of_tiles_are_those_that_merge() -> None:
    (cells,) = (cells for cells in rows(section(PAGE, "Three paths")) if cells[0] == "`tiles`")
    told = set(re.findall(r"[A-Z]+(?:_[A-Z]+)*", cells[1].partition(",")[0]))
    merging = {one.name for one in MERGES}
    assert told <= merging
    assert {"SUM", "COUNT", "AVG", "MIN", "MAX", "STDDEV", "VARIANCE", "CORR", "SKEWNESS"} <= told
    tallied = set(re.findall(r"[A-Z]+(?:_[A-Z]+)*", cells[1].partition("of tallies (COUNT(DISTINCT), ")[2].partition(" and")[0]))
    assert tallied == {"MEDIAN", "PERCENTILE", "MODE", "APPROX_TOP_K", "COLLECT_SET"}
    assert tallied <= {one.name for one in TALLIED}


def test_the_bounds_of_tallies_are_those_that_hold() -> None:
    text = section(PAGE, "Windows")
    assert f"at most {tallies.MOST:,} values and {tallies.MOST_TEXT:,} characters" in text
    assert f"at most {MOST_FREQUENT}," in read("docs/api.md")
