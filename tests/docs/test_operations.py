"""docs/operations.md lists the processes, commands and series that there are."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from backends import metrics
from jstore_site.embedded import children, servers
from tests.docs.pages import ROOT, rows, section

PAGE = "docs/operations.md"


def first_cells(heading: str) -> list[str]:
    """Words in code marks of the first column under a heading."""
    return [word for cells in rows(section(PAGE, heading)) for word in re.findall(r"`([^`]+)`", cells[0])]


def test_every_process_is_listed_and_what_its_death_means() -> None:
    there = {*children.commands(8000, {"KAFKA_BOOTSTRAP_SERVERS": "any"}), *servers.VARIABLES, "supervisor"}
    assert set(first_cells("Processes")) == there
    assert set(first_cells("What happens when one is killed")) == there


def test_every_series_is_listed() -> None:
    kinds = {"counter": "_total", "gauge": "", "histogram": ""}
    there = {
        f"{one._name}{kinds[str(one._type)]}": one._type for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)
    }
    told = {cells[0].strip("`"): cells[1].split(",")[0] for cells in rows(section(PAGE, "Health and metrics"))}
    assert told == there


def test_the_labels_of_every_series_are_listed() -> None:
    labels = {one._name: one._labelnames for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}
    for cells in rows(section(PAGE, "Health and metrics")):
        name = cells[0].strip("`").removesuffix("_total")
        assert tuple(re.findall(r"`(\w+)`", cells[1])) == tuple(labels[name])


def test_every_command_is_listed_with_its_options() -> None:
    files = [path for path in ROOT.glob("*/management/commands/*.py") if path.stem != "__init__"]
    told = {text.split()[1]: text for text in first_cells("Commands")}
    assert set(told) == {path.stem for path in files}
    for path in files:
        assert options(path) <= set(re.findall(r"--[a-z-]+", told[path.stem])), path.stem


def options(path: Path) -> set[str]:
    """Options that a command adds."""
    return set(re.findall(r'add_argument\(\s*"(--[a-z-]+)"', path.read_text("utf-8")))
